package connector_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// randomChange is a change, its principal or object, and a check of the requested state.
type randomChange struct {
	name, of string
	do       func(context.Context, testConnector) error
	isDone   func(*openaitest.Organization) bool
}

// randomChanges generates changes of an organization.
type randomChanges struct {
	*rand.Rand

	all []access
}

func pickOne[T any](r randomChanges, from []T) T { return from[r.IntN(len(from))] }

func (r randomChanges) next() randomChange {
	switch r.IntN(8) {
	case 0:
		return r.deletion()
	case 1:
		return r.invitation()
	default:
		return r.grantOrRevocation(pickOne(r, r.all))
	}
}

// nextOf is a change of the same principal, if it can have access.
func (r randomChanges) nextOf(of string) randomChange {
	var same []access
	for _, a := range r.all {
		if a.principal == of {
			same = append(same, a)
		}
	}
	if len(same) == 0 {
		return r.next()
	}
	return r.grantOrRevocation(pickOne(r, same))
}

func (r randomChanges) grantOrRevocation(a access) randomChange {
	if r.IntN(2) == 0 {
		return randomChange{
			"grant " + a.grantID(), a.principal,
			func(ctx context.Context, d testConnector) error { return d.grantDirectly(ctx, a) },
			func(o *openaitest.Organization) bool { return holds(o, a) },
		}
	}
	return randomChange{
		"revoke " + a.grantID(), a.principal,
		func(ctx context.Context, d testConnector) error { return d.revokeDirectly(ctx, a) },
		func(o *openaitest.Organization) bool { return !holds(o, a) },
	}
}

func (r randomChanges) deletion() randomChange {
	id := pickOne(r, []string{"invitation:inv-pending", "invitation:inv-expired", "api_key:key-ann", "api_key:key-other", "service_account:svc-gone"})
	return randomChange{"delete " + id, id, deleted(id, ""), func(o *openaitest.Organization) bool {
		return !strings.Contains(strings.Join(state(*o), "\n"), "{ID:"+parseID(id).GetResource()+" ")
	}}
}

func (r randomChanges) invitation() randomChange {
	email, role := pickOne(r, []string{"pia@example.com", "ivo@example.com", "new@example.com"}), pickOne(r, []string{"reader", "owner"})
	projects := pickOne(r, [][]string{{}, {"alpha"}, {"beta", "alpha"}})
	named := make([]any, len(projects))
	for i, project := range projects {
		named[i] = project
	}
	profile := map[string]any{"email": email, "role": role, "projects": named}
	return randomChange{fmt.Sprintf("invite %v", profile), "email:" + email, func(ctx context.Context, d testConnector) error {
		return d.inviteDirectly(ctx, profile)
	}, func(o *openaitest.Organization) bool {
		pending := 0
		as := false
		for _, invite := range o.Invites {
			if strings.EqualFold(invite.Email, email) && invite.Status == "pending" {
				pending++
				as = invite.Role == role && slices.Equal(projects, many(len(invite.Projects), func(i int) string { return invite.Projects[i].ID }))
			}
		}
		return pending == 1 && as
	}}
}

// writeFaults are faults of a write, and of its answer.
func writeFaults() []openaitest.Fault {
	return []openaitest.Fault{
		{}, {}, {}, {Status: 500}, {Status: 500, AfterEffect: true}, {Status: 404, AfterEffect: true}, {Reset: true, AfterEffect: true},
		{Drop: true}, {Gateway: true, AfterEffect: true}, {Status: 409}, {NotDeleted: true}, {NotDeleted: true, NoEffect: true}, {Twice: true},
		{Role: "member"}, {Role: "member", NoEffect: true}, {Role: "owner", NoEffect: true}, {NoEffect: true}, {Status: 503, AfterEffect: true, Twice: true},
	}
}

var writeRoutes = []string{
	modifyUser, deleteUser, assignUserRole, unassignUserRole, assignGroupRole, unassignGroupRole, addGroupMember, removeGroupMember,
	addProjectUser, modifyProjectUser, removeProjectUser, modifyServiceAccount, addProjectGroup, removeProjectGroup, assignInProject, unassignInProject,
	assignProjectUser, unassignProjectUser, createInvite, deleteInvite, deleteProjectKey, deleteAdminKey,
}

// Two random changes at a time, to an API with late, lost, wrong and repeated answers. A success is in the
// organization, unless the other change has replaced it or the log says that it does not show. A failure has changed
// nothing.
func TestRandomChangesTwoAtATime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := randomChanges{rand.New(rand.NewPCG(seed, 2)), everyAccess(smallOrganization())}
			server := newServer()
			d := connect(t, server)
			succeeded, failed, warned := 0, 0, 0
			for range 60 {
				lag, fault := r.IntN(3), pickOne(r, writeFaults())
				fault.Times = 1 + r.IntN(2)
				server.Update(func(*openaitest.Organization) { server.WriteLag = lag })
				for _, route := range writeRoutes {
					server.SetFault(route, fault)
				}
				before := server.Snapshot()
				first := r.next()
				second := r.next()
				if r.IntN(2) == 0 {
					second = r.nextOf(first.of)
				}
				core, logs := observer.New(zap.WarnLevel)
				errs := atOnce(ctxzap.ToContext(t.Context(), zap.New(core)), d, first.do, second.do)
				after := server.Snapshot()
				unseen := logs.FilterMessage(notShownYet).Len()+d.logs.FilterMessage(notShownYet).Len() > 0
				d.logs.TakeAll()
				for i, c := range []randomChange{first, second} {
					other := errs[1-i]
					otherOfTheSame := first.of == second.of
					what := fmt.Sprintf("%s: %v; next to %s: %v; lag %d, %+v", c.name, errs[i], []randomChange{second, first}[i].name, other, lag, fault)
					switch {
					case errs[i] == nil && c.isDone(&after):
						succeeded++
					case errs[i] == nil && unseen:
						warned++
					case errs[i] == nil:
						require.True(t, otherOfTheSame && other == nil, what)
					default:
						failed++
						require.True(t, c.isDone(&after) == c.isDone(&before) || otherOfTheSame, what)
					}
				}
			}
			require.Greater(t, succeeded, 20)
			require.Greater(t, failed, 10)
			require.Less(t, warned, 20)
			require.Empty(t, server.Unknown())
			require.Zero(t, d.connector.ExcludingChanges())
		})
	}
}
