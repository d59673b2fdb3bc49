//go:build !windows

package syncfile

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group of an earlier one, or the group alone, as far as this process may. The mode of the
// earlier one means them.
func keepOwner(path string, earlier fs.FileInfo) {
	about, is := earlier.Sys().(*syscall.Stat_t)
	if is && os.Lchown(path, int(about.Uid), int(about.Gid)) != nil {
		_ = os.Lchown(path, -1, int(about.Gid))
	}
}
