package connector_test

import (
	"os"
	"testing"
)

// The SDK's cache of answers is off, as the command has it: each client would keep one of its own to the end of the tests.
func TestMain(m *testing.M) {
	if err := os.Setenv("BATON_DISABLE_HTTP_CACHE", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
