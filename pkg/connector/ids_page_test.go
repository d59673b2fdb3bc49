package connector_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tableRows returns the cells of the table with this header, without the marks of code.
func tableRows(t *testing.T, page, header string) [][]string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n"+header+"\n")
	require.True(t, found, header)
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(table, "\n")[1:]
	rows := make([][]string, 0, len(lines))
	for _, line := range lines {
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// docs/resources.md has every type with its profile, and every entitlement with the types that it is grantable to.
func TestPageListsPinnedNames(t *testing.T) {
	t.Parallel()
	const page = "../../docs/resources.md"
	synced := syncPinned(t)

	profiles := map[string]map[string]bool{"security_insight": {}}
	for _, row := range decode[resourceRow](t, synced.Resources) {
		resourceType, _, _ := strings.Cut(row.ID, ":")
		if profiles[resourceType] == nil {
			profiles[resourceType] = map[string]bool{}
		}
		for key := range row.Profile {
			profiles[resourceType][key] = true
		}
	}
	want, got := map[string]string{}, map[string]string{}
	for resourceType, keys := range profiles {
		want[resourceType] = strings.Join(slices.Sorted(maps.Keys(keys)), ", ")
	}
	for _, row := range tableRows(t, page, "| type | trait | id | parent | profile |") {
		got[row[0]] = row[4]
	}
	require.Equal(t, want, got)

	want, got = map[string]string{}, map[string]string{}
	ids := strings.NewReplacer("proj_1/role_2", "<project id>/<role id>", "role_1", "<role id>", "group_1", "<id>", "proj_1", "<id>")
	for _, row := range decode[entitlementRow](t, synced.Entitlements) {
		want[ids.Replace(row.ID)] = strings.Join(row.GrantableTo, ", ")
	}
	for _, row := range tableRows(t, page, "| entitlement | granted to | only one of |") {
		got[row[0]] = row[1]
	}
	require.Equal(t, want, got)
}
