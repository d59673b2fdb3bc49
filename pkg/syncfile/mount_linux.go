package syncfile

import "golang.org/x/sys/unix"

// isMount tells whether a file is mounted alone, as a container may have it. Such a file cannot be replaced by another.
func isMount(path string) bool {
	var about unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS, &about)
	return err == nil && about.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}
