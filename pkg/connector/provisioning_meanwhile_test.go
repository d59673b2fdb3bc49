package connector_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// changeBefore changes the organization before the answer to the first request of a route, like another client.
func changeBefore(server *openaitest.Server, route string, change func(*openaitest.Organization)) {
	var once sync.Once // a sync sends several requests at a time
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == route {
			once.Do(func() { server.Update(change) })
		}
	}
}

// If another client adds the same user or group with another role first, the requested role is still the result.
func TestGrantDuringAnotherGrant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		access access
		route  string
		change func(*openaitest.Organization)
		want   func(*openaitest.Organization)
	}{
		"the same role": {access{alphaMember, "user:eva"}, addProjectUser, joined("eva", "member"), joined("eva", "member")},
		"another role":  {access{alphaMember, "user:eva"}, addProjectUser, joined("eva", "viewer"), joined("eva", "member")},
		"the same role to a group": {
			access{alphaMember, "group:empty"}, addProjectGroup, addedGroup("empty", "member"), addedGroup("empty", "member"),
		},
		"another role to a group": {
			access{alphaMember, "group:empty"}, addProjectGroup, addedGroup("empty", "viewer"), addedGroup("empty", "viewer", "member"),
		},
		// The membership for a custom role exists by then, and is kept.
		"a custom role next to another role": {access{tuneRole, "user:eva"}, addProjectUser, joined("eva", "owner"), joined("eva", "owner", "r-tune")},
		"a custom role next to a role of another name": {
			access{tuneRole, "user:eva"}, addProjectUser, joined("eva", "editor"), joined("eva", "editor", "r-tune"),
		},
		"a custom role next to another role of a group": {
			access{tuneRole, "group:empty"}, addProjectGroup, addedGroup("empty", "viewer"), addedGroup("empty", "viewer", "r-tune"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			changeBefore(server, test.route, test.change)
			d := connect(t, server)
			want := server.Snapshot()
			test.want(&want)
			answer, err := d.grant(t.Context(), shapes["full"], test.access)
			require.NoError(t, err)
			requireState(t, want, server)
			requireGrants(t, []access{test.access}, answer.GetGrants())
		})
	}
}

// If a role was granted a moment ago and reads late, granting a custom role neither replaces it nor adds another one.
func TestCustomProjectRoleAfterARoleThatReadsLate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, access access
		want           func(*openaitest.Organization)
	}{
		"user":  {access{alphaOwner, "user:eva"}, access{tuneRole, "user:eva"}, joined("eva", "owner", "r-tune")},
		"group": {access{alphaViewer, "group:empty"}, access{tuneRole, "group:empty"}, addedGroup("empty", "viewer", "r-tune")},
	}
	for name, test := range tests {
		for lag := 1; lag <= 10; lag++ {
			t.Run(fmt.Sprintf("%s, %d", name, lag), func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.WriteLag = lag
				d := connect(t, server)
				want := server.Snapshot()
				test.want(&want)
				_, err := d.grant(t.Context(), shapes["full"], test.before)
				require.NoError(t, err)
				_, err = d.grant(t.Context(), shapes["full"], test.access)
				require.NoError(t, err)
				requireState(t, want, server)
			})
		}
	}
}

// A revocation removes the named role and no other, also while the group is granted another role.
func TestRevokeWhileAGroupIsGivenAnotherRole(t *testing.T) {
	t.Parallel()
	auditors := access{alphaMember, "group:auditors"}
	t.Run("meanwhile", func(t *testing.T) {
		t.Parallel()
		server := newServer()
		changeBefore(server, unassignInProject, setProjectGroup("auditors", "member", "viewer"))
		want := server.Snapshot()
		setProjectGroup("auditors", "viewer")(&want)
		require.NoError(t, revoked(auditors.entitlement, auditors.principal)(t.Context(), connect(t, server)))
		requireState(t, want, server)
	})
	for lag := 1; lag <= 6; lag++ {
		t.Run(fmt.Sprintf("before, read late, %d", lag), func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.WriteLag = lag
			d := connect(t, server)
			want := server.Snapshot()
			setProjectGroup("auditors", "viewer")(&want)
			require.NoError(t, granted(alphaViewer, auditors.principal)(t.Context(), d))
			require.NoError(t, revoked(auditors.entitlement, auditors.principal)(t.Context(), d))
			requireState(t, want, server)
		})
	}
}

// Each revocation reads the role first, so that a member who has become an owner is not removed.
func TestRevokeReadsEachTime(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	ben := access{alphaMember, "user:ben"}
	_, err := d.grant(t.Context(), shapes["full"], access{alphaOwner, "user:ben"})
	require.NoError(t, err)
	before := server.Snapshot()
	_, err = d.revoke(context.WithoutCancel(t.Context()), shapes["full"], ben)
	require.NoError(t, err)
	requireState(t, before, server)
}
