//go:build unix

package oneshot

import (
	"fmt"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

// leastFiles is what the store of a sync and the connections need, with room to spare.
const leastFiles = 256

// CheckLimits refuses to run in a process that may open too few files.
func CheckLimits() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < leastFiles {
		return &failedError{
			Code:    codes.FailedPrecondition,
			Message: fmt.Sprintf("baton-openai: this process may open %d files, and needs %d: raise the limit (ulimit -n)", limit.Cur, leastFiles),
		}
	}
	return nil
}

// private keeps others from the files that the process makes from here on: the SDK makes them for everybody to read.
func private() { unix.Umask(0o077) }
