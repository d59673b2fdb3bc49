//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package syncfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock locks the file, unless another process has.
func tryLock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) //nolint:gosec // a descriptor is small
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// removeLock removes the file before it unlocks it: afterwards it may be another run's.
func removeLock(file *os.File, path string) {
	if isOwn(file) {
		_ = os.Remove(path)
	}
	_ = file.Close()
}
