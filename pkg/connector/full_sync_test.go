package connector_test

import (
	"fmt"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A sync has exactly the rows of the organization, with each storage engine and number of workers.
func TestFullSyncEqualsTheOrganization(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		organization openaitest.Organization
		options      syncOptions
	}{
		{"sample", openaitest.Sample(), syncOptions{}},
		{"sample, sqlite, 4 workers", openaitest.Sample(), syncOptions{workers: 4, engine: c1zstore.EngineSQLite}},
		{"40 users, sequential", openaitest.Seeded(1, openaitest.Size{Users: 40, Groups: 6, Projects: 6}), syncOptions{}},
		{"40 users, 4 workers", openaitest.Seeded(1, openaitest.Size{Users: 40, Groups: 6, Projects: 6}), syncOptions{workers: 4}},
		{"no custom roles", openaitest.Seeded(2, openaitest.Size{Users: 40, CustomRoles: -1, ProjectsWithCustomRoles: -1}), syncOptions{workers: 4}},
		{"no groups", openaitest.Seeded(3, openaitest.Size{Users: 40, Groups: -1}), syncOptions{workers: 4}},
		{"no projects", openaitest.Seeded(4, openaitest.Size{Users: 40, Projects: -1}), syncOptions{}},
		{"one user", openaitest.Seeded(5, openaitest.Size{Users: 1}), syncOptions{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: test.organization, LargestPage: 7} // many pages of few users
			synced := runSync(t, server, test.options)
			require.NoError(t, synced.err)
			require.Empty(t, server.Unknown())

			want := expected(server.Snapshot())
			if test.options.engine == c1zstore.EngineSQLite {
				want = want.asSQLiteShows()
			}
			requireSame(t, want, readFile(t, synced.save(t)))
		})
	}
}

// Two syncs of an unchanged organization have the same rows, in any order of the workers.
func TestSyncIsDeterministic(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(6, openaitest.Size{Users: 25, Groups: 6, Projects: 4})
	first := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{})
	require.NoError(t, first.err)
	want := readRows(t, first.store)
	for _, workers := range []int{2, 8} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			t.Parallel()
			again := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{workers: workers})
			require.NoError(t, again.err)
			requireSame(t, want, readRows(t, again.store))
		})
	}
}
