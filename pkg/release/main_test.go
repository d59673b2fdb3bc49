// Package release_test holds what is shipped, archives and images, to what builds it. There is nothing here but tests.
package release_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain runs the tests at the top of the repository, where what they read lies.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
