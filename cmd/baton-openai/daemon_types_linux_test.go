package main

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

// A daemon that is started without types syncs those that the task names, each alone and in pairs: all of their
// resources and entitlements, and no grant that a full sync does not have.
func TestDaemonSyncsTheTypesOfTheTask(t *testing.T) {
	t.Parallel()
	types := []string{"organization", "user", "invitation", "organization_role", "group", "project", "project_role", "service_account", "api_key"}
	d := newDaemon(t)
	d.start()
	whole := rows(t, d.upload(d.do(fullSync())))
	ofProjects := d.projectKeys()
	for _, first := range types {
		for _, second := range []string{first, "project"} { // TestSyncOfTypesThatTheTaskNames of pkg/connector tests each pair
			asked := slices.Compact([]string{first, second})
			task := v1.Task_builder{SyncFull: v1.Task_SyncFullTask_builder{SyncResourceTypeIds: asked}.Build()}.Build()
			hasProjects := slices.Contains(asked, "project")
			if !hasProjects && slices.ContainsFunc(asked, func(name string) bool { return name == "project_role" || name == "service_account" }) {
				refused := d.outcome(d.conductorOne.Enqueue(task))
				assert.Equal(t, codes.InvalidArgument, refused.Status.Code(), "%v: %v", asked, refused.Status)
				continue
			}
			want, got := []string{}, []string{}
			isAsked := func(row string, separator string) bool {
				resourceType, id, _ := strings.Cut(row, separator)
				return slices.Contains(asked, resourceType) && (hasProjects || !ofProjects[id])
			}
			for _, row := range whole {
				if rest, ok := strings.CutPrefix(row, "resource "); ok && isAsked(rest, " ") {
					want = append(want, row)
				}
				if rest, ok := strings.CutPrefix(row, "entitlement "); ok && isAsked(rest, ":") {
					want = append(want, row)
				}
			}
			for _, row := range rows(t, d.upload(d.do(task))) {
				if strings.HasPrefix(row, "grant ") {
					assert.Contains(t, whole, row, asked)
					continue
				}
				got = append(got, row)
			}
			require.Equal(t, want, got, asked)
		}
	}
	d.stop()
}

// projectKeys returns the ids of the keys of projects.
func (d *daemon) projectKeys() map[string]bool {
	ids := map[string]bool{}
	for _, project := range d.api.Snapshot().Projects {
		for _, key := range project.APIKeys {
			ids[key.ID] = true
		}
	}
	return ids
}
