package client_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// An answer with "deleted": false is no deletion. One without the field is.
func TestDeletedFieldOfADeletion(t *testing.T) {
	t.Parallel()
	for body, done := range map[string]bool{
		`{"object":"group.deleted","id":"group_1","deleted":true}`: true, `{"object":"group.deleted"}`: true, `{"deleted":null}`: true, ``: true, `{"del`: true,
		`[]`: true, `{"deleted":"no"}`: true, `{"object":"group.deleted","id":"group_1","deleted":false}`: false,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			err := newClient(t, start(t, answer(http.StatusOK, body))).DeleteGroup(t.Context(), "group_1")
			if done {
				require.NoError(t, err)
				return
			}
			require.Equal(t, client.KindNotDone, client.KindOf(err))
			requireCode(t, codes.FailedPrecondition, err)
			require.ErrorContains(t, err, `DELETE /organization/groups/{group_id}: the answer says that nothing was deleted (group_id "group_1"`)
		})
	}
}

// A success with an error in its body is no usable answer. One without words, and other fields, are no error.
func TestErrorInASuccess(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"error":{"message":"No sk-admin-Secret1 here.","type":"invalid_request_error"}}`: "No [key] here.", `{"error":"No."}`: "No.", `{"error":{"code":"refused"}}`: "refused",
		`{"id":"user-1","error":null}`: "", `{"error":{}}`: "", `{"error":""}`: "", `{"code":200,"message":"OK"}`: "", `{"error":false}`: "",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, body)))
			_, err := c.ModifyUser(t.Context(), "user-1", "owner")
			for _, err := range []error{err, c.DeleteGroup(t.Context(), "group_1"), c.AddGroupUser(t.Context(), "group_1", "user-1")} {
				if says == "" {
					require.NoError(t, err)
					continue
				}
				require.Equal(t, client.KindNoAnswer, client.KindOf(err))
				requireCode(t, codes.Unavailable, err)
				require.ErrorContains(t, err, says)
				require.NotContains(t, err.Error(), "Secret1")
			}
		})
	}
}

// A change returns the object of the answer, and succeeds with any body.
func TestAnswersOfChanges(t *testing.T) {
	t.Parallel()
	for body, role := range map[string]string{`{"id":"user-1","role":"owner"}`: "owner", `{"role":null}`: "", ``: "", `{"ro`: "", `[]`: "", `{"role":7}`: ""} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, body)))
			user, err := c.ModifyUser(t.Context(), "user-1", "owner")
			require.NoError(t, err)
			require.Equal(t, role, user.Role)
			member, err := c.AddProjectUser(t.Context(), "proj_1", "user-1", "owner")
			require.NoError(t, err)
			require.Equal(t, role, member.Role)
			member, err = c.ModifyProjectUser(t.Context(), "proj_1", "user-1", "owner")
			require.NoError(t, err)
			require.Equal(t, role, member.Role)
			account, err := c.ModifyProjectServiceAccount(t.Context(), "proj_1", "svc-1", "owner")
			require.NoError(t, err)
			require.Equal(t, role, account.Role)
		})
	}
}

// Each principal has its own address, at which it is found and its roles are listed, assigned and unassigned.
func TestAddressesOfPrincipals(t *testing.T) {
	t.Parallel()
	for roles, test := range map[string]struct {
		of   client.Principal
		self string
	}{
		"/v1/organization/users/u/roles":  {client.OrganizationPrincipal(client.PrincipalUser, "u"), "/v1/organization/users/u"},
		"/v1/organization/groups/g/roles": {client.OrganizationPrincipal(client.PrincipalGroup, "g"), "/v1/organization/groups/g"},
		"/v1/organization/users/s/roles":  {client.OrganizationPrincipal(client.PrincipalServiceAccount, "s"), "/v1/organization/users/s"},
		"/v1/projects/p/users/u/roles":    {client.ProjectPrincipal("p", client.PrincipalUser, "u"), "/v1/organization/projects/p/users/u"},
		"/v1/projects/p/groups/g/roles":   {client.ProjectPrincipal("p", client.PrincipalGroup, "g"), "/v1/organization/projects/p/groups/g"},
		"/v1/projects/p/users/s/roles":    {client.ProjectPrincipal("p", client.PrincipalServiceAccount, "s"), "/v1/organization/projects/p/service_accounts/s"},
	} {
		t.Run(roles+" "+string(test.of.Type), func(t *testing.T) {
			t.Parallel()
			seen := &recorder{Handler: answer(http.StatusOK, fmt.Sprintf(`{"id":%[1]q,"group_id":%[1]q,"data":[],"has_more":false}`, test.of.ID))}
			c := newClient(t, start(t, seen))
			_, err := c.ListAssignedRoles(t.Context(), test.of, client.Cursor{})
			require.NoError(t, err)
			require.NoError(t, c.AssignRole(t.Context(), test.of, "r"))
			require.NoError(t, c.UnassignRole(t.Context(), test.of, "r"))
			require.NoError(t, c.FindPrincipal(t.Context(), test.of))
			asked := each(seen.requests(), func(r *http.Request) string { return r.Method + " " + r.URL.Path })
			require.Equal(t, []string{"GET " + roles, "POST " + roles, "DELETE " + roles + "/r", "GET " + test.self}, asked)
		})
	}
}

// An awaited call is repeated for as short a time as an urgent one.
func TestAwaitedRead(t *testing.T) {
	t.Parallel()
	lasting := faulty(openaitest.Fault{Text: true})
	began := time.Now()
	_, err := newRetryingClient(t, lasting).ListGroups(client.Awaited(client.Urgent(t.Context())), client.Cursor{})
	requireCode(t, codes.Unavailable, err)
	require.Less(t, time.Since(began), 10*time.Second)
	require.Greater(t, len(lasting.Requests()), 2)
}

func TestNewestGroups(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Groups: []openaitest.Group{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}}}}
	page, err := newClient(t, start(t, standIn)).ListNewestGroups(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a"}, each(page.Items, func(g client.Group) string { return g.ID }))
	require.Empty(t, standIn.Unknown())
}

func TestRefusalThatSaysAlready(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"error":{"message":"a@example.com has already been invited."}}`: true, `{"error":{"message":"A payment method is required."}}`: false,
	} {
		_, err := newClient(t, start(t, answer(http.StatusBadRequest, body))).CreateInvite(t.Context(), "a@example.com", "reader", nil)
		require.Equal(t, want, failureOf(t, err).SaysAlreadyThere(), body)
	}
}

// Writes are sent as documented. Arguments that are left out are not sent, and a service account is created without a
// key.
func TestBodiesOfWrites(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do    func(ctx context.Context, c *client.Client) error
		route string
		body  string
	}{
		"create a project": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.CreateProject(ctx, client.NewProject{Name: "P"})
				return err
			}, "POST /organization/projects", `{"name":"P"}`,
		},
		"create a project with everything": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.CreateProject(ctx, client.NewProject{Name: "P", Residency: "eu", ExternalKeyID: "ek_1"})
				return err
			}, "POST /organization/projects", `{"name":"P","residency":"eu","external_key_id":"ek_1"}`,
		},
		"modify a project": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.ModifyProject(ctx, "proj_1", client.ProjectChange{ExternalKeyID: "ek_1"})
				return err
			}, "POST /organization/projects/{project_id}", `{"external_key_id":"ek_1"}`,
		},
		"archive a project": {
			func(ctx context.Context, c *client.Client) error { return c.ArchiveProject(ctx, "proj_1") },
			"POST /organization/projects/{project_id}/archive", "",
		},
		"create a service account": {
			func(ctx context.Context, c *client.Client) error {
				made, err := c.CreateProjectServiceAccount(ctx, "proj_1", "deploy")
				require.False(t, made.Key.IsThere)
				return err
			}, "POST /organization/projects/{project_id}/service_accounts", `{"name":"deploy","create_service_account_only":true}`,
		},
		"rename a group": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.RenameGroup(ctx, "group_1", "G")
				return err
			}, "POST /organization/groups/{group_id}", `{"name":"G"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Organization{
				Projects: []openaitest.Project{{ID: "proj_1", Name: "One"}}, Groups: []openaitest.Group{{ID: "group_1", Name: "A"}},
			}}
			require.NoError(t, test.do(t.Context(), newClient(t, start(t, standIn))))
			sent := standIn.Requests()
			require.Len(t, sent, 1)
			require.Equal(t, test.route, sent[0].Route)
			if test.body == "" {
				require.Empty(t, sent[0].Body)
			} else {
				require.JSONEq(t, test.body, string(sent[0].Body))
			}
			require.Empty(t, standIn.Unknown())
		})
	}
}
