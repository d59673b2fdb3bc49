package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const notShownYet = "baton-openai: OpenAI answered that it was done, and does not show it yet"

// An answer to a deletion that says that nothing was deleted is an error, unless the state shows the deletion.
func TestDeletionThatSaysNothingWasDeleted(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if last := c.sends[len(c.sends)-1]; len(c.sends) == 1 && strings.HasPrefix(last, http.MethodDelete+" ") {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := newServer(c.prepare)
				before := server.Snapshot()
				server.SetFault(last, openaitest.Fault{NotDeleted: true, NoEffect: true})
				d := connect(t, server)
				err := c.do(t.Context(), d)
				requireRefusal(t, err, last+": the answer says that nothing was deleted")
				requireState(t, before, server)

				c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(last, openaitest.Fault{NotDeleted: true}) })
			})
		}
	}
}

// A success with an error in its body is none, unless the state shows the change.
func TestSuccessWithAnErrorInIt(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if len(c.sends) > 1 {
			continue // the second call depends on the first one
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusal := openaitest.Fault{Status: http.StatusOK, Body: object("", "This cannot be done.")}
			server := newServer(c.prepare)
			before := server.Snapshot()
			server.SetFault(c.sends[0], refusal)
			d := connect(t, server)
			err := c.do(t.Context(), d)
			require.Equal(t, codes.Unavailable, status.Code(err), err)
			requireMessage(t, err, c.sends[0]+": the answer is an error: This cannot be done.")
			requireState(t, before, server)

			refusal.AfterEffect = true
			c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(c.sends[0], refusal) })
		})
	}
}

// An answer to a creation with the id of an older object is an error, and that object is not deleted.
func TestAnswerThatNamesAnOlderObject(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		route, body, says string
		do                func(context.Context, testConnector) error
	}{
		"a project": {
			"POST /organization/projects", `{"id":"alpha","name":"New","status":"active"}`, "OpenAI answered with alpha, which was there before",
			invoked("create_project", `{"name":"New"}`),
		},
		"a group": {
			"POST /organization/groups", `{"id":"admins","name":"Night shift"}`, "OpenAI answered with admins, which was there before",
			func(ctx context.Context, d testConnector) error {
				_, err := newGroup("Night shift")(ctx, d)
				return err
			},
		},
		"an invitation of another address": {
			createInvite, `{"id":"inv-pending","email":"pia@example.com","role":"reader","status":"pending"}`, "OpenAI answered with the invitation inv-pending of another address",
			func(ctx context.Context, d testConnector) error {
				return d.inviteDirectly(ctx, map[string]any{"email": "new@example.com"})
			},
		},
		"an invitation that was accepted": {
			createInvite, `{"id":"inv-left","email":"new@example.com","role":"reader","status":"accepted"}`, "OpenAI answered with the invitation inv-left: it is an older one",
			func(ctx context.Context, d testConnector) error {
				return d.inviteDirectly(ctx, map[string]any{"email": "new@example.com"})
			},
		},
		"a key of somebody else": {
			createKey, `{"id":"key-ann","name":"` + keyName + `","value":"sk-svcacct-StandInOpensNothing"}`, "OpenAI answered with the key key-ann, which was there before",
			func(ctx context.Context, d testConnector) error {
				_, err := d.issueDirectly(ctx)
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.route, openaitest.Fault{Body: test.body})
			err := test.do(t.Context(), connect(t, server))
			require.ErrorContains(t, err, test.says)
			requireState(t, smallOrganization(), server)
			require.Equal(t, []string{test.route}, slices.Compact(writes(server)))
		})
	}
}

// The same for an answer with another role than the requested one.
func TestAnswerThatNamesAnotherRole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		route, role string
	}{
		"added to a project":                {access{alphaOwner, "user:eva"}, addProjectUser, "member"},
		"modified in a project":             {access{alphaOwner, "user:ben"}, modifyProjectUser, "viewer"},
		"modified in the organization":      {access{ownerRole, "user:ann"}, modifyUser, "reader"},
		"a service account of a project":    {access{alphaOwner, "service_account:svc-1"}, modifyServiceAccount, "member"},
		"modified, with the role it had":    {access{alphaOwner, "user:ben"}, modifyProjectUser, "member"},
		"modified, the other way around":    {access{readerRole, "user:ola"}, modifyUser, "owner"},
		"a service account, to a lower one": {access{alphaMember, "service_account:svc-3"}, modifyServiceAccount, "owner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.route, openaitest.Fault{NoEffect: true, Role: test.role})
			err := granted(test.entitlement, test.principal)(t.Context(), connect(t, server))
			requireRefusal(t, err, "OpenAI answered with the role "+test.role, "sync again")
			requireState(t, smallOrganization(), server)

			server = newServer()
			server.SetFault(test.route, openaitest.Fault{Role: test.role})
			require.NoError(t, granted(test.entitlement, test.principal)(t.Context(), connect(t, server)))
			after := server.Snapshot()
			require.True(t, holds(&after, test.access))
		})
	}
}

// A success that does not show may show later. It stays a success, with a warning that has the wanted and the shown
// state.
func TestSuccessWithoutAnEffect(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if len(c.sends) > 1 {
			continue // the second call depends on the state
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(c.prepare)
			server.SetFault(c.sends[0], openaitest.Fault{NoEffect: true})
			server.DeleteAnswersNoContent = true
			d := connect(t, server)
			core, logs := observer.New(zap.WarnLevel)
			require.NoError(t, c.do(ctxzap.ToContext(t.Context(), zap.New(core)), d))
			warnings := append(logs.FilterMessage(notShownYet).All(), d.logs.FilterMessage(notShownYet).All()...)
			require.NotEmpty(t, warnings)
			require.NotEmpty(t, warnings[0].ContextMap()["shown"])
			require.Contains(t, warnings[0].ContextMap(), "wanted")
			require.NotEqual(t, warnings[0].ContextMap()["shown"], warnings[0].ContextMap()["wanted"])
		})
	}
}

// A success is an error if the state shows something else, after another change at the same time.
func TestSuccessWithAnotherState(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		meanwhile func(*openaitest.Organization)
	}{
		"in a project, to somebody new":     {access{alphaOwner, "user:eva"}, setProjectRole("eva", "viewer")},
		"in a project":                      {access{alphaOwner, "user:ben"}, setProjectRole("ben", "viewer")},
		"a service account":                 {access{alphaOwner, "service_account:svc-1"}, setAccountRole("svc-1", "none")},
		"in the organization":               {access{ownerRole, "user:ann"}, setRole("ann", "billing")},
		"in a project, and out of it again": {access{alphaOwner, "user:ben"}, removed("ben")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			var written, changed sync.Once
			isWritten := false
			server.OnRequest = func(request openaitest.Request) {
				if request.Method != http.MethodGet {
					written.Do(func() { isWritten = true })
				} else if isWritten {
					changed.Do(func() { server.Update(test.meanwhile) })
				}
			}
			d := connect(t, server)
			err := granted(test.entitlement, test.principal)(t.Context(), d)
			requireRefusal(t, err, "OpenAI answered that it was done, and shows ", "where owner was asked for", "sync again")
			require.Len(t, writes(server), 1)
			d.requireOneLine(t, "failed")
		})
	}
}

const busy = "Another request is modifying this project. Please try again."

// If OpenAI is busy with another change, the write is sent once more, unless the state is the requested one.
func TestBusyWithAnotherChange(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			once := openaitest.Fault{Status: 409, Body: object("conflict", busy), Times: 1}
			server := c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(c.sends[0], once) })
			require.Equal(t, append([]string{c.sends[0]}, c.sends...), writes(server))

			// A write that took effect is not sent again.
			once.AfterEffect = true
			server = c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(c.sends[0], once) })
			require.Equal(t, c.sends, writes(server))

			// OpenAI stays busy.
			server = newServer(c.prepare)
			server.SetFault(c.sends[0], openaitest.Fault{Status: 409, Body: object("conflict", busy)})
			before := server.Snapshot()
			err := c.do(t.Context(), connect(t, server))
			requireRefusal(t, err, busy)
			requireState(t, before, server)
			require.LessOrEqual(t, len(writes(server)), 3)
		})
	}
}

// A creation is sent once more too.
func TestCreationWhileBusy(t *testing.T) {
	t.Parallel()
	once := openaitest.Fault{Status: 409, Body: object("conflict", busy), Times: 1}
	for route, do := range map[string]func(context.Context, testConnector) error{
		createInvite: invited(t, map[string]any{"email": "new@example.com"}),
		createGroup: func(ctx context.Context, d testConnector) error {
			_, err := newGroup("Night shift")(ctx, d)
			return err
		},
	} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(route, once)
			require.NoError(t, do(t.Context(), connect(t, server)))
			require.Equal(t, []string{route, route}, writes(server))
		})
	}
}

// A write that arrives twice is a success, also if the second one gets 404. Creations are left out: they create two
// objects, since names may be the same.
func TestWriteThatArrivesTwice(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if strings.HasPrefix(name, "action create_") {
			continue
		}
		for i, route := range c.sends {
			t.Run(fmt.Sprintf("%s, %d", name, i), func(t *testing.T) {
				t.Parallel()
				c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(route, openaitest.Fault{Twice: true}) })
			})
		}
	}
}

// A 404 that is not the API's own is not a success.
func TestGatewayAnswerIsNoSuccess(t *testing.T) {
	t.Parallel()
	directly := func(a access) func(context.Context, testConnector) error {
		return func(ctx context.Context, d testConnector) error { return d.revokeDirectly(ctx, a) }
	}
	for name, do := range map[string]func(context.Context, testConnector) error{
		"delete": deleted("user:ann", ""), "membership": directly(access{organizationMember, "user:ann"}), "role": directly(access{alphaOwner, "user:ann"}),
	} {
		for kind, fault := range map[string]openaitest.Fault{"text": {Text: true}, "gateway": {Gateway: true}, "nothing": {Status: 404, EmptyBody: true}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.SetFault("*", fault)
				err := do(t.Context(), connect(t, server))
				require.Equal(t, codes.Unavailable, status.Code(err), err)
				require.Empty(t, writes(server))
			})
		}
	}
}
