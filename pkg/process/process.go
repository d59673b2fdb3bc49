// Package process adapts to the operating system's limits and modes for this process.
package process

import (
	"errors"
	"fmt"
	"os"
)

// UseTemporaryDirectory has this process use the directory for all temporary files. The SDK knows the flag in most places only: it
// unpacks the file of a change, and expands grants, where the system says.
func UseTemporaryDirectory(path string) error {
	// Windows has the second one.
	if err := errors.Join(os.Setenv("TMPDIR", path), os.Setenv("TMP", path)); err != nil {
		return fmt.Errorf("baton-openai: setting the temporary directory: %w", err)
	}
	return nil
}
