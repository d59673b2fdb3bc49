// Package syncfile decides where a sync is written. A complete sync in the file stays until the new one is complete.
package syncfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/failure"
)

// unfinishedSuffix is appended to the name of a file that has a complete sync, for the new sync.
const unfinishedSuffix = ".unfinished"

// pebbleMagic begins the files of the pebble engine, which keeps one sync: the SDK clears the file when a sync begins. The
// sqlite engine keeps earlier syncs together with the new one.
var pebbleMagic = []byte("C1Z3")

// newFileMode is the mode of a new file: it tells who has access to what.
const newFileMode fs.FileMode = 0o600

// File is where one sync is written.
type File struct {
	// Path is the file that the SDK writes. It is the target, or has another name next to it until the sync is complete.
	Path string

	target string
	mode   fs.FileMode
}

// Prepare checks the file before the first request; the SDK would find out at the end of the sync. A partial sync does not
// replace a full one.
func Prepare(ctx context.Context, path string, isPartial bool) (*File, error) {
	target, err := followLinks(path)
	if err == nil {
		err = checkWritable(target)
	}
	if err != nil {
		return nil, precondition("baton-openai: the sync cannot be written to %s: %v; give another place with --file", path, err)
	}
	file := &File{Path: target, target: target, mode: newFileMode}
	switch info, err := os.Stat(target); {
	case err == nil:
		file.mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("baton-openai: the mode of the file cannot be read: %w", err)
	}
	switch earlier, err := finishedSync(ctx, target); {
	case errors.Is(err, fs.ErrNotExist):
		// Without a file the sync begins anew.
		if err := removeIfExists(target + unfinishedSuffix); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, precondition("baton-openai: %s cannot be read, so it is left as it is: %v; give another place with --file", path, err)
	case earlier == nil:
	case isPartial && earlier.Type == connectorstore.SyncTypeFull:
		return nil, &failure.Error{
			Code:    codes.InvalidArgument,
			Message: fmt.Sprintf("baton-openai: %s holds a full sync, which a partial one does not replace; give another place with --file", path),
		}
	default:
		file.Path = target + unfinishedSuffix
	}
	return file, nil
}

func precondition(format string, arguments ...any) error {
	return &failure.Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf(format, arguments...)}
}

// Finish moves a sync that ended without an error to its target. It takes the error of the sync and returns that of the run.
func (f *File) Finish(err error) error {
	if chmodErr := os.Chmod(f.Path, f.mode); chmodErr != nil && !errors.Is(chmodErr, fs.ErrNotExist) && err == nil {
		err = fmt.Errorf("baton-openai: the mode of the file cannot be set: %w", chmodErr)
	}
	if err != nil || f.Path == f.target {
		return err
	}
	if err := os.Rename(f.Path, f.target); err != nil {
		return fmt.Errorf("baton-openai: the sync is complete, and is left in %s: %w", f.Path, err)
	}
	return nil
}

// maxLinks is how many symbolic links may lead to a file.
const maxLinks = 40

// followLinks gives the target of a symbolic link, which need not exist: the SDK would replace the link by a file.
func followLinks(path string) (string, error) {
	for range maxLinks {
		next, err := os.Readlink(path)
		if err != nil {
			// It is no link, or does not exist. Any other error comes again when it is written.
			return path, nil //nolint:nilerr // see above
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return "", errors.New("its symbolic links lead in a circle")
}

// checkWritable makes a file next to the target, as the SDK does at the end.
func checkWritable(target string) error {
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	trial, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".*.tmp")
	if err != nil {
		return withoutPath(err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// withoutPath is the error without the name of the trial file.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// finishedSync gives the complete sync that a new one in the file would replace, nil if there is none.
func finishedSync(ctx context.Context, path string) (*c1zstore.SyncRun, error) {
	if pebble, err := isPebble(path); !pebble {
		return nil, err
	}
	store, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true))
	if err != nil {
		return nil, err
	}
	finished, err := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	return finished, errors.Join(err, store.Close(ctx))
}

func isPebble(path string) (bool, error) {
	file, err := os.Open(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, len(pebbleMagic))
	if _, err := io.ReadFull(file, start); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.Equal(start, pebbleMagic), nil
}

func removeIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("baton-openai: an unfinished sync cannot be removed: %w", err)
	}
	return nil
}
