//go:build unix

package process

import (
	"fmt"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/failure"
)

// minOpenFiles is enough for the store of a sync and the connections.
const minOpenFiles = 256

// CheckFileLimit fails if the process may open too few files.
func CheckFileLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < minOpenFiles {
		return &failure.Error{
			Code:    codes.FailedPrecondition,
			Message: fmt.Sprintf("baton-openai: this process may open %d files, and needs %d: raise the limit (ulimit -n)", limit.Cur, minOpenFiles),
		}
	}
	return nil
}

// RestrictNewFiles keeps other users from the files that the process makes from now on. The SDK makes them readable for everybody.
func RestrictNewFiles() { unix.Umask(0o077) }
