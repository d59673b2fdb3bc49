//go:build !windows

package syncfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const removesOpenFiles = true

// tryLock locks the file, unless another process has.
func tryLock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) //nolint:gosec // a descriptor is small
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
