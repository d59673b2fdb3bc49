package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestCheckAccessAsksForOneRow(t *testing.T) {
	t.Parallel()
	lists := map[string]client.Access{
		"GET /organization/groups":         client.AccessToGroups,
		"GET /organization/roles":          client.AccessToRoles,
		"GET /organization/users":          client.AccessToUsers,
		"GET /organization/invites":        client.AccessToInvites,
		"GET /organization/projects":       client.AccessToProjects,
		"GET /organization/admin_api_keys": client.AccessToAdminAPIKeys,
	}
	for name, organization := range map[string]openaitest.Organization{"some": openaitest.Seeded(1, openaitest.Size{}), "none": {}} {
		for route, list := range lists {
			t.Run(name+" of "+route, func(t *testing.T) {
				t.Parallel()
				standIn := &openaitest.Server{Organization: organization}
				require.NoError(t, newClient(t, start(t, standIn)).CheckAccess(t.Context(), list))
				require.Len(t, standIn.Requests(), 1)
				assert.Equal(t, route, standIn.Requests()[0].Route)
				assert.Equal(t, "limit=1", standIn.Requests()[0].Query.Encode())
				assert.Empty(t, standIn.Unknown())
			})
		}
	}
}

func TestCheckAccessFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.Handler
		code    codes.Code
	}{
		"unknown key":   {&openaitest.Server{Keys: map[string]openaitest.Key{}}, codes.Unauthenticated},
		"project key":   {&openaitest.Server{Keys: map[string]openaitest.Key{adminKey: {Project: true}}}, codes.PermissionDenied},
		"missing scope": {scopeless(false), codes.PermissionDenied},
		"unavailable":   {faulty(openaitest.Fault{Status: http.StatusServiceUnavailable}), codes.Aborted},
		"another shape": {faulty(openaitest.Fault{WrongShape: true}), codes.Internal},
		"null":          {answer(http.StatusOK, `null`), codes.Internal},
		"nothing":       {answer(http.StatusOK, ``), codes.Aborted},
		"a row of text": {answer(http.StatusOK, `{"data":["a"]}`), codes.Internal},
		"redirect":      {faulty(openaitest.Fault{Redirect: "http://127.0.0.1:1/"}), codes.FailedPrecondition},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newClient(t, start(t, tt.handler)).CheckAccess(t.Context(), client.AccessToGroups)
			requireCode(t, tt.code, err)
			assert.Equal(t, groupsRoute, failureOf(t, err).Method+" "+failureOf(t, err).Route)
		})
	}
}

// Once the API has answered, its address is right: an unknown route is then a list that this organization does not
// have.
func TestUnknownAddressAfterAnAnswer(t *testing.T) {
	t.Parallel()
	const unknown = `{"error":{"message":"Invalid URL (GET /v1/organization/groups)","type":"invalid_request_error","param":null,"code":null}}`
	c := newClient(t, start(t, &openaitest.Server{Faults: map[string]openaitest.Fault{
		groupsRoute:               {Status: http.StatusNotFound, Body: unknown},
		"GET /organization/roles": {Status: http.StatusForbidden, Body: `{"error":{"message":"No."}}`},
		"GET /organization/groups/{group_id}/users": {Status: http.StatusNotFound, Body: unknown},
	}}))
	_, err := c.ListRoles(t.Context(), client.OrganizationScope(), client.Cursor{})
	require.Equal(t, client.KindDeniedWithoutReason, client.KindOf(err))
	_, err = c.ListGroups(t.Context(), client.Cursor{})
	require.Equal(t, client.KindMisdirected, client.KindOf(err), "a refusal is no answer to what was asked for")
	_, err = c.ListUsers(t.Context(), client.Cursor{})
	require.NoError(t, err)
	_, err = c.ListGroups(t.Context(), client.Cursor{})
	require.Equal(t, client.KindNoSuchList, client.KindOf(err))
	_, err = c.ListGroupUsers(t.Context(), "group_1", client.Cursor{})
	require.Equal(t, client.KindNoSuchList, client.KindOf(err), "it is no word on the group")
}
