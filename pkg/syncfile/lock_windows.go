package syncfile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// removesOpenFiles is false: Windows removes no file that is open, and so none that another run has locked meanwhile.
const removesOpenFiles = false

// tryLock locks the file, unless another process has.
func tryLock(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errLocked
	}
	return err
}
