package connector_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-sdk/pkg/pagination"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A cursor that is malformed, of another version or ahead of the clock is replaced by a new one, with a warning.
func TestUnknownFeedCursors(t *testing.T) {
	t.Parallel()
	server := newServer()
	r := followFeed(t, server, "audit_log")
	r.pass(time.Hour)
	server.Record(openaitest.AuditLogEntry{ID: "a", Type: "group.deleted", EffectiveAt: now + 1, Details: map[string]any{"id": "g"}})
	r.pass(24 * time.Hour)
	r.all(t)
	ahead := r.cursor
	r.pass(-24 * time.Hour)
	for name, cursor := range map[string]string{
		"text": "audit_log-1", "no JSON": "e30x", "empty JSON": "e30", "a later version": "eyJ2IjoyLCJmcm9tIjoxNzcwMDAwMDAwfQ",
		"negative": "eyJ2IjoxLCJmcm9tIjotMX0", "more fields": "eyJ2IjoxLCJmcm9tIjoxLCJ4IjoxfQ", "a window that ends before it begins": "eyJ2IjoxLCJmcm9tIjo1LCJ1bnRpbCI6NH0",
		"ahead of the clock": ahead,
	} {
		r.cursor = cursor
		r.logs.TakeAll()
		require.Equal(t, []string{"a changed group:g in organization:organization"}, eventLines(r.all(t)), name)
		warnings := r.logs.TakeAll()
		require.Len(t, warnings, 1, name)
		require.Contains(t, warnings[0].Message, "the feed begins anew", name)
	}
}

// A faulty cursor of the API ends with an error or restarts the window, and never loops.
func TestFaultyPagesOfTheAuditLog(t *testing.T) {
	t.Parallel()
	const route = "GET /organization/audit_logs"
	tests := map[string]struct {
		fault openaitest.Fault
		code  codes.Code
	}{
		"the same page for ever":   {openaitest.Fault{Cursor: openaitest.CursorRepeated}, codes.Internal},
		"a circle":                 {openaitest.Fault{Cursor: openaitest.CursorCircular}, codes.Internal},
		"no cursor":                {openaitest.Fault{Cursor: openaitest.CursorEmpty, ConcealLastID: true, After: 1, Times: 1}, codes.OK},
		"the place is gone, once":  {openaitest.Fault{Cursor: openaitest.CursorGone, After: 1, Times: 1}, codes.OK},
		"the place is always gone": {openaitest.Fault{Cursor: openaitest.CursorGone}, codes.FailedPrecondition},
		"another shape":            {openaitest.Fault{WrongShape: true}, codes.Internal},
		"servers that fail":        {openaitest.Fault{Status: http.StatusBadGateway}, codes.Unavailable},
		"a refusal of the address": {openaitest.Fault{Code: "ip_not_authorized"}, codes.Unauthenticated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			r := followFeed(t, server, "audit_log", (*connector.Connector).WorkOnTasks)
			for n := range 10 {
				server.Record(openaitest.AuditLogEntry{Type: "group.updated", Details: map[string]any{"id": fmt.Sprint("g", n)}})
			}
			r.pass(time.Hour)
			r.size = 6
			server.SetFault(route, test.fault)
			found := map[string]bool{}
			for range 40 {
				events, more, err := r.page(t)
				if test.code == codes.OK {
					require.NoError(t, err)
				} else if err != nil {
					require.Equal(t, test.code, status.Code(err), err)
					require.ErrorContains(t, err, "baton-openai: reading the audit log")
					return
				}
				for _, event := range events {
					found[event.GetId()] = true
				}
				if !more {
					break
				}
			}
			require.Equal(t, codes.OK, test.code, "there was no error")
			require.Len(t, found, 10)
		})
	}
}

// Without audit logging, or without the permission, a command fails with advice. A daemon answers without events, since
// ConductorOne shows nobody an error, and logs the reason once a day.
func TestAuditLogThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const switchOn = "https://platform.openai.com/settings/organization/data-controls/data-retention"
	scopeless := func(asObject bool) func(*openaitest.Server) {
		return func(s *openaitest.Server) {
			s.Keys = map[string]openaitest.Key{testKey: {MissingScopes: map[string]string{"audit_logs": "api.audit_logs.read"}, AsObject: asObject}}
		}
	}
	tests := map[string]struct {
		prepare func(*openaitest.Server)
		code    codes.Code
		says    string
	}{
		"off, refused":        {func(s *openaitest.Server) { s.AuditLog.Off = http.StatusForbidden }, codes.FailedPrecondition, switchOn},
		"off, not found":      {func(s *openaitest.Server) { s.AuditLog.Off = http.StatusNotFound }, codes.FailedPrecondition, switchOn},
		"no permission":       {scopeless(false), codes.PermissionDenied, "the key lacks the permission api.audit_logs.read"},
		"no permission (401)": {scopeless(true), codes.Unauthenticated, "the key lacks the permission api.audit_logs.read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			once := followFeed(t, server, "audit_log")
			test.prepare(server)
			once.pass(time.Hour)
			_, _, err := once.page(t)
			require.Equal(t, test.code, status.Code(err), err)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, 1, strings.Count(err.Error(), "baton-openai:"))

			always := followFeed(t, server, "audit_log", (*connector.Connector).WorkOnTasks)
			always.cursor = "eyJ2IjoxLCJmcm9tIjoxNzcwMDAwMDAwfQ"
			before := always.cursor
			for range 3 {
				always.pass(10 * time.Hour)
				require.Empty(t, always.all(t))
				require.Equal(t, before, always.cursor)
			}
			// The SDK logs the first line.
			warnings := always.logs.TakeAll()
			require.Len(t, warnings, 2)
			require.Contains(t, warnings[1].Message, "there are no events; this is said once a day")
			require.Contains(t, fmt.Sprint(warnings[1].ContextMap()), test.says)
			always.pass(10 * time.Hour)
			always.all(t)
			require.Len(t, always.logs.TakeAll(), 2)

			// Once logging is on, the feed continues where it was.
			server.Update(func(*openaitest.Organization) { server.AuditLog.Off, server.Keys = 0, nil })
			server.Record(openaitest.AuditLogEntry{ID: "a", Type: "scim.enabled"})
			always.pass(10 * time.Minute)
			require.Equal(t, []string{"a changed organization:organization"}, eventLines(always.all(t)))
		})
	}
}

// A conflict and an unavailable API may pass: the feed can be read again from the same cursor.
func TestFeedWhileTheAPIIsBusy(t *testing.T) {
	t.Parallel()
	for _, statusCode := range []int{http.StatusConflict, http.StatusServiceUnavailable} {
		t.Run(strconv.Itoa(statusCode), func(t *testing.T) {
			t.Parallel()
			server := newServer()
			feed := followFeed(t, server, "audit_log")
			server.SetFault("GET /organization/audit_logs", openaitest.Fault{Status: statusCode})
			feed.pass(time.Hour)
			_, _, err := feed.page(t)
			require.Equal(t, codes.Unavailable, status.Code(err), err)
		})
	}
}

// The two feeds of a connector share one warning.
func TestFeedsShareTheirWarning(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.AuditLog.Off = http.StatusForbidden
	d := connect(t, server)
	d.connector.WorkOnTasks()
	core, logs := observer.New(zap.WarnLevel)
	for _, feed := range d.connector.EventFeeds(t.Context()) {
		_, _, _, err := feed.ListEvents(ctxzap.ToContext(t.Context(), zap.New(core)), nil, &pagination.StreamToken{})
		require.NoError(t, err)
	}
	require.Equal(t, 1, logs.FilterMessageSnippet("baton-openai:").Len())
}
