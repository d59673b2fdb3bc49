package syncfile

import (
	"errors"
	"os"
)

// lockSuffix is appended to the name of a file that a run writes, for its lock. The file itself cannot have it: it is replaced.
const lockSuffix = ".lock"

// lockTrials is how many other runs may end, and take their lock file away, just as this one opens it.
const lockTrials = 100

// errLocked is the error of a lock that another run has.
var errLocked = errors.New("locked")

// lock keeps other runs from the target until the returned function is called. The system ends a lock with its process, so it does
// not outlive a crash. Where no lock can be had, such as on some network file systems, a run goes without.
func lock(target string) (func(), error) {
	path := target + lockSuffix
	for range lockTrials {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, newFileMode) //nolint:gosec // beside the file that the operator names
		if err != nil {
			return func() {}, nil //nolint:nilerr // see above
		}
		switch err := tryLock(file); {
		case errors.Is(err, errLocked):
			_ = file.Close()
			return nil, errLocked
		case err != nil:
			return func() { removeLock(file, path) }, nil //nolint:nilerr // see above
		case isStill(file, path):
			return func() { removeLock(file, path) }, nil
		}
		_ = file.Close()
	}
	return nil, errLocked
}

// isStill tells whether the open file is the one of the path: the run before may have removed it meanwhile.
func isStill(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(opened, now)
}

// removeLock ends a lock and removes its file. A file that can be removed while it is open is removed first: afterwards it may be
// another run's.
func removeLock(file *os.File, path string) {
	own := isOwn(file)
	if own && removesOpenFiles {
		_ = os.Remove(path)
	}
	_ = file.Close()
	if own && !removesOpenFiles {
		_ = os.Remove(path)
	}
}

// isOwn tells whether a file of this name is a lock. Locks are empty.
func isOwn(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular() && info.Size() == 0
}
