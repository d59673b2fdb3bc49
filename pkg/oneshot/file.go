package oneshot

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
)

// unfinishedSuffix is what a sync is called while an earlier one is in its place.
const unfinishedSuffix = ".unfinished"

// pebbleMagic begins the files of the engine that keeps one sync only: the SDK clears them when a sync begins. The older
// engine keeps the earlier syncs beside the new one.
var pebbleMagic = []byte("C1Z3")

// modeOfNew is the mode of a file that is not there yet: it tells who has access to what.
const modeOfNew fs.FileMode = 0o600

// place is where a sync is written. An earlier sync in that place stays there until the new one is complete: a sync that
// fails or is stopped then leaves what it has beside it, and the next run goes on from that.
type place struct {
	// written is what the SDK writes, the target or what is beside it.
	target, written string
	mode            fs.FileMode
}

// place looks at the place of a sync before anything is asked for, since the SDK does so when all is done.
func (r *Run) place(ctx context.Context) (*place, error) {
	named := r.Settings.GetString("file")
	target, err := followLinks(named)
	if err == nil {
		err = checkWritable(target)
	}
	if err != nil {
		return nil, &failedError{Code: codes.FailedPrecondition, Message: fmt.Sprintf("baton-openai: the sync cannot be written to %s: %v; give another place with --file", named, err)}
	}
	p := &place{target: target, written: target, mode: modeOfNew}
	switch info, err := os.Stat(target); {
	case err == nil:
		p.mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("baton-openai: the mode of the file cannot be read: %w", err)
	}
	switch earlier, err := finishedSync(ctx, target); {
	case errors.Is(err, fs.ErrNotExist):
		// Nothing is there, so somebody wants to begin anew.
		if err := removeIfThere(target + unfinishedSuffix); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, &failedError{Code: codes.FailedPrecondition, Message: fmt.Sprintf("baton-openai: %s cannot be read, so it is left as it is: %v; give another place with --file", named, err)}
	case earlier == nil:
	case r.isPartial() && earlier.Type == connectorstore.SyncTypeFull:
		return nil, &failedError{
			Code:    codes.InvalidArgument,
			Message: fmt.Sprintf("baton-openai: %s holds a whole sync, and a part does not take its place; give another place with --file", named),
		}
	default:
		p.written = target + unfinishedSuffix
	}
	private()
	return p, nil
}

// finish puts a sync that ended well in its place. It takes how the sync ended, and gives how the run ends.
func (p *place) finish(err error) error {
	if chmodErr := os.Chmod(p.written, p.mode); chmodErr != nil && !errors.Is(chmodErr, fs.ErrNotExist) && err == nil {
		err = fmt.Errorf("baton-openai: the mode of the file cannot be set: %w", chmodErr)
	}
	if err != nil || p.written == p.target {
		return err
	}
	if err := os.Rename(p.written, p.target); err != nil {
		return fmt.Errorf("baton-openai: the sync is complete, and is left in %s: %w", p.written, err)
	}
	return nil
}

// isPartial tells whether a part of what a sync reads is asked for. A sync of some resource types counts as a whole one,
// in the SDK's files as well.
func (r *Run) isPartial() bool {
	return len(r.Settings.GetStringSlice("sync-resources")) > 0 || r.Settings.GetBool("skip-entitlements-and-grants") || r.Settings.GetBool("skip-grants")
}

// mostLinks is how many symbolic links lead to a file at most.
const mostLinks = 40

// followLinks gives what a symbolic link leads to, be it there or not: the SDK would put a file in the link's place.
func followLinks(path string) (string, error) {
	for range mostLinks {
		next, err := os.Readlink(path)
		if err != nil {
			// No link, or nothing there yet; what else is wrong is found when it is written to.
			return path, nil //nolint:nilerr // see above
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return "", errors.New("its symbolic links lead in a circle")
}

// checkWritable tries what the SDK does at the end: to make a file beside the target.
func checkWritable(target string) error {
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	trial, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".*.tmp")
	if err != nil {
		return cause(err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// cause is the error without the name of the file that was tried.
func cause(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// finishedSync is the complete sync whose place a new one in the file would take, nil if there is none.
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

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("baton-openai: an unfinished sync cannot be removed: %w", err)
	}
	return nil
}
