package connector_test

import (
	"os"
	"testing"
)

// The SDK's cache of answers is off, as in the command. Each client would keep its own cache until the end of the
// tests.
func TestMain(m *testing.M) {
	if err := os.Setenv("BATON_DISABLE_HTTP_CACHE", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
