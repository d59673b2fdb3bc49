package syncfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/syncfile"
)

// write makes a file with one sync, finished or not.
func write(t *testing.T, path string, engine c1zstore.Engine, isFinished bool) {
	t.Helper()
	store, err := dotc1z.NewStore(t.Context(), path, dotc1z.WithEngine(engine), dotc1z.WithTmpDir(t.TempDir()))
	require.NoError(t, err)
	_, err = store.StartNewSync(t.Context(), connectorstore.SyncTypeFull, "")
	require.NoError(t, err)
	require.NoError(t, store.CheckpointSync(t.Context(), "here"))
	if isFinished {
		require.NoError(t, store.EndSync(t.Context()))
	}
	require.NoError(t, store.Close(t.Context()))
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// open prepares the file and opens its store, as a run does.
func open(t *testing.T, path string, sync syncfile.Sync) error {
	t.Helper()
	sync.TemporaryDirectory = t.TempDir()
	file, err := syncfile.Prepare(t.Context(), path, sync)
	if err != nil {
		return err
	}
	defer file.Release()
	store, err := file.Open(t.Context(), dotc1z.WithTmpDir(t.TempDir()))
	if err != nil {
		return err
	}
	return store.Close(t.Context())
}

// A file that cannot be read as a sync is left as it is and named, with what to do.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	for _, engine := range []c1zstore.Engine{c1zstore.EnginePebble, c1zstore.EngineSQLite} {
		whole := filepath.Join(t.TempDir(), "whole")
		write(t, whole, engine, false)
		content := read(t, whole)
		for name, damaged := range map[string]string{
			"text":        "not a sync\n",
			"short":       "C1",
			"zeros":       string(make([]byte, 4096)),
			"only a head": content[:5],
			"a quarter":   content[:len(content)/4],
			"half":        content[:len(content)/2],
			"nearly all":  content[:len(content)-1],
		} {
			if engine == c1zstore.EngineSQLite && name == "only a head" {
				continue // the SDK takes it for an empty file
			}
			t.Run(string(engine)+" "+name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "sync.c1z")
				require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
				err := open(t, path, syncfile.Sync{})
				require.ErrorContains(t, err, path+" cannot be read, so it is left as it is: ")
				assert.Equal(t, codes.FailedPrecondition, status.Code(err))
				assert.Equal(t, damaged, read(t, path))
			})
			t.Run(string(engine)+" unfinished "+name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "sync.c1z")
				write(t, path, c1zstore.EnginePebble, true)
				earlier := read(t, path)
				require.NoError(t, os.WriteFile(path+".unfinished", []byte(damaged), 0o600))
				err := open(t, path, syncfile.Sync{Engine: engine})
				require.ErrorContains(t, err, "the unfinished sync "+path+".unfinished cannot be read: ")
				require.ErrorContains(t, err, "remove it, and a new one begins")
				assert.Equal(t, codes.FailedPrecondition, status.Code(err))
				assert.Equal(t, damaged, read(t, path+".unfinished"))
				assert.Equal(t, earlier, read(t, path))
			})
		}
	}
	t.Run("a folder", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "sync.c1z")
		write(t, path, c1zstore.EnginePebble, true)
		require.NoError(t, os.MkdirAll(filepath.Join(path+".unfinished", "inner"), 0o700))
		err := open(t, path, syncfile.Sync{})
		require.ErrorContains(t, err, "the unfinished sync "+path+".unfinished cannot be read: it is not a file; remove it, and a new one begins")
		assert.Equal(t, codes.FailedPrecondition, status.Code(err))
		require.NoError(t, os.Remove(path))
		err = open(t, path, syncfile.Sync{})
		require.ErrorContains(t, err, path+".unfinished")
		assert.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
}

// What is no damage is not called one: an empty file, and an unfinished sync that goes on.
func TestReadableFiles(t *testing.T) {
	t.Parallel()
	for _, engine := range []c1zstore.Engine{c1zstore.EnginePebble, c1zstore.EngineSQLite} {
		directory := t.TempDir()
		path := filepath.Join(directory, "sync.c1z")
		write(t, path, c1zstore.EnginePebble, true)
		write(t, path+".unfinished", engine, false)
		require.NoError(t, open(t, path, syncfile.Sync{Engine: engine}))
		require.NoError(t, os.WriteFile(path+".unfinished", nil, 0o600))
		require.NoError(t, open(t, path, syncfile.Sync{Engine: engine}))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, open(t, path, syncfile.Sync{Engine: engine}))
	}
}
