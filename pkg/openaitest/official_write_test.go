//go:build conformance

package openaitest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// TestOfficialClientWrites makes every write once with OpenAI's own client.
func TestOfficialClientWrites(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	client := newOfficialClient(t, standIn)
	writeControls(t, client)
	writeAll(t, client)
	assert.Empty(t, standIn.Unknown())
	written := map[string]int{}
	for _, r := range standIn.Requests() {
		written[r.Route]++
		assert.Equal(t, http.StatusOK, r.Status, r.Route)
	}
	routes := make([]string, 0, len(creations)+len(changes)+len(deletions))
	for _, w := range slices.Concat(creations, changes) {
		known := newWritable()
		w.send(t, known)
		routes = append(routes, known.Requests()[0].Route)
	}
	for _, path := range deletions {
		known := newWritable()
		remove(t, known, path)
		routes = append(routes, known.Requests()[0].Route)
	}
	for _, route := range routes {
		assert.Equal(t, 1, written[route], route)
	}
	assert.Len(t, written, len(routes))

	// Everything created was deleted again, except the archived project. bob and the key of cyd were deleted too.
	want, got := writable(), standIn.Snapshot()
	want.Users = slices.Delete(want.Users, 1, 2)
	want.Users[2].Role = "owner"
	want.Projects[0].APIKeys = want.Projects[0].APIKeys[1:]
	want.SpendLimit, want.Projects[0].SpendLimit, want.Projects[0].Models = openaitest.SpendLimit{}, openaitest.SpendLimit{}, openaitest.ModelPermissions{}
	want.Projects[0].DisabledTools = []string{"code_interpreter"}
	want.Projects[0].RateLimits[0].Numbers["max_tokens_per_1_minute"] = 7
	require.Len(t, got.Projects, 4)
	assert.Equal(t, "archived", got.Projects[3].Status)
	got.Projects = got.Projects[:3]
	emptyToNil(&want)
	emptyToNil(&got)
	assert.Equal(t, want, got)
}

// TestOfficialClientTakesOtherStatuses checks that the client accepts the success statuses of earlier versions.
func TestOfficialClientTakesOtherStatuses(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.CreatedStatus = http.StatusCreated
	writeAll(t, newOfficialClient(t, standIn))
}

// done returns the answer of a successful write.
func done[T any](answer *T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return *answer
	}
}

// writeAll creates, changes and deletes objects of the writable organization.
func writeAll(t *testing.T, client *openai.Client) {
	t.Helper()
	writeProject(t, client)
	writeUsers(t, client)
	writeGroups(t, client)
	writeRoles(t, client)
	writeKeys(t, client)
}

func writeUsers(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	user := done(api.Users.Update(ctx, "dee", openai.AdminOrganizationUserUpdateParams{Role: openai.String("owner")}))(t)
	assert.Equal(t, "owner", user.Role)
	assigned := done(api.Users.Roles.New(ctx, "dee", openai.AdminOrganizationUserRoleNewParams{RoleID: "role_a"}))(t)
	assert.Equal(t, []string{"dee", "role_a"}, []string{assigned.User.ID, assigned.Role.ID})
	assert.True(t, done(api.Users.Roles.Delete(ctx, "dee", "role_a"))(t).Deleted)
	invite := done(api.Invites.New(ctx, openai.AdminOrganizationInviteNewParams{
		Email: "eve@example.com", Role: "reader", Projects: []openai.AdminOrganizationInviteNewParamsProject{{ID: "p", Role: "owner"}},
	}))(t)
	assert.EqualValues(t, "pending", invite.Status)
	assert.Equal(t, "p", invite.Projects[0].ID)
	assert.True(t, done(api.Invites.Delete(ctx, invite.ID))(t).Deleted)
	assert.Equal(t, "bob", done(api.Users.Delete(ctx, "bob"))(t).ID)
}

func writeGroups(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization.Groups
	group := done(api.New(ctx, openai.AdminOrganizationGroupNewParams{Name: "N"}))(t)
	assert.EqualValues(t, "group", group.GroupType)
	assert.Equal(t, "M", done(api.Update(ctx, group.ID, openai.AdminOrganizationGroupUpdateParams{Name: "M"}))(t).Name)
	assert.Equal(t, "dee", done(api.Users.New(ctx, group.ID, openai.AdminOrganizationGroupUserNewParams{UserID: "dee"}))(t).UserID)
	assert.True(t, done(api.Users.Delete(ctx, group.ID, "dee"))(t).Deleted)
	assigned := done(api.Roles.New(ctx, group.ID, openai.AdminOrganizationGroupRoleNewParams{RoleID: longReader}))(t)
	assert.Equal(t, []string{group.ID, longReader}, []string{assigned.Group.ID, assigned.Role.ID})
	assert.True(t, done(api.Roles.Delete(ctx, group.ID, longReader))(t).Deleted)
	assert.Equal(t, group.ID, done(api.Delete(ctx, group.ID))(t).ID)
}

func writeRoles(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization.Roles
	role := done(api.New(ctx, openai.AdminOrganizationRoleNewParams{RoleName: "N", Permissions: []string{"api.groups.read"}, Description: openai.String("D")}))(t)
	assert.Equal(t, "N", role.Name)
	assert.Equal(t, "M", done(api.Update(ctx, role.ID, openai.AdminOrganizationRoleUpdateParams{RoleName: openai.String("M")}))(t).Name)
	assert.True(t, done(api.Delete(ctx, role.ID))(t).Deleted)

	inProject := &client.Admin.Organization.Projects.Roles
	role = done(inProject.New(ctx, "p", openai.AdminOrganizationProjectRoleNewParams{RoleName: "N", Permissions: []string{}}))(t)
	assert.Equal(t, "api.project", role.ResourceType)
	changed := done(inProject.Update(ctx, "p", role.ID, openai.AdminOrganizationProjectRoleUpdateParams{Permissions: []string{"api.project.read"}}))(t)
	assert.Equal(t, []string{"api.project.read"}, changed.Permissions)
	assert.True(t, done(inProject.Delete(ctx, "p", role.ID))(t).Deleted)
}

func writeKeys(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	admin := done(api.AdminAPIKeys.New(ctx, openai.AdminOrganizationAdminAPIKeyNewParams{Name: "N", ExpiresInSeconds: openai.Int(60)}))(t)
	assert.NotEmpty(t, admin.Value)
	assert.EqualValues(t, writeTime+60, admin.ExpiresAt)
	assert.True(t, done(api.AdminAPIKeys.Delete(ctx, admin.ID))(t).Deleted)
	assert.Equal(t, "key_cyd", done(api.Projects.APIKeys.Delete(ctx, "p", "key_cyd"))(t).ID)

	accounts := &api.Projects.ServiceAccounts
	account := done(accounts.New(ctx, "p", openai.AdminOrganizationProjectServiceAccountNewParams{Name: "N"}))(t)
	assert.NotEmpty(t, account.APIKey.Value)
	key := done(accounts.APIKeys.New(ctx, "p", account.ID, openai.AdminOrganizationProjectServiceAccountAPIKeyNewParams{Name: openai.String("K")}))(t)
	assert.NotEmpty(t, key.Value)
	changed := done(accounts.Update(ctx, "p", account.ID, openai.AdminOrganizationProjectServiceAccountUpdateParams{Role: "owner"}))(t)
	assert.EqualValues(t, "owner", changed.Role)
	assert.True(t, done(accounts.Delete(ctx, "p", account.ID))(t).Deleted)
}

func writeProject(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization.Projects
	project := done(api.New(ctx, openai.AdminOrganizationProjectNewParams{Name: "N", ExternalKeyID: openai.String("ext_1")}))(t)
	assert.Equal(t, "active", project.Status)
	assert.Equal(t, "M", done(api.Update(ctx, project.ID, openai.AdminOrganizationProjectUpdateParams{Name: openai.String("M")}))(t).Name)
	assert.Equal(t, "archived", done(api.Archive(ctx, project.ID))(t).Status)

	user := done(api.Users.New(ctx, "p", openai.AdminOrganizationProjectUserNewParams{UserID: openai.String("dee"), Role: "member"}))(t)
	assert.Equal(t, "dee@example.com", user.Email)
	assert.Equal(t, "viewer", done(api.Users.Update(ctx, "p", "dee", openai.AdminOrganizationProjectUserUpdateParams{Role: openai.String("viewer")}))(t).Role)
	toUser := done(api.Users.Roles.New(ctx, "p", "dee", openai.AdminOrganizationProjectUserRoleNewParams{RoleID: "role_p"}))(t)
	assert.Equal(t, []string{"dee", "role_p"}, []string{toUser.User.ID, toUser.Role.ID})
	assert.True(t, done(api.Users.Roles.Delete(ctx, "p", "dee", "role_p"))(t).Deleted)
	assert.True(t, done(api.Users.Delete(ctx, "p", "dee"))(t).Deleted)

	group := done(api.Groups.New(ctx, "p", openai.AdminOrganizationProjectGroupNewParams{GroupID: "h", Role: "role-api-project-member"}))(t)
	assert.Equal(t, "H", group.GroupName)
	toGroup := done(api.Groups.Roles.New(ctx, "p", "h", openai.AdminOrganizationProjectGroupRoleNewParams{RoleID: "role_p"}))(t)
	assert.Equal(t, []string{"h", "role_p"}, []string{toGroup.Group.ID, toGroup.Role.ID})
	assert.True(t, done(api.Groups.Roles.Delete(ctx, "p", "h", "role_p"))(t).Deleted)
	assert.True(t, done(api.Groups.Delete(ctx, "p", "h"))(t).Deleted)
}
