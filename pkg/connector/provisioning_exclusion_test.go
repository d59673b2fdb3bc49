package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// holdWrites holds each write of two changes until the other change also writes, waits, or has ended. The caller counts
// ended changes in the returned counter.
func (d testConnector) holdWrites(t *testing.T) *atomic.Int32 {
	t.Helper()
	var arrived, ended atomic.Int32
	d.server.OnRequest = func(request openaitest.Request) {
		if request.Method == http.MethodGet {
			return
		}
		arrived.Add(1)
		assert.Eventually(t, func() bool { return int(arrived.Load()+ended.Load())+d.connector.WaitingChanges() >= 2 }, time.Minute, time.Millisecond)
	}
	return &ended
}

// atOnce makes changes at the same time and returns their errors.
func atOnce(ctx context.Context, d testConnector, changes ...func(context.Context, testConnector) error) []error {
	errs := make([]error, len(changes))
	var wait sync.WaitGroup
	for i, change := range changes {
		wait.Go(func() { errs[i] = change(ctx, d) })
	}
	wait.Wait()
	return errs
}

// Of the last two owners only one can be removed, in any way, also by two changes at the same time: the second change
// reads after the first one is done.
func TestLastTwoOwnersAtOnce(t *testing.T) {
	t.Parallel()
	ways := map[string]func(id string) func(context.Context, testConnector) error{
		"revoke owner": func(id string) func(context.Context, testConnector) error { return revoked(ownerRole, "user:"+id) },
		"grant reader": func(id string) func(context.Context, testConnector) error { return granted(readerRole, "user:"+id) },
		"delete":       func(id string) func(context.Context, testConnector) error { return deleted("user:"+id, "") },
		"revoke membership": func(id string) func(context.Context, testConnector) error {
			return revoked(organizationMember, "user:"+id)
		},
	}
	for one, first := range ways {
		for other, second := range ways {
			t.Run(one+" and "+other, func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.LastOwnerMayGo = true
				d := connect(t, server)
				d.holdWrites(t)
				errs := atOnce(t.Context(), d, first("ola"), second("ole"))
				refusal := errs[0]
				if refusal == nil {
					refusal = errs[1]
				}
				requireRefusal(t, refusal, "is the last owner")
				require.True(t, errs[0] == nil || errs[1] == nil)
				owners := 0
				for _, user := range server.Snapshot().Users {
					if user.Role == "owner" {
						owners++
					}
				}
				require.Equal(t, 1, owners)
				require.Len(t, writes(server), 1)
				require.Zero(t, d.connector.ExcludingChanges())
			})
		}
	}
}

// An owner who is only in a stale list does not count as another owner.
func TestOwnerInAStaleList(t *testing.T) {
	t.Parallel()
	server := newServer(oneOwner)
	server.LastOwnerMayGo = true
	server.SetFault("GET /organization/users", openaitest.Fault{
		Body: `{"object":"list","data":[{"id":"ola","role":"owner"},{"id":"ole","role":"owner"},{"id":"nobody","role":"owner"}],"has_more":false}`,
	})
	before := server.Snapshot()
	requireRefusal(t, revoked(ownerRole, "user:ola")(t.Context(), connect(t, server)), "ola is the last owner")
	requireState(t, before, server)
}

// Of two roles of one exclusion group for one principal, the second one replaces the first one and reports that.
func TestRolesOfOneExclusionGroupAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string][2]access{
		"a project's, to a user who is not in it": {{alphaOwner, "user:eva"}, {alphaViewer, "user:eva"}},
		"a project's, to a user who is in it":     {{alphaOwner, "user:ben"}, {alphaViewer, "user:ben"}},
		"the organization's":                      {{ownerRole, "user:ann"}, {readerRole, "user:ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			ended := d.holdWrites(t)
			var answers [2]*v2.GrantManagerServiceGrantResponse
			change := func(i int) func(context.Context, testConnector) error {
				return func(ctx context.Context, d testConnector) error {
					defer ended.Add(1) // a change that finds the role held writes nothing
					var err error
					answers[i], err = d.grant(ctx, shapes["full"], test[i])
					return err
				}
			}
			for _, err := range atOnce(t.Context(), d, change(0), change(1)) {
				require.NoError(t, err)
			}
			after := server.Snapshot()
			require.NotEqual(t, holds(&after, test[0]), holds(&after, test[1]))
			for i := range test {
				replaced := &v2.GrantReplaced{}
				pick(t, answers[i].GetAnnotations(), replaced)
				if holds(&after, test[i]) {
					require.Equal(t, test[1-i].grantID(), replaced.GetReplacedGrantId())
				}
			}
		})
	}
}

// Changes that do not exclude each other run at the same time: each write is held until the others have arrived.
func TestOtherChangesRunAtOnce(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	changes := []func(context.Context, testConnector) error{
		granted(alphaOwner, "user:eva"), granted(alphaViewer, "user:dora"), granted("project:beta:owner", "user:eva"), granted(auditRole, "user:eva"),
		granted(billRole, "user:eva"), granted(ownerRole, "user:ann"), granted(teamMember, "user:eva"), granted("group:empty:member", "user:eva"),
		granted(alphaMember, "group:empty"), granted(alphaOwner, "service_account:svc-1"), deleted("user:ben", ""), deleted("invitation:inv-pending", ""),
	}
	var arrived sync.WaitGroup
	arrived.Add(len(changes))
	server.OnRequest = func(request openaitest.Request) {
		if request.Method != http.MethodGet {
			arrived.Done()
			arrived.Wait()
		}
	}
	for i, err := range atOnce(t.Context(), d, changes...) {
		require.NoError(t, err, i)
	}
	require.Len(t, writes(server), len(changes))
	require.Zero(t, d.connector.ExcludingChanges())
}

// A change waits for another one no longer than its caller does, and leaves no entry behind.
func TestWaitingForAnotherChangeEndsWithTheContext(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	held, release := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	server.OnRequest = func(request openaitest.Request) {
		if request.Method != http.MethodGet {
			close(held)
			<-release
		}
	}
	first := make(chan error, 1)
	go func() { first <- granted(alphaOwner, "user:eva")(context.WithoutCancel(t.Context()), d) }()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() { second <- d.grantDirectly(ctx, access{alphaViewer, "user:eva"}) }()
	require.Eventually(t, func() bool { return d.connector.WaitingChanges() == 1 }, time.Minute, time.Millisecond)
	cancel()
	err := <-second
	require.Equal(t, codes.Canceled, status.Code(err), err)
	requireMessage(t, err, "waiting for another change of the same")
	letGo()
	require.NoError(t, <-first)
	require.Zero(t, d.connector.ExcludingChanges())
	require.Equal(t, []string{addProjectUser}, writes(server))
}

// Two invitations of one address create one, and two groups of one name create two.
func TestCreationsAtOnce(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	d.holdWrites(t)
	invite := invited(t, map[string]any{"email": "new@example.com"})
	other := invited(t, map[string]any{"email": "New@example.com"})
	for _, err := range atOnce(t.Context(), d, invite, other) {
		require.NoError(t, err)
	}
	require.Equal(t, []string{createInvite}, writes(server))

	server = newServer()
	d = connect(t, server)
	d.holdWrites(t)
	var ids sync.Map
	create := func(name string) func(ctx context.Context, d testConnector) error {
		return func(ctx context.Context, d testConnector) error {
			answer, err := newGroup(name)(ctx, d)
			ids.Store(answer.GetCreated().GetId().GetResource(), true)
			return err
		}
	}
	for _, err := range atOnce(t.Context(), d, create("Night shift"), create(" Night shift ")) {
		require.NoError(t, err)
	}
	count := 0
	ids.Range(func(any, any) bool { count++; return true })
	require.Equal(t, 2, count, fmt.Sprint(writes(server)))
}
