//go:build conformance

package openaitest_test

import (
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// retrieveAll reads every object of the organization, and every role assignment, by its id.
func retrieveAll(t *testing.T, client *openai.Client, o *openaitest.Organization) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	for _, u := range o.Users {
		user, err := api.Users.Get(ctx, u.ID)
		require.NoError(t, err)
		assert.Equal(t, u.ID, user.ID)
		for _, role := range u.RoleIDs {
			held, err := api.Users.Roles.Get(ctx, u.ID, o.RoleID(role))
			require.NoError(t, err)
			assert.Equal(t, o.RoleID(role), held.ID)
		}
	}
	for _, i := range o.Invites {
		invite, err := api.Invites.Get(ctx, i.ID)
		require.NoError(t, err)
		assert.Equal(t, i.ID, invite.ID)
	}
	for _, r := range o.Roles {
		role, err := api.Roles.Get(ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, r.ID, role.ID)
	}
	for _, k := range o.AdminKeys {
		key, err := api.AdminAPIKeys.Get(ctx, k.ID)
		require.NoError(t, err)
		assert.Equal(t, k.ID, key.ID)
	}
	retrieveGroups(t, client, o)
	for i := range o.Projects {
		project, err := api.Projects.Get(ctx, o.Projects[i].ID)
		require.NoError(t, err)
		assert.Equal(t, o.Projects[i].Status, project.Status)
		if project.Status == "active" {
			retrieveBelowProject(t, client, o, &o.Projects[i])
		}
	}
}

func retrieveGroups(t *testing.T, client *openai.Client, o *openaitest.Organization) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	for _, g := range o.Groups {
		group, err := api.Groups.Get(ctx, g.ID)
		require.NoError(t, err)
		assert.Equal(t, g.ID, group.ID)
		for _, id := range g.MemberIDs {
			member, err := api.Groups.Users.Get(ctx, g.ID, id)
			require.NoError(t, err)
			assert.Equal(t, id, member.ID)
		}
		for _, role := range g.RoleIDs {
			held, err := api.Groups.Roles.Get(ctx, g.ID, o.RoleID(role))
			require.NoError(t, err)
			assert.Equal(t, o.RoleID(role), held.ID)
		}
	}
}

func retrieveBelowProject(t *testing.T, client *openai.Client, o *openaitest.Organization, p *openaitest.Project) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization.Projects
	for _, r := range p.Roles {
		role, err := api.Roles.Get(ctx, p.ID, r.ID)
		require.NoError(t, err)
		assert.Equal(t, r.ID, role.ID)
	}
	for _, u := range p.Users {
		user, err := api.Users.Get(ctx, p.ID, u.UserID)
		require.NoError(t, err)
		assert.Equal(t, u.UserID, user.ID)
		held, err := api.Users.Roles.Get(ctx, p.ID, u.UserID, p.RoleID(u.Role))
		require.NoError(t, err)
		assert.Equal(t, p.RoleID(u.Role), held.ID)
	}
	for _, g := range p.Groups {
		group, err := api.Groups.Get(ctx, p.ID, g.GroupID, openai.AdminOrganizationProjectGroupGetParams{GroupType: groupType(o, g.GroupID)})
		require.NoError(t, err)
		assert.Equal(t, g.GroupID, group.GroupID)
		held, err := api.Groups.Roles.Get(ctx, p.ID, g.GroupID, p.RoleID(g.RoleIDs[0]))
		require.NoError(t, err)
		assert.Equal(t, p.RoleID(g.RoleIDs[0]), held.ID)
	}
	for _, a := range p.ServiceAccounts {
		account, err := api.ServiceAccounts.Get(ctx, p.ID, a.ID)
		require.NoError(t, err)
		assert.Equal(t, a.ID, account.ID)
	}
	for _, k := range p.APIKeys {
		key, err := api.APIKeys.Get(ctx, p.ID, k.ID)
		require.NoError(t, err)
		assert.Equal(t, k.ID, key.ID)
	}
}

// groupType is required for a tenant's group: without it, the API searches only the other groups.
func groupType(o *openaitest.Organization, id string) openai.AdminOrganizationProjectGroupGetParamsGroupType {
	for _, g := range o.Groups {
		if g.ID == id {
			return openai.AdminOrganizationProjectGroupGetParamsGroupType(g.GroupType)
		}
	}
	return ""
}
