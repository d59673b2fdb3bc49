//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package syncfile

import (
	"errors"
	"os"
)

// tryLock locks nothing: this system has no lock that ends with its process.
func tryLock(*os.File) error { return errors.ErrUnsupported }

func removeLock(file *os.File, path string) {
	own := isOwn(file)
	_ = file.Close()
	if own {
		_ = os.Remove(path)
	}
}
