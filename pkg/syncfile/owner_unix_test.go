//go:build !windows

package syncfile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/syncfile"
)

// An existing file keeps its owner and its group, without which its mode would let others read it, or nobody.
func TestOwnerStays(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may give a file to somebody else")
	}
	const owner, group = 12345, 23456
	path := filepath.Join(t.TempDir(), "sync.c1z")
	write(t, path, c1zstore.EnginePebble, true)
	require.NoError(t, os.Chown(path, owner, group))
	require.NoError(t, os.Chmod(path, 0o640))
	file, err := syncfile.Prepare(t.Context(), path, syncfile.Sync{TemporaryDirectory: t.TempDir()})
	require.NoError(t, err)
	defer file.Release()
	write(t, file.Path, c1zstore.EnginePebble, true)
	require.NoError(t, file.Finish(nil))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	about, is := info.Sys().(*syscall.Stat_t)
	require.True(t, is)
	assert.EqualValues(t, owner, about.Uid)
	assert.EqualValues(t, group, about.Gid)
}
