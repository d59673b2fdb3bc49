package client_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// auditLogQuery asks for two types in a minute.
var auditLogQuery = client.AuditLogQuery{
	Types: []string{"group.created", "group.deleted"}, From: time.Unix(1_000, 0), Until: time.Unix(1_060, 0), Limit: 2,
}

func TestAuditLogIsReadInAWindow(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{}
	for at := int64(998); at < 1_062; at += 10 {
		for _, eventType := range []string{"group.created", "user.added"} {
			standIn.Record(openaitest.AuditLogEntry{
				ID: fmt.Sprint(eventType, at), Type: eventType, EffectiveAt: at, Details: map[string]any{"id": fmt.Sprint("g", at)},
			})
		}
	}
	standIn.Record(openaitest.AuditLogEntry{Type: "group.deleted", EffectiveAt: 1_060})
	c := newClient(t, start(t, standIn))
	var ids []string
	for cursor := (client.Cursor{}); ; {
		page, err := c.ListAuditLogs(t.Context(), auditLogQuery, cursor)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(page.Items), 2)
		for _, entry := range page.Items {
			assert.Equal(t, "g"+entry.ID[len("group.created"):], entry.Details.ID)
			ids = append(ids, entry.ID)
		}
		if cursor = page.Next; cursor.IsZero() {
			break
		}
	}
	assert.Equal(t, []string{
		"group.created1058", "group.created1048", "group.created1038", "group.created1028", "group.created1018", "group.created1008",
	}, ids)
	assert.Equal(t, "effective_at%5Bgte%5D=1000&effective_at%5Blt%5D=1060&event_types%5B%5D=group.created&event_types%5B%5D=group.deleted&limit=2",
		standIn.Requests()[0].Query.Encode())
	assert.Empty(t, standIn.Unknown())
}

// Each entry is decoded as far as it has the documented form.
func TestAuditLogEntries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json string
		want client.AuditLog
	}{
		"session": {
			`{"id":"a","type":"user.added","effective_at":5,"project":{"id":"proj_1","name":"P"},"user.added":{"id":"user-1","data":{"role":"member"}},
				"actor":{"type":"session","session":{"user":{"id":"user-2","email":"a@example.com"},"ip_address":"203.0.113.7"}}}`,
			client.AuditLog{
				ID: "a", Type: "user.added", EffectiveAt: 5, ProjectID: "proj_1", Actor: client.AuditLogActor{Type: "session", UserID: "user-2"},
				Details: client.AuditLogDetails{ID: "user-1"},
			},
		},
		"key": {
			`{"id":"a","type":"api_key.deleted","effective_at":5,"api_key.deleted":{"id":"key_1"},"actor":{"type":"api_key","api_key":{"id":"key_2","user":{"id":"user-2"}}}}`,
			client.AuditLog{ID: "a", Type: "api_key.deleted", EffectiveAt: 5, Actor: client.AuditLogActor{Type: "api_key"}, Details: client.AuditLogDetails{ID: "key_1"}},
		},
		"role assignment": {
			`{"id":"a","type":"role.assignment.created","role.assignment.created":{"id":"x","principal_id":"p","principal_type":"group","resource_id":"r","resource_type":"api.project"}}`,
			client.AuditLog{ID: "a", Type: "role.assignment.created", Details: client.AuditLogDetails{
				ID: "x", PrincipalID: "p", PrincipalType: "group", ResourceID: "r", ResourceType: "api.project",
			}},
		},
		"role that was modified": {
			`{"id":"a","type":"role.updated","role.updated":{"id":"x","changes_requested":{"resource_id":"r","resource_type":"api.project"}}}`,
			client.AuditLog{ID: "a", Type: "role.updated", Details: client.AuditLogDetails{ID: "x", ResourceID: "r", ResourceType: "api.project"}},
		},
		"nulls": {
			`{"id":"a","type":"user.added","effective_at":null,"project":null,"actor":null,"user.added":null}`,
			client.AuditLog{ID: "a", Type: "user.added"},
		},
		"actor and project that are texts": {
			`{"id":"a","type":"user.added","effective_at":5,"project":"proj_1","actor":"somebody","user.added":{"id":"user-1"}}`,
			client.AuditLog{ID: "a", Type: "user.added", EffectiveAt: 5, Details: client.AuditLogDetails{ID: "user-1"}},
		},
		"session that is a text": {
			`{"id":"a","actor":{"session":"x","type":"session"},"project":{"id":7},"type":"user.added","effective_at":5}`,
			client.AuditLog{ID: "a", Type: "user.added", EffectiveAt: 5, Actor: client.AuditLogActor{Type: "session"}},
		},
		"time that is a text": {
			`{"id":"a","effective_at":"2026-01-01","type":"user.added","user.added":{"id":"user-1"}}`,
			client.AuditLog{ID: "a", Type: "user.added", Details: client.AuditLogDetails{ID: "user-1"}},
		},
		"details of another type": {`{"id":"a","type":"user.added","user.deleted":{"id":"user-1"}}`, client.AuditLog{ID: "a", Type: "user.added"}},
		"details that are a text": {`{"id":"a","type":"user.added","user.added":"user-1"}`, client.AuditLog{ID: "a", Type: "user.added"}},
		"a detail of another form": {
			`{"id":"a","type":"user.added","user.added":{"id":7,"resource_id":"r"}}`,
			client.AuditLog{ID: "a", Type: "user.added", Details: client.AuditLogDetails{ResourceID: "r"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, `{"object":"list","data":[`+tt.json+`],"has_more":false}`)))
			page, err := c.ListAuditLogs(t.Context(), auditLogQuery, client.Cursor{})
			require.NoError(t, err)
			assert.Equal(t, []client.AuditLog{tt.want}, page.Items)
		})
	}
}

func TestAuditLogThatIsOff(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]client.Kind{http.StatusForbidden: client.KindDeniedWithoutReason, http.StatusNotFound: client.KindNoSuchList} {
		c := newClient(t, start(t, &openaitest.Server{AuditLog: openaitest.AuditLog{Off: status}}))
		_, err := c.ListAuditLogs(t.Context(), auditLogQuery, client.Cursor{})
		assert.Equal(t, kind, client.KindOf(err))
	}
}
