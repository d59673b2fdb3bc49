package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

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
