//go:build conformance

package openaitest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// TestOfficialClient reads whole organizations with OpenAI's own client, in small pages, and rebuilds them from the
// answers alone.
func TestOfficialClient(t *testing.T) {
	t.Parallel()
	organizations := map[string]openaitest.Organization{
		"seeded": openaitest.Seeded(7, openaitest.Size{Users: 45, Groups: 9, Projects: 9, GroupsPerProject: 4, Invites: 8}),
		"sample": openaitest.Sample(),
	}
	for name, organization := range organizations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: organization}
			client := newOfficialClient(t, standIn)
			found := readOrganization(t, client)
			readControls(t, client, &found)
			assert.Equal(t, visible(standIn.Snapshot()), visible(found))
			assert.Empty(t, standIn.Unknown())
		})
	}
}

// TestOfficialClientSeesRefusals checks that the client reads the stand-in's refusals as it reads the API's.
func TestOfficialClientSeesRefusals(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Keys: map[string]openaitest.Key{testKey: {}}}
	client := newOfficialClient(t, standIn)
	_, err := client.Admin.Organization.Projects.Get(t.Context(), "proj_none")
	var refusal *openai.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, http.StatusNotFound, refusal.StatusCode)
	assert.Equal(t, "project_not_found", refusal.Code)
}

func newOfficialClient(t *testing.T, handler http.Handler) *openai.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := openai.NewClient(
		option.WithBaseURL(server.URL+"/v1"),
		option.WithAdminAPIKey(testKey),
		option.WithHTTPClient(server.Client()),
		option.WithMaxRetries(0),
	)
	return &client
}

// visible removes what a client cannot see, such as the difference between an empty list and a missing one.
func visible(o openaitest.Organization) openaitest.Organization {
	o.ID = ""
	for i := range o.Users {
		o.Users[i].JSON = nil
	}
	for i := range o.Roles {
		o.Roles[i].CreatedAt = 0
	}
	for i := range o.Projects {
		project := &o.Projects[i]
		project.Residency = "" // the client does not know the field
		for k := range project.Roles {
			project.Roles[k].CreatedAt = 0
		}
	}
	emptyToNil(&o)
	return o
}

type pager[T any] interface {
	Next() bool
	Current() T
	Err() error
}

// all reads a list to its end.
func all[T, R any](t *testing.T, list pager[T], row func(T) R) []R {
	t.Helper()
	var rows []R
	for list.Next() {
		rows = append(rows, row(list.Current()))
	}
	require.NoError(t, list.Err())
	return rows
}

// smallPage gives every list of the test more than one page.
var smallPage = openai.Int(3)

func readOrganization(t *testing.T, client *openai.Client) openaitest.Organization {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	o := openaitest.Organization{}
	o.Users = all(t, api.Users.ListAutoPaging(ctx, openai.AdminOrganizationUserListParams{Limit: smallPage}), readUser)
	o.Invites = all(t, api.Invites.ListAutoPaging(ctx, openai.AdminOrganizationInviteListParams{Limit: smallPage}), readInvite)
	o.Groups = all(t, api.Groups.ListAutoPaging(ctx, openai.AdminOrganizationGroupListParams{Limit: smallPage}), readGroup)
	o.AdminKeys = all(t, api.AdminAPIKeys.ListAutoPaging(ctx, openai.AdminOrganizationAdminAPIKeyListParams{Limit: smallPage}), readAdminKey)

	roles := all(t, api.Roles.ListAutoPaging(ctx, openai.AdminOrganizationRoleListParams{Limit: smallPage}), itself)
	known := newRoleNames(roles)
	o.Roles = customRoles(roles)

	for i := range o.Users {
		user := &o.Users[i]
		assigned := all(t, api.Users.Roles.ListAutoPaging(ctx, user.ID, openai.AdminOrganizationUserRoleListParams{Limit: smallPage}),
			func(r openai.AdminOrganizationUserRoleListResponse) assigned { return readAssigned(t, r.RawJSON()) })
		user.RoleIDs = known.held(assigned, user.ID, user.Role)
	}
	for i := range o.Groups {
		group := &o.Groups[i]
		group.MemberIDs = all(t,
			api.Groups.Users.ListAutoPaging(ctx, group.ID, openai.AdminOrganizationGroupUserListParams{
				Limit: smallPage, Order: openai.AdminOrganizationGroupUserListParamsOrderAsc,
			}),
			func(u openai.OrganizationGroupUser) string { return u.ID })
		assigned := all(t, api.Groups.Roles.ListAutoPaging(ctx, group.ID, openai.AdminOrganizationGroupRoleListParams{Limit: smallPage}),
			func(r openai.AdminOrganizationGroupRoleListResponse) assigned { return readAssigned(t, r.RawJSON()) })
		group.RoleIDs = known.held(assigned, group.ID, "")
	}

	o.Projects = all(t,
		api.Projects.ListAutoPaging(ctx, openai.AdminOrganizationProjectListParams{Limit: smallPage, IncludeArchived: openai.Bool(true)}), readProject)
	for i := range o.Projects {
		if o.Projects[i].Status == "active" {
			readActiveProject(t, client, &o.Projects[i])
		}
	}
	return o
}

func readActiveProject(t *testing.T, client *openai.Client, p *openaitest.Project) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization.Projects
	p.Users = all(t, api.Users.ListAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectUserListParams{Limit: smallPage}),
		func(u openai.ProjectUser) openaitest.ProjectUser {
			return openaitest.ProjectUser{UserID: u.ID, Role: u.Role, AddedAt: u.AddedAt}
		})
	p.Groups = all(t, api.Groups.ListAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectGroupListParams{Limit: smallPage}),
		func(g openai.ProjectGroup) openaitest.ProjectGroup {
			return openaitest.ProjectGroup{GroupID: g.GroupID, CreatedAt: g.CreatedAt}
		})
	p.ServiceAccounts = all(t, api.ServiceAccounts.ListAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectServiceAccountListParams{Limit: smallPage}),
		func(a openai.ProjectServiceAccount) openaitest.ServiceAccount {
			return openaitest.ServiceAccount{ID: a.ID, Name: a.Name, Role: string(a.Role), CreatedAt: a.CreatedAt}
		})
	p.APIKeys = all(t,
		api.APIKeys.ListAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectAPIKeyListParams{
			Limit: smallPage, OwnerProjectAccess: openai.AdminOrganizationProjectAPIKeyListParamsOwnerProjectAccessAny,
		}), func(k openai.ProjectAPIKey) openaitest.ProjectAPIKey { return readProjectKey(t, k) })

	roles := all(t, api.Roles.ListAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectRoleListParams{Limit: smallPage}), itself)
	known := newRoleNames(roles)
	p.Roles = customRoles(roles)

	ofUser := func(id, role string) []string {
		return known.held(all(t, api.Users.Roles.ListAutoPaging(ctx, p.ID, id, openai.AdminOrganizationProjectUserRoleListParams{Limit: smallPage}),
			func(r openai.AdminOrganizationProjectUserRoleListResponse) assigned {
				return readAssigned(t, r.RawJSON())
			}), id, role)
	}
	for i := range p.Users {
		p.Users[i].RoleIDs = ofUser(p.Users[i].UserID, p.Users[i].Role)
	}
	for i := range p.ServiceAccounts {
		p.ServiceAccounts[i].RoleIDs = ofUser(p.ServiceAccounts[i].ID, p.ServiceAccounts[i].Role)
	}
	for i := range p.Groups {
		group := &p.Groups[i]
		group.RoleIDs = known.held(all(t,
			api.Groups.Roles.ListAutoPaging(ctx, p.ID, group.GroupID, openai.AdminOrganizationProjectGroupRoleListParams{Limit: smallPage}),
			func(r openai.AdminOrganizationProjectGroupRoleListResponse) assigned {
				return readAssigned(t, r.RawJSON())
			}), group.GroupID, "")
	}
}

func itself[T any](row T) T { return row }

func readUser(u openai.OrganizationUser) openaitest.User {
	return openaitest.User{
		ID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, AddedAt: u.AddedAt,
		IsServiceAccount: u.IsServiceAccount, IsSCIMManaged: u.IsScimManaged, APIKeyLastUsedAt: u.APIKeyLastUsedAt,
	}
}

func readInvite(i openai.Invite) openaitest.Invite {
	invite := openaitest.Invite{
		ID: i.ID, Email: i.Email, Role: string(i.Role), Status: string(i.Status),
		CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, AcceptedAt: i.AcceptedAt,
	}
	for _, p := range i.Projects {
		invite.Projects = append(invite.Projects, openaitest.InviteProject{ID: p.ID, Role: p.Role})
	}
	return invite
}

func readGroup(g openai.Group) openaitest.Group {
	return openaitest.Group{ID: g.ID, Name: g.Name, GroupType: string(g.GroupType), CreatedAt: g.CreatedAt, IsSCIMManaged: g.IsScimManaged}
}

func readProject(p openai.Project) openaitest.Project {
	return openaitest.Project{
		ID: p.ID, Name: p.Name, Status: p.Status, CreatedAt: p.CreatedAt, ArchivedAt: p.ArchivedAt, ExternalKeyID: p.ExternalKeyID,
	}
}

func readProjectKey(t *testing.T, k openai.ProjectAPIKey) openaitest.ProjectAPIKey {
	t.Helper()
	key := openaitest.ProjectAPIKey{
		ID: k.ID, Name: k.Name, RedactedValue: k.RedactedValue, CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsedAt,
		OwnerProjectAccess: string(k.OwnerProjectAccess), OwnerType: k.Owner.Type, OwnerID: k.Owner.User.ID + k.Owner.ServiceAccount.ID,
	}
	if raw := k.JSON.ExtraFields["expires_at"].Raw(); raw != "" {
		require.NoError(t, json.Unmarshal([]byte(raw), &key.ExpiresAt))
	}
	return key
}

func readAdminKey(k openai.AdminAPIKey) openaitest.AdminAPIKey {
	return openaitest.AdminAPIKey{
		ID: k.ID, Name: k.Name, RedactedValue: k.RedactedValue, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt,
		OwnerType: k.Owner.Type, OwnerID: k.Owner.ID,
	}
}

func customRoles(roles []openai.Role) []openaitest.Role {
	var custom []openaitest.Role
	for _, r := range roles {
		if !r.PredefinedRole {
			custom = append(custom, openaitest.Role{ID: r.ID, Name: r.Name, Description: r.Description, Permissions: r.Permissions})
		}
	}
	return custom
}

// assigned is a row of any of the four assignment lists.
type assigned struct {
	ID      string `json:"id"`
	Sources []struct {
		ID string `json:"principal_id"`
	} `json:"assignment_sources"`
}

func readAssigned(t *testing.T, raw string) assigned {
	t.Helper()
	var row assigned
	require.NoError(t, json.Unmarshal([]byte(raw), &row))
	return row
}

// roleNames are the names of the predefined roles by id.
type roleNames map[string]string

func newRoleNames(roles []openai.Role) roleNames {
	names := roleNames{}
	for _, r := range roles {
		if r.PredefinedRole {
			names[r.ID] = r.Name
		}
	}
	return names
}

// held are the roles that the principal holds directly, without the one that its own row names.
func (n roleNames) held(rows []assigned, principal, named string) []string {
	var ids []string
	for _, row := range rows {
		direct := len(row.Sources) == 0
		for _, source := range row.Sources {
			direct = direct || source.ID == principal
		}
		id := row.ID
		if name, predefined := n[id]; predefined {
			id = name
		}
		if direct && id != named {
			ids = append(ids, id)
		}
	}
	return slices.Clip(ids)
}
