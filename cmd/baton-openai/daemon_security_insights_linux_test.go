package main

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/require"
)

// With --security-insights, a daemon lists them in a full sync, and in a sync of the types that a task names. Without
// the flag, it lists none, even for such a task.
func TestDaemonListsSecurityInsights(t *testing.T) {
	t.Parallel()
	const insight = "resource security_insight key_owner_without_access/key_Forgotten"
	isInsight := func(row string) bool { return strings.HasPrefix(row, "resource security_insight ") }
	alone := v1.Task_builder{SyncFull: v1.Task_SyncFullTask_builder{SyncResourceTypeIds: []string{"security_insight"}}.Build()}.Build()
	for name, test := range map[string]struct {
		args []string
		want []string
	}{"on": {[]string{"--security-insights"}, []string{insight}}, "off": {nil, []string{}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaemon(t)
			d.start(test.args...)
			whole := rows(t, d.upload(d.do(fullSync())))
			require.Equal(t, test.want, slices.DeleteFunc(whole, func(row string) bool { return !isInsight(row) }))
			require.ElementsMatch(t, test.want, rows(t, d.upload(d.do(alone))))
			d.stop()
		})
	}
}
