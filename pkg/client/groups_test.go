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

func TestCheckAccessAsksForOneGroup(t *testing.T) {
	t.Parallel()
	for name, organization := range map[string]openaitest.Organization{"groups": openaitest.Seeded(1, openaitest.Size{}), "none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: organization}
			require.NoError(t, newClient(t, start(t, standIn)).CheckAccess(t.Context()))
			require.Len(t, standIn.Requests(), 1)
			assert.Equal(t, groupsRoute, standIn.Requests()[0].Route)
			assert.Equal(t, "limit=1", standIn.Requests()[0].Query.Encode())
			assert.Empty(t, standIn.Unknown())
		})
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
			err := newClient(t, start(t, tt.handler)).CheckAccess(t.Context())
			requireCode(t, tt.code, err)
			assert.Equal(t, groupsRoute, failureOf(t, err).Method+" "+failureOf(t, err).Route)
		})
	}
}

func TestGroupMembersThatThePlanDoesNotOffer(t *testing.T) {
	t.Parallel()
	for statusCode, code := range map[int]codes.Code{http.StatusForbidden: codes.PermissionDenied, http.StatusNotFound: codes.NotFound} {
		t.Run(http.StatusText(statusCode), func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{
				Organization:            openaitest.Organization{Groups: []openaitest.Group{{ID: "group_1"}}},
				GroupMembersUnavailable: statusCode,
			}
			_, err := newClient(t, start(t, standIn)).ListGroupUsers(t.Context(), "group_1", client.Cursor{})
			requireCode(t, code, err)
			assert.Equal(t, statusCode, failureOf(t, err).StatusCode)
		})
	}
}
