package connector_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// grantCase is a grant that succeeds.
type grantCase struct {
	access

	prepare func(*openaitest.Organization)
	// effect changes the organization as the grant does; nil if nothing changes. sends are the routes of the writes.
	effect func(*openaitest.Organization)
	sends  []string
	// first is granted before; replaces is the grant that this one replaces.
	first, replaces access
}

// requireGranted grants in every shape: once, with exactly the expected change, and again, without a change and without
// a write.
func requireGranted(t *testing.T, cases map[string]grantCase) {
	t.Helper()
	for name, test := range cases {
		for shapeName, in := range shapes {
			t.Run(name+", "+shapeName, func(t *testing.T) {
				t.Parallel()
				server := newServer(test.prepare)
				d := connect(t, server)
				want := server.Snapshot()
				if test.effect != nil {
					test.effect(&want)
				}

				answer, err := d.grant(t.Context(), in, test.access)
				require.NoError(t, err)
				requireState(t, want, server)
				require.Equal(t, test.sends, writes(server))
				d.requireOneLine(t, test.entitlement, parseID(test.principal).GetResource())
				grants := []access{test.access}
				if test.first != (access{}) {
					grants = slices.Insert(grants, 0, test.first)
				}
				requireGrants(t, grants, answer.GetGrants())
				annos := annotations.Annotations(answer.GetAnnotations())
				require.Equal(t, test.effect == nil, annos.Contains(&v2.GrantAlreadyExists{}))
				replaced := &v2.GrantReplaced{}
				require.Equal(t, test.replaces != access{}, pick(t, annos, replaced))
				if test.replaces != (access{}) {
					require.Equal(t, test.replaces.grantID(), replaced.GetReplacedGrantId())
				}

				server.ResetRequests()
				answer, err = d.grant(t.Context(), in, test.access)
				require.NoError(t, err)
				requireState(t, want, server)
				require.Empty(t, writes(server))
				d.requireOneLine(t)
				requireGrants(t, []access{test.access}, answer.GetGrants())
				annos = answer.GetAnnotations()
				require.True(t, annos.Contains(&v2.GrantAlreadyExists{}))
				require.False(t, annos.Contains(&v2.GrantReplaced{}))
				require.Empty(t, server.Unknown())
			})
		}
	}
}

// revokeCase is a revocation that succeeds.
type revokeCase struct {
	access

	prepare func(*openaitest.Organization)
	// effect changes the organization as the revocation does; nil if nothing changes. sends are the routes of the
	// writes.
	effect func(*openaitest.Organization)
	sends  []string
	// deletes is the resource that is deleted by it.
	deletes string
	// keeps says that a group still gives the access, so that revoking it again is refused.
	keeps bool
}

// requireRevoked is [requireGranted] for revocations.
func requireRevoked(t *testing.T, cases map[string]revokeCase) {
	t.Helper()
	for name, test := range cases {
		for shapeName, in := range shapes {
			t.Run(name+", "+shapeName, func(t *testing.T) {
				t.Parallel()
				server := newServer(test.prepare)
				d := connect(t, server)
				want := server.Snapshot()
				if test.effect != nil {
					test.effect(&want)
				}

				answer, err := d.revoke(t.Context(), in, test.access)
				require.NoError(t, err)
				requireState(t, want, server)
				require.Equal(t, test.sends, writes(server))
				d.requireOneLine(t, test.entitlement, parseID(test.principal).GetResource())
				annos := annotations.Annotations(answer.GetAnnotations())
				require.Equal(t, test.effect == nil, annos.Contains(&v2.GrantAlreadyRevoked{}))
				deleted := &v2.ResourceDeleted{}
				pick(t, annos, deleted)
				require.Equal(t, test.deletes, id(deleted.GetResourceId()))

				server.ResetRequests()
				answer, err = d.revoke(t.Context(), in, test.access)
				requireState(t, want, server)
				require.Empty(t, writes(server))
				d.requireOneLine(t)
				if test.keeps {
					requireRefusal(t, err)
					return
				}
				require.NoError(t, err)
				annos = answer.GetAnnotations()
				require.True(t, annos.Contains(&v2.GrantAlreadyRevoked{}))
				require.Empty(t, server.Unknown())
			})
		}
	}
}

// requireRefusal checks that an error is a failed precondition and has the words.
func requireRefusal(t *testing.T, err error, says ...string) {
	t.Helper()
	require.Equal(t, codes.FailedPrecondition, status.Code(err), err)
	requireMessage(t, err, says...)
}

func requireMessage(t *testing.T, err error, says ...string) {
	t.Helper()
	text := status.Convert(err).Message()
	require.Equal(t, 1, strings.Count(text, "baton-openai:"), text)
	require.NotContains(t, text, testKey)
	for _, words := range says {
		require.Contains(t, text, words)
	}
}

// refusedCase is a change that is refused.
type refusedCase struct {
	do      func(context.Context, testConnector) error
	prepare func(*openaitest.Organization)
	says    []string
	// code is the expected code, FailedPrecondition if it is not set.
	code codes.Code
	// sends are the routes of writes that only the API can refuse.
	sends []string
}

func granted(entitlement, principal string) func(context.Context, testConnector) error {
	return func(ctx context.Context, d testConnector) error {
		_, err := d.grant(ctx, shapes["identity only"], access{entitlement, principal})
		return err
	}
}

func revoked(entitlement, principal string) func(context.Context, testConnector) error {
	return func(ctx context.Context, d testConnector) error {
		_, err := d.revoke(ctx, shapes["identity only"], access{entitlement, principal})
		return err
	}
}

func deleted(id, parent string) func(context.Context, testConnector) error {
	return func(ctx context.Context, d testConnector) error { return d.delete(ctx, id, parent) }
}

// requireAllRefused checks that the changes are refused, change nothing, and send only the writes that the API has to
// refuse.
func requireAllRefused(t *testing.T, cases map[string]refusedCase) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		test := cases[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			before := server.Snapshot()
			d := connect(t, server)
			err := test.do(t.Context(), d)
			want := test.code
			if want == codes.OK {
				want = codes.FailedPrecondition
			}
			require.Equal(t, want, status.Code(err), err)
			requireMessage(t, err, test.says...)
			requireState(t, before, server)
			require.Equal(t, test.sends, writes(server))
			d.requireOneLine(t)
			require.Empty(t, server.Unknown())
		})
	}
}
