package connector_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// These tests pin identities in ConductorOne: types, slugs, entitlements, resource ids, parents and profile keys. Under
// another name, ConductorOne would delete everything under the old one, with its access reviews and grants.

// The ids, names, traits and annotations of the ten resource types.
func TestResourceTypesArePinned(t *testing.T) {
	t.Parallel()
	client := serve(t.Context(), t, newConnector(t.Context(), t, &openaitest.Server{}, newMapSessionStore()))
	listed, err := client.ListResourceTypes(t.Context(), &v2.ResourceTypesServiceListResourceTypesRequest{})
	require.NoError(t, err)
	got := map[string]string{}
	for _, resourceType := range listed.GetList() {
		parts := []string{resourceType.GetDisplayName()}
		for _, trait := range resourceType.GetTraits() {
			parts = append(parts, trait.String())
		}
		for _, annotation := range resourceType.GetAnnotations() {
			if name := string(annotation.MessageName().Name()); name != "CapabilityPermissions" {
				parts = append(parts, name)
			}
		}
		got[resourceType.GetId()] = strings.Join(parts, ", ")
	}
	require.Equal(t, map[string]string{
		"organization":      "Organization",
		"user":              "User, TRAIT_USER, SkipEntitlements",
		"invitation":        "Invitation, TRAIT_USER, SkipEntitlementsAndGrants, SkipSyncAnomalyDetection",
		"organization_role": "Organization role, TRAIT_ROLE",
		"group":             "Group, TRAIT_GROUP",
		"project":           "Project",
		"project_role":      "Project role, TRAIT_ROLE",
		"service_account":   "Service account, TRAIT_USER, SkipEntitlements",
		"api_key":           "API key, TRAIT_SECRET, SkipEntitlementsAndGrants",
		"security_insight":  "Security insight, TRAIT_SECURITY_INSIGHT, SkipEntitlementsAndGrants, SkipSyncAnomalyDetection, OptInRequired",
	}, got)
}

// pinned is an organization with one object of every kind, and with every field of the profiles.
func pinned() openaitest.Organization {
	return openaitest.Organization{
		ID: "org-1",
		Users: []openaitest.User{
			{ID: "user-1", Name: "Ada", Email: "ada@example.com", Role: "owner", AddedAt: 1, APIKeyLastUsedAt: 2, RoleIDs: []string{"role_1"}},
		},
		Invites: []openaitest.Invite{{
			ID: "invite-1", Email: "new@example.com", Role: "reader", Status: "pending", CreatedAt: 1, ExpiresAt: 2,
			Projects: []openaitest.InviteProject{{ID: "proj_1", Role: "member"}},
		}},
		Roles:  []openaitest.Role{{ID: "role_1", Name: "Custom", Description: "Does", Permissions: []string{"api.groups.read"}}},
		Groups: []openaitest.Group{{ID: "group_1", Name: "Group", GroupType: "group", CreatedAt: 1, MemberIDs: []string{"user-1"}, RoleIDs: []string{"reader", "role_1"}}},
		Projects: []openaitest.Project{{
			ID: "proj_1", Name: "Project", Status: "active", CreatedAt: 1, ExternalKeyID: "ext_1", Residency: "EU",
			Users:           []openaitest.ProjectUser{{UserID: "user-1", Role: "member", RoleIDs: []string{"role_2"}}},
			Groups:          []openaitest.ProjectGroup{{GroupID: "group_1", RoleIDs: []string{"viewer", "role_2"}}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_acct_1", Name: "worker", Role: "owner", CreatedAt: 1, RoleIDs: []string{"role_2"}}},
			Roles:           []openaitest.Role{{ID: "role_2", Name: "Project custom", Description: "Does", Permissions: []string{"api.model.request"}}},
			APIKeys: []openaitest.ProjectAPIKey{{
				ID: "key_1", Name: "Key", RedactedValue: "sk-proj-***1", CreatedAt: 1, LastUsedAt: 2, ExpiresAt: 3,
				OwnerProjectAccess: "active", OwnerType: "service_account", OwnerID: "svc_acct_1",
			}},
		}},
		AdminKeys: []openaitest.AdminAPIKey{{
			ID: "key_2", Name: "Admin", RedactedValue: "sk-admin-***2", CreatedAt: 1, LastUsedAt: 2, ExpiresAt: 3, OwnerType: "user", OwnerID: "user-1",
		}},
	}
}

func syncPinned(t *testing.T) file {
	t.Helper()
	synced := runSync(t, &openaitest.Server{Organization: pinned()}, syncOptions{})
	require.NoError(t, synced.err)
	requireWarnings(t, synced.logs, nil)
	return readRows(t, synced.store)
}

func decode[T any](t *testing.T, rows []string) []T {
	t.Helper()
	decoded := make([]T, 0, len(rows))
	for _, line := range rows {
		var row T
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		decoded = append(decoded, row)
	}
	return decoded
}

// The ids, parents, raw ids and profile keys of each type's resources.
func TestResourcesArePinned(t *testing.T) {
	t.Parallel()
	type pin struct {
		parent, rawID string
		profile       string
	}
	got := map[string]pin{}
	for _, row := range decode[resourceRow](t, syncPinned(t).Resources) {
		got[row.ID] = pin{row.Parent, row.RawID, strings.Join(slices.Sorted(maps.Keys(row.Profile)), " ")}
	}
	const (
		organization = "organization:organization"
		roleProfile  = "description permissions predefined role_id"
		keyProfile   = "owner_id owner_state owner_type redacted_value"
	)
	require.Equal(t, map[string]pin{
		organization:                 {"", "org-1", "organization_id"},
		"user:user-1":                {organization, "user-1", "added_at api_key_last_used_at email is_scim_managed organization_role"},
		"invitation:invite-1":        {organization, "invite-1", "expires_at projects role status"},
		"organization_role:owner":    {organization, "role-api-organization-owner__api-organization__org-1", roleProfile},
		"organization_role:reader":   {organization, "role-api-organization-reader__api-organization__org-1", roleProfile},
		"organization_role:role_1":   {organization, "role_1", roleProfile},
		"group:group_1":              {organization, "group_1", "group_type is_scim_managed"},
		"project:proj_1":             {organization, "proj_1", "created_at external_key_id residency status"},
		"project_role:proj_1/role_2": {"project:proj_1", "role_2", roleProfile},
		"service_account:svc_acct_1": {"project:proj_1", "svc_acct_1", "project_id role"},
		"api_key:key_1":              {"project:proj_1", "key_1", "owner_id owner_project_access owner_state owner_type project_id redacted_value"},
		"api_key:key_2":              {organization, "key_2", keyProfile},
	}, got)
}

// The ids, slugs, exclusion groups and grantable types of the entitlements.
func TestEntitlementsArePinned(t *testing.T) {
	t.Parallel()
	type pin struct {
		slug, grantableTo, exclusion string
		order                        uint32
	}
	got := map[string]pin{}
	for _, row := range decode[entitlementRow](t, syncPinned(t).Entitlements) {
		got[row.ID] = pin{row.Slug, strings.Join(row.GrantableTo, " "), row.Exclusion, row.Order}
	}
	require.Equal(t, map[string]pin{
		"organization:organization:member":    {"member", "user", "", 0},
		"organization_role:reader:assigned":   {"assigned", "user group", "organization-role", 1},
		"organization_role:owner:assigned":    {"assigned", "user group", "organization-role", 2},
		"organization_role:role_1:assigned":   {"assigned", "user group", "", 0},
		"group:group_1:member":                {"member", "user service_account", "", 0},
		"project:proj_1:viewer":               {"viewer", "user group service_account", "project-role-proj_1", 1},
		"project:proj_1:member":               {"member", "user group service_account", "project-role-proj_1", 2},
		"project:proj_1:owner":                {"owner", "user group service_account", "project-role-proj_1", 3},
		"project_role:proj_1/role_2:assigned": {"assigned", "user group", "", 0},
	}, got)
}

// The ids of the grants, which consist of the entitlement and the principal.
func TestGrantsArePinned(t *testing.T) {
	t.Parallel()
	var direct, inherited []string
	for _, row := range decode[grantRow](t, syncPinned(t).Grants) {
		id := row.Entitlement + " " + row.Principal
		if row.Direct {
			direct = append(direct, id)
		} else {
			inherited = append(inherited, id)
		}
	}
	require.ElementsMatch(t, []string{
		"organization:organization:member user:user-1",
		"organization_role:owner:assigned user:user-1",
		"organization_role:role_1:assigned user:user-1",
		"organization_role:reader:assigned group:group_1",
		"organization_role:role_1:assigned group:group_1",
		"group:group_1:member user:user-1",
		"project:proj_1:owner organization_role:owner",
		"project:proj_1:owner service_account:svc_acct_1",
		"project:proj_1:member user:user-1",
		"project:proj_1:viewer group:group_1",
		"project_role:proj_1/role_2:assigned user:user-1",
		"project_role:proj_1/role_2:assigned group:group_1",
		"project_role:proj_1/role_2:assigned service_account:svc_acct_1",
	}, direct)
	require.ElementsMatch(t, []string{
		"organization_role:reader:assigned user:user-1",
		"project:proj_1:owner user:user-1",
		"project:proj_1:viewer user:user-1",
	}, inherited)
}

// The details by which kinds of keys differ, and the account types.
func TestSecretsAndAccountsArePinned(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, row := range decode[resourceRow](t, syncPinned(t).Resources) {
		switch {
		case row.Secret != nil:
			got[row.ID] = row.Secret.Type + " " + row.Secret.Detail + " " + row.Secret.Identity
		case row.Account != nil:
			got[row.ID] = strings.TrimSpace(row.Account.Type + " " + row.Status + " " + row.Account.NonHuman)
		}
	}
	require.Equal(t, map[string]string{
		"api_key:key_1":              "CREDENTIAL_TYPE_STATIC_SECRET openai_project_api_key service_account:svc_acct_1",
		"api_key:key_2":              "CREDENTIAL_TYPE_STATIC_SECRET openai_admin_api_key user:user-1",
		"user:user-1":                "ACCOUNT_TYPE_HUMAN RESOURCE_STATUS_ENABLED/",
		"invitation:invite-1":        "ACCOUNT_TYPE_HUMAN RESOURCE_STATUS_PENDING/pending",
		"service_account:svc_acct_1": "ACCOUNT_TYPE_SERVICE RESOURCE_STATUS_ENABLED/ NHI_TYPE_APP_REGISTRATION openai.service_account",
	}, got)
}

// Each project has the types below it as child types; otherwise the SDK would not list them. Types of the organization
// are listed without a parent, so a targeted sync of the organization does not list them.
func TestChildTypesArePinned(t *testing.T) {
	t.Parallel()
	w, _, err := walkServer(t, &openaitest.Server{Organization: pinned()}, 0)
	require.NoError(t, err)
	got := map[string][]string{}
	for _, resource := range w.resources {
		for _, annotation := range resource.GetAnnotations() {
			if child := (&v2.ChildResourceType{}); annotation.MessageIs(child) {
				require.NoError(t, annotation.UnmarshalTo(child))
				got[id(resource.GetId())] = append(got[id(resource.GetId())], child.GetResourceTypeId())
			}
		}
	}
	for _, children := range got {
		slices.Sort(children)
	}
	require.Equal(t, map[string][]string{
		"project:proj_1": {"api_key", "project_role", "service_account"},
	}, got)
}

// A resource has only the annotations that are listed here, so that an additional one is noticed.
func TestAnnotationsOfResourcesArePinned(t *testing.T) {
	t.Parallel()
	w, _, err := walkServer(t, &openaitest.Server{Organization: pinned()}, 0)
	require.NoError(t, err)
	got := map[string]string{}
	for _, resource := range w.resources {
		names := map[string]bool{}
		for _, annotation := range resource.GetAnnotations() {
			names[string(annotation.MessageName().Name())] = true
		}
		got[resource.GetId().GetResourceType()] = strings.Join(slices.Sorted(maps.Keys(names)), " ")
		_, err := protojson.Marshal(resource)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]string{
		"organization":      "RawId SkipGrants",
		"user":              "RawId UserTrait",
		"invitation":        "RawId UserTrait",
		"organization_role": "RawId RoleTrait SkipGrants",
		"group":             "GroupTrait RawId",
		"project":           "ChildResourceType RawId",
		"project_role":      "RawId RoleTrait SkipGrants",
		"service_account":   "NonHumanIdentityTrait RawId SkipGrants UserTrait",
		"api_key":           "RawId SecretTrait",
	}, got)
}
