package connector_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// expectation computes the expected file from an organization. It is a second implementation of the access model, based
// on the organization instead of the API. Of the overlays (openaitest.Fields) in which tests change single fields, it
// knows only the ban of a user.
type expectation struct {
	organization openaitest.Organization
	users        map[string]openaitest.User
	accounts     map[string]bool
	groups       map[string]bool

	resources    []resourceRow
	entitlements []entitlementRow
	direct       map[grantKey]grantRow
}

type grantKey struct{ entitlement, principal string }

func expected(organization openaitest.Organization) file {
	e := &expectation{
		organization: organization,
		users:        map[string]openaitest.User{},
		accounts:     map[string]bool{},
		groups:       map[string]bool{},
		direct:       map[grantKey]grantRow{},
	}
	for _, user := range organization.Users {
		e.users[user.ID] = user
	}
	for _, group := range organization.Groups {
		e.groups[group.ID] = true
	}
	for _, project := range organization.Projects {
		for _, account := range project.ServiceAccounts {
			e.accounts[account.ID] = project.Status != "archived"
		}
	}

	e.theOrganization()
	for _, user := range organization.Users {
		e.user(user)
	}
	for _, invite := range organization.Invites {
		e.invitation(invite)
	}
	for _, group := range organization.Groups {
		e.group(group)
	}
	for _, project := range organization.Projects {
		if project.Status != "archived" {
			e.project(project)
		}
	}
	for _, key := range organization.AdminKeys {
		detail := detailOfAdminKeys
		if strings.HasPrefix(key.RedactedValue, "sk-None") {
			detail = detailOfUserKeys
		}
		e.key(apiKey{
			id: key.ID, name: key.Name, redacted: key.RedactedValue, parent: "organization:organization", detail: detail,
			created: key.CreatedAt, used: key.LastUsedAt, expires: key.ExpiresAt, ownerType: key.OwnerType, ownerID: key.OwnerID,
		})
	}
	return file{Resources: lines(e.resources), Entitlements: lines(e.entitlements), Grants: lines(e.expanded())}
}

// nonHumanAccount is the type of a service account in ConductorOne.
const nonHumanAccount = "NHI_TYPE_APP_REGISTRATION openai.service_account"

func seconds(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(at, 0).UTC().Format(time.RFC3339)
}

// known removes empty values, as a profile does.
func known(values map[string]any) map[string]any {
	maps.DeleteFunc(values, func(_ string, value any) bool { return value == "" })
	return values
}

func (e *expectation) resource(row resourceRow) {
	if whole := row.Name; shortened(whole, 1_024) != whole {
		row.Name, row.Profile["name"] = shortened(whole, 1_024), whole
	}
	row.Description = shortened(row.Description, 2_048)
	e.resources = append(e.resources, row)
}

func (e *expectation) entitlement(row entitlementRow) {
	for _, end := range []string{" member", " role", ""} {
		if name, ok := strings.CutSuffix(row.Name, end); ok {
			row.Name = shortened(name, 1_024-len(end)) + end
			break
		}
	}
	e.entitlements = append(e.entitlements, row)
}

func (e *expectation) grant(entitlement, principal string) {
	row := grantRow{Entitlement: entitlement, Principal: principal, Direct: true}
	if strings.HasPrefix(principal, "group:") {
		row.Expands = []string{principal + ":member"}
	}
	e.direct[grantKey{entitlement, principal}] = row
}

// expanded follows grants to groups and to the owner role to the principals that they give access to.
func (e *expectation) expanded() []grantRow {
	byEntitlement := map[string][]grantRow{}
	for _, grant := range e.direct {
		byEntitlement[grant.Entitlement] = append(byEntitlement[grant.Entitlement], grant)
	}
	var principals func(entitlement string) map[string]map[string]bool
	principals = func(entitlement string) map[string]map[string]bool {
		held := map[string]map[string]bool{}
		for _, grant := range byEntitlement[entitlement] {
			if held[grant.Principal] == nil {
				held[grant.Principal] = map[string]bool{}
			}
			for _, through := range grant.Expands {
				for principal := range principals(through) {
					if held[principal] == nil {
						held[principal] = map[string]bool{}
					}
					held[principal][through] = true
				}
			}
		}
		return held
	}
	var grants []grantRow
	for entitlement := range byEntitlement {
		for principal, via := range principals(entitlement) {
			grant, direct := e.direct[grantKey{entitlement, principal}]
			if !direct {
				grant = grantRow{Entitlement: entitlement, Principal: principal, Immutable: true}
			}
			grant.Via = slices.Sorted(maps.Keys(via))
			grants = append(grants, grant)
		}
	}
	return grants
}

func (e *expectation) theOrganization() {
	o := e.organization
	const parent = "organization:organization"
	e.resource(resourceRow{ID: parent, Name: "OpenAI", RawID: o.ID, Profile: map[string]any{"organization_id": o.ID}})
	e.entitlement(entitlementRow{
		ID: parent + ":member", Name: "Organization member", Slug: "member",
		Purpose: "PURPOSE_VALUE_ASSIGNMENT", GrantableTo: []string{"user"},
	})
	for i, predefined := range []struct{ id, name, description string }{
		{"reader", "Reader", "Can make standard API requests and read basic organizational data"}, {"owner", "Owner", "Can modify billing information and manage organization members"},
	} {
		e.role("organization_role:"+predefined.id, o.RoleID(predefined.id), parent, predefined.name, predefined.description, nil, true)
		e.entitlement(entitlementRow{
			ID: "organization_role:" + predefined.id + ":assigned", Name: predefined.name + " role", Slug: "assigned",
			Purpose: "PURPOSE_VALUE_ASSIGNMENT", GrantableTo: []string{"user", "group"}, Exclusion: "organization-role", Order: uint32(i) + 1,
		})
	}
	for _, role := range o.Roles {
		e.role("organization_role:"+role.ID, role.ID, parent, role.Name, role.Description, role.Permissions, false)
		e.entitlement(entitlementRow{
			ID: "organization_role:" + role.ID + ":assigned", Name: written(role.Name, role.ID) + " role", Slug: "assigned",
			Purpose: "PURPOSE_VALUE_ASSIGNMENT", GrantableTo: []string{"user", "group"},
		})
	}
}

func (e *expectation) role(id, rawID, parent, name, description string, permissions []string, predefined bool) {
	list := make([]any, 0, len(permissions))
	for _, permission := range permissions {
		list = append(list, permission)
	}
	e.resource(resourceRow{ID: id, Parent: parent, Name: written(name, rawID), Description: written(description), RawID: rawID, Trait: "role", Profile: known(map[string]any{
		"role_id": rawID, "predefined": predefined, "permissions": list, "description": description,
	})})
}

func (e *expectation) user(user openaitest.User) {
	account := accountRow{Type: "ACCOUNT_TYPE_HUMAN", Email: written(user.Email), Login: written(user.Email)}
	if user.IsServiceAccount {
		account.Type, account.NonHuman = "ACCOUNT_TYPE_SERVICE", nonHumanAccount
	}
	status := "RESOURCE_STATUS_ENABLED/"
	if user.JSON["user.banned"] == true {
		status = "RESOURCE_STATUS_DISABLED/banned"
	}
	e.resource(resourceRow{
		ID: "user:" + user.ID, Parent: "organization:organization", RawID: user.ID, Name: written(user.Name, user.Email, user.ID),
		Status: status, CreatedAt: seconds(user.AddedAt),
		Account: &account,
		Profile: known(map[string]any{
			"email": user.Email, "organization_role": user.Role, "is_scim_managed": user.IsSCIMManaged,
			"added_at": seconds(user.AddedAt), "api_key_last_used_at": seconds(user.APIKeyLastUsedAt),
		}),
	})
	e.grant("organization:organization:member", "user:"+user.ID)
	e.grant("organization_role:"+user.Role+":assigned", "user:"+user.ID)
	for _, role := range user.RoleIDs {
		e.grant("organization_role:"+role+":assigned", "user:"+user.ID)
	}
}

func (e *expectation) invitation(invite openaitest.Invite) {
	status, ok := map[string]string{"pending": "RESOURCE_STATUS_PENDING/pending", "expired": "RESOURCE_STATUS_DISABLED/expired"}[invite.Status]
	if !ok {
		return
	}
	projects := []any{}
	for _, project := range invite.Projects {
		projects = append(projects, project.ID+":"+project.Role)
	}
	e.resource(resourceRow{
		ID: "invitation:" + invite.ID, Parent: "organization:organization", RawID: invite.ID, Name: written(invite.Email, invite.ID),
		Status: status, CreatedAt: seconds(invite.CreatedAt),
		Account: &accountRow{Type: "ACCOUNT_TYPE_HUMAN", Email: written(invite.Email), Login: written(invite.Email)},
		Profile: known(map[string]any{"role": invite.Role, "status": invite.Status, "expires_at": seconds(invite.ExpiresAt), "projects": projects}),
	})
}

// principal is the principal with the member's id, "" if the file has none.
func (e *expectation) principal(id string) string {
	_, isUser := e.users[id]
	switch {
	case isUser:
		return "user:" + id
	case e.accounts[id]:
		return "service_account:" + id
	default:
		return ""
	}
}

func (e *expectation) group(group openaitest.Group) {
	e.resource(resourceRow{
		ID: "group:" + group.ID, Parent: "organization:organization", RawID: group.ID, Name: written(group.Name, group.ID), Trait: "group",
		CreatedAt: seconds(group.CreatedAt),
		Profile:   known(map[string]any{"is_scim_managed": group.IsSCIMManaged, "group_type": group.GroupType}),
	})
	e.entitlement(entitlementRow{
		ID: "group:" + group.ID + ":member", Name: written(group.Name, group.ID) + " member", Slug: "member",
		Purpose: "PURPOSE_VALUE_ASSIGNMENT", GrantableTo: []string{"user", "service_account"}, Immutable: group.IsSCIMManaged,
	})
	for _, member := range group.MemberIDs {
		if principal := e.principal(member); principal != "" {
			e.grant("group:"+group.ID+":member", principal)
		}
	}
	for _, role := range group.RoleIDs {
		e.grant("organization_role:"+role+":assigned", "group:"+group.ID)
	}
}

func (e *expectation) project(project openaitest.Project) {
	id := "project:" + project.ID
	e.resource(resourceRow{
		ID: id, Parent: "organization:organization", RawID: project.ID, Name: written(project.Name, project.ID), CreatedAt: seconds(project.CreatedAt),
		Profile: known(map[string]any{
			"status": project.Status, "created_at": seconds(project.CreatedAt), "external_key_id": project.ExternalKeyID, "residency": project.Residency,
		}),
	})
	for i, slug := range []string{"viewer", "member", "owner"} {
		e.entitlement(entitlementRow{
			ID: id + ":" + slug, Name: "Project " + slug, Slug: slug, Purpose: "PURPOSE_VALUE_PERMISSION",
			GrantableTo: []string{"user", "group", "service_account"}, Exclusion: "project-role-" + project.ID, Order: uint32(i) + 1,
		})
	}
	for _, role := range project.Roles {
		e.role("project_role:"+project.ID+"/"+role.ID, role.ID, id, role.Name, role.Description, role.Permissions, false)
		e.entitlement(entitlementRow{
			ID: "project_role:" + project.ID + "/" + role.ID + ":assigned", Name: written(role.Name, role.ID), Slug: "assigned",
			Purpose: "PURPOSE_VALUE_ASSIGNMENT", GrantableTo: []string{"user", "group"},
		})
	}

	owners := grantRow{Entitlement: id + ":owner", Principal: "organization_role:owner", Direct: true, Immutable: true, Expands: []string{"organization_role:owner:assigned"}}
	e.direct[grantKey{owners.Entitlement, owners.Principal}] = owners
	for _, user := range project.Users {
		if principal := e.principal(user.UserID); principal != "" {
			if user.Role != "owner" || e.users[user.UserID].Role != "owner" {
				e.grant(id+":"+user.Role, principal)
			}
			e.projectRoles(project, principal, user.RoleIDs)
		}
	}
	for _, group := range project.Groups {
		if e.groups[group.GroupID] {
			e.projectRoles(project, "group:"+group.GroupID, group.RoleIDs)
		}
	}
	for _, account := range project.ServiceAccounts {
		e.serviceAccount(project, account)
	}
	for _, key := range project.APIKeys {
		e.key(apiKey{
			id: key.ID, name: key.Name, redacted: key.RedactedValue, parent: id, detail: "openai_project_api_key", projectID: project.ID,
			access: key.OwnerProjectAccess, created: key.CreatedAt, used: key.LastUsedAt, expires: key.ExpiresAt, ownerType: key.OwnerType, ownerID: key.OwnerID,
		})
	}
}

func (e *expectation) projectRoles(project openaitest.Project, principal string, roles []string) {
	for _, role := range roles {
		switch role {
		case "owner", "member", "viewer":
			e.grant("project:"+project.ID+":"+role, principal)
		default:
			e.grant("project_role:"+project.ID+"/"+role+":assigned", principal)
		}
	}
}

func (e *expectation) serviceAccount(project openaitest.Project, account openaitest.ServiceAccount) {
	principal := "service_account:" + account.ID
	e.resource(resourceRow{
		ID: principal, Parent: "project:" + project.ID, RawID: account.ID, Name: written(account.Name, account.ID),
		Status: "RESOURCE_STATUS_ENABLED/", CreatedAt: seconds(account.CreatedAt),
		Account: &accountRow{Type: "ACCOUNT_TYPE_SERVICE", NonHuman: nonHumanAccount},
		Profile: known(map[string]any{"project_id": project.ID, "role": account.Role}),
	})
	if account.Role != "none" {
		e.grant("project:"+project.ID+":"+account.Role, principal)
	}
	e.projectRoles(project, principal, account.RoleIDs)
}
