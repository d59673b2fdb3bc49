package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// piaIsInvited gives the pending invitation a role and projects; nil removes the projects from the API's answer.
func piaIsInvited(role string, projects ...openaitest.InviteProject) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { o.Invites[0].Role, o.Invites[0].Projects = role, projects }
}

// A pending invitation with the requested role and projects is kept. A request without projects accepts any.
func TestCreateAccountOfAnInvitedUser(t *testing.T) {
	t.Parallel()
	alpha, beta := openaitest.InviteProject{ID: "alpha", Role: "member"}, openaitest.InviteProject{ID: "beta", Role: "owner"}
	untold := func(o *openaitest.Organization) {
		o.Invites[0].JSON = openaitest.Fields{"projects": openaitest.Absent{}}
	}
	for name, test := range map[string]struct {
		profile map[string]any
		prepare func(*openaitest.Organization)
	}{
		"email alone":       {profile: map[string]any{"email": "Pia@Example.com"}},
		"another spelling":  {profile: map[string]any{"email": "pia@example.com", "role": "reader", "projects": []any{}}},
		"the same projects": {map[string]any{"email": "pia@example.com", "projects": []any{"beta:owner", "alpha"}}, piaIsInvited("reader", alpha, beta)},
		"no role in a project is told": {
			map[string]any{"email": "pia@example.com", "projects": []any{"alpha"}}, piaIsInvited("reader", openaitest.InviteProject{ID: "alpha"}),
		},
		"a project twice, in capitals": {
			map[string]any{"email": "pia@example.com", "projects": []any{"alpha"}},
			piaIsInvited("reader", openaitest.InviteProject{ID: "alpha", Role: "Member"}, openaitest.InviteProject{ID: "alpha", Role: "member"}),
		},
		"no projects named":                {map[string]any{"email": "pia@example.com"}, piaIsInvited("reader", alpha, beta)},
		"the same role":                    {map[string]any{"email": "pia@example.com", "role": "owner"}, piaIsInvited("owner")},
		"the old word for a reader":        {map[string]any{"email": "pia@example.com", "role": "reader"}, piaIsInvited("member")},
		"no projects, which are not told":  {map[string]any{"email": "pia@example.com", "projects": []any{}}, untold},
		"projects unnamed and not told of": {map[string]any{"email": "pia@example.com"}, untold},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			before := server.Snapshot()
			d := connect(t, server)
			answer, err := d.createAccount(t.Context(), accountInfo(t, test.profile))
			require.NoError(t, err)
			require.Equal(t, "invitation:inv-pending", id(answer.GetSuccess().GetResource().GetId()))
			require.EqualValues(t, now+100, answer.GetSuccess().GetInvitationExpiresAt().GetSeconds())
			requireState(t, before, server)
			require.Empty(t, writes(server))
			d.requireOneLine(t, "nothing to do")
		})
	}
}

// A pending invitation with another role or other projects is deleted and sent again.
func TestCreateAccountWithAnotherPendingInvitation(t *testing.T) {
	t.Parallel()
	alpha := openaitest.InviteProject{ID: "alpha", Role: "member"}
	for name, test := range map[string]struct {
		profile map[string]any
		prepare func(*openaitest.Organization)
		role    string
		want    []openaitest.InviteProject
	}{
		"more":       {map[string]any{"email": "pia@example.com", "role": "owner"}, nil, "owner", []openaitest.InviteProject{}},
		"less":       {map[string]any{"email": "pia@example.com"}, piaIsInvited("owner"), "reader", []openaitest.InviteProject{}},
		"a project":  {map[string]any{"email": "pia@example.com", "projects": []any{"alpha"}}, nil, "reader", []openaitest.InviteProject{alpha}},
		"no project": {map[string]any{"email": "pia@example.com", "projects": []any{}}, piaIsInvited("reader", alpha), "reader", []openaitest.InviteProject{}},
		"another role in project": {
			map[string]any{"email": "pia@example.com", "projects": []any{"alpha"}},
			piaIsInvited("reader", openaitest.InviteProject{ID: "alpha", Role: "owner"}), "reader", []openaitest.InviteProject{alpha},
		},
	} {
		for lag := range 3 {
			t.Run(fmt.Sprintf("%s, %d", name, lag), func(t *testing.T) {
				t.Parallel()
				server := newServer(test.prepare)
				server.WriteLag = lag
				d := connect(t, server)
				answer, err := d.createAccount(t.Context(), accountInfo(t, test.profile))
				require.NoError(t, err)
				require.Equal(t, []string{deleteInvite, createInvite}, writes(server))
				invites := server.Snapshot().Invites
				require.Len(t, invites, 3)
				made := invites[2]
				require.Equal(t, made.ID, answer.GetSuccess().GetResource().GetId().GetResource())
				require.Equal(t, test.role, made.Role)
				require.Equal(t, test.want, made.Projects)
				d.requireOneLine(t, "pia@example.com", "taken_back", "inv-pending")
			})
		}
	}
}

// An invitation is not deleted if the new one is known to fail. If it fails later, the error says both.
func TestInvitationThatCannotBeSentAnew(t *testing.T) {
	t.Parallel()
	profile := map[string]any{"email": "pia@example.com", "projects": []any{"delta"}}
	requireAllRefused(t, map[string]refusedCase{
		"a project that is gone": {do: invited(t, profile), says: []string{"there is no project delta"}},
	})
	server := newServer()
	server.PaymentMethodMissing = true
	d := connect(t, server)
	_, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": "pia@example.com", "role": "owner"}))
	requireRefusal(t, err, "the invitation inv-pending is taken back, and no other one is sent", "payment_method_required")
	d.requireOneLine(t, "taken_back", "inv-pending")
}

// OpenAI may refuse a new invitation for a while after the old one is deleted.
func TestInvitationThatBlocksForAWhile(t *testing.T) {
	t.Parallel()
	for email, prepare := range map[string]func(*openaitest.Organization){"pia@example.com": piaIsInvited("owner"), "ivo@example.com": nil} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			server := newServer(prepare)
			server.ExpiredInvitesBlock = true
			inTheWay := openaitest.Fault{Status: 400, Body: object("", email+" has already been invited."), Times: 1}
			if prepare == nil {
				inTheWay.Times = 2
			}
			server.SetFault(createInvite, inTheWay)
			answer, err := connect(t, server).createAccount(t.Context(), accountInfo(t, map[string]any{"email": email}))
			require.NoError(t, err)
			invites := server.Snapshot().Invites
			require.Len(t, invites, 3)
			require.Equal(t, invites[2].ID, answer.GetSuccess().GetResource().GetId().GetResource())
		})
	}
}

// An expired invitation is deleted only if OpenAI refuses the new one because of it.
func TestExpiredInvitationThatBlocks(t *testing.T) {
	t.Parallel()
	for _, blocks := range []bool{false, true} {
		t.Run(fmt.Sprint(blocks), func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.ExpiredInvitesBlock = blocks
			d := connect(t, server)
			answer, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": "Ivo@example.com"}))
			require.NoError(t, err)
			invites := server.Snapshot().Invites
			made := invites[len(invites)-1]
			require.Equal(t, made.ID, answer.GetSuccess().GetResource().GetId().GetResource())
			if blocks {
				require.Equal(t, []string{createInvite, deleteInvite, createInvite}, writes(server))
				require.Len(t, invites, 3)
				d.requireOneLine(t, "taken_back", "inv-expired")
				return
			}
			require.Equal(t, []string{createInvite}, writes(server))
			require.Len(t, invites, 4)
		})
	}
}

// Answers may leave out the projects of an invitation. That says nothing against the one that was sent; one that was there before is
// sent anew.
func TestInvitationsWithoutProjects(t *testing.T) {
	t.Parallel()
	leaveOut := func(o *openaitest.Organization) {
		for i := range o.Invites {
			o.Invites[i].JSON = openaitest.Fields{"projects": openaitest.Absent{}}
		}
	}
	for email, writesWanted := range map[string][]string{"new@example.com": {createInvite}, "pia@example.com": {deleteInvite, createInvite}} {
		server := newServer(leaveOut)
		changed := false
		server.OnRequest = func(request openaitest.Request) {
			if !changed && len(writes(server)) == len(writesWanted) && request.Method == http.MethodGet {
				changed = true
				server.Update(leaveOut)
			}
		}
		answer, err := connect(t, server).createAccount(t.Context(), accountInfo(t, map[string]any{"email": email, "projects": []any{"alpha"}}))
		require.NoError(t, err)
		require.True(t, changed)
		require.Equal(t, writesWanted, writes(server))
		invites := server.Snapshot().Invites
		require.Equal(t, invites[len(invites)-1].ID, answer.GetSuccess().GetResource().GetId().GetResource())
	}
}

// An answer with the expired invitation invites nobody. That one is deleted, and the person invited again.
func TestAnswerWithTheExpiredInvitation(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 0} {
		server := newServer()
		server.SetFault(createInvite, openaitest.Fault{Times: times, Body: `{"id":"inv-expired","email":"ivo@example.com","role":"owner","status":"expired"}`})
		d := connect(t, server)
		answer, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": "ivo@example.com", "role": "owner"}))
		require.Equal(t, []string{createInvite, deleteInvite, createInvite}, writes(server))
		if times == 0 {
			requireRefusal(t, err, "the invitation inv-expired is taken back, and no other one is sent", "OpenAI answered with the invitation inv-expired: it is an older one")
			continue
		}
		require.NoError(t, err)
		invites := server.Snapshot().Invites
		require.Equal(t, invites[len(invites)-1].ID, answer.GetSuccess().GetResource().GetId().GetResource())
	}
}

// If the invitation is accepted while it is deleted, the account exists.
func TestInvitationThatIsAcceptedMeanwhile(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == deleteInvite {
			server.Update(func(o *openaitest.Organization) {
				o.Invites[0].Status = "accepted"
				o.Users = append(o.Users, openaitest.User{ID: "pia", Email: "Pia@Example.com", Role: "reader", AddedAt: now})
			})
		}
	}
	answer, err := connect(t, server).createAccount(t.Context(), accountInfo(t, map[string]any{"email": "pia@example.com", "role": "owner"}))
	require.NoError(t, err)
	require.Equal(t, "user:pia", id(answer.GetAlreadyExists().GetResource().GetId()))
}

// Unknown keys of a profile leave a line in the log.
func TestProfileWithUnknownKeys(t *testing.T) {
	t.Parallel()
	d := connect(t, newServer())
	_, err := d.createAccount(context.WithoutCancel(t.Context()), accountInfo(t, map[string]any{"email": "new@example.com", "project": "alpha", "Role": "owner"}))
	require.NoError(t, err)
	warnings := d.logs.FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, warnings, 1)
	require.Equal(t, "baton-openai: nothing is done with these keys of the profile", warnings[0].Message)
	require.Equal(t, []any{"Role", "project"}, warnings[0].ContextMap()["keys"])
}
