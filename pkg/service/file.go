package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"
)

// unfinishedSuffix is what a sync is called while an earlier one is in its place.
const unfinishedSuffix = ".unfinished"

// pebbleMagic begins the files of the engine that keeps one sync only: the SDK clears them when a sync begins. The older
// engine keeps the earlier syncs beside the new one.
var pebbleMagic = []byte("C1Z3")

// syncFlags are the flags beside the connector's own with which a command is still the sync of everything, as opposed to
// a change, or to one of the SDK's other commands.
var syncFlags = []string{
	"file", "workers", "parallel-sync", "sync-resource-types", "skip-grants", "skip-entitlements-and-grants", "storage-engine",
	"c1z-temp-dir", "http-timeout-seconds", "log-level", "log-format", "log-path", "log-level-debug-expires-at", "provisioning",
}

// File is where a sync is written. An earlier sync in that place stays there until the new one is complete: a sync that
// fails or is stopped then leaves what it has beside it, and the next run goes on from that.
type File struct {
	target, unfinished string
}

// Prepare looks at the place of a sync before anything is asked for, since the SDK does so when all is done. The
// connector's own flags are given, as they do not tell what a command does.
func (f *File) Prepare(ctx context.Context, command *cobra.Command, own []field.SchemaField) error {
	if isDaemon(command) || !isSync(command, own) {
		return nil
	}
	target, err := command.Flags().GetString("file")
	if err != nil {
		return err
	}
	if err := checkWritable(target); err != nil {
		return &failedError{Code: codes.FailedPrecondition, Message: fmt.Sprintf("baton-openai: the sync cannot be written to %s: %v; give another place with --file", target, err)}
	}
	switch finished, err := holdsFinishedSync(ctx, target); {
	case errors.Is(err, fs.ErrNotExist):
		// Nothing is there, so somebody wants to begin anew.
		return removeIfThere(target + unfinishedSuffix)
	case err != nil:
		return &failedError{Code: codes.FailedPrecondition, Message: fmt.Sprintf("baton-openai: %s cannot be read, so it is left as it is: %v; give another place with --file", target, err)}
	case !finished:
		return nil
	}
	f.target, f.unfinished = target, target+unfinishedSuffix
	return command.Flags().Set("file", f.unfinished)
}

// Finish puts a sync that ended well in its place. It takes how the command ended, and gives how the process ends.
func (f *File) Finish(err error) error {
	if err != nil || f.target == "" {
		return err
	}
	if err := os.Rename(f.unfinished, f.target); err != nil {
		return fmt.Errorf("baton-openai: the sync is complete, and is left in %s: %w", f.unfinished, err)
	}
	return nil
}

// isSync tells whether the command reads everything into a file.
func isSync(command *cobra.Command, own []field.SchemaField) bool {
	sync := true
	command.Flags().Visit(func(flag *pflag.Flag) {
		known := slices.Contains(syncFlags, flag.Name) || slices.ContainsFunc(own, func(f field.SchemaField) bool { return f.FieldName == flag.Name }) || strings.HasPrefix(flag.Name, "otel-")
		sync = sync && known
	})
	return sync
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

// holdsFinishedSync tells whether a new sync in the file would take the place of one that is complete.
func holdsFinishedSync(ctx context.Context, path string) (bool, error) {
	if pebble, err := isPebble(path); !pebble {
		return false, err
	}
	store, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true))
	if err != nil {
		return false, err
	}
	finished, err := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	return finished != nil, errors.Join(err, store.Close(ctx))
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
