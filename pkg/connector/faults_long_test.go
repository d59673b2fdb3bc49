//go:build long

package connector_test

import "testing"

// The whole table, as far as the syncer comes.
func TestSoakFaultTableInTheFile(t *testing.T) {
	t.Parallel()
	requireTruth(t, syncerTable(t))
}
