// Package syncfile decides where a sync is written. A complete sync in the file stays until the new one is complete.
package syncfile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/failure"
)

// unfinishedSuffix is appended to the name of a file that has a complete sync, for the new sync.
const unfinishedSuffix = ".unfinished"

// newFileMode is the mode of a new file: it tells who has access to what.
const newFileMode fs.FileMode = 0o600

// File is where one sync is written.
type File struct {
	// Path is the file that the SDK writes. It is the target, or has another name next to it until the sync is complete.
	Path string
	// HasDiscarded tells that an unfinished sync was removed, since it is of another engine.
	HasDiscarded bool

	target string
	// earlier is the file that was there, nil if there was none.
	earlier fs.FileInfo
	// continues tells that Path is beside the target and has an unfinished sync.
	continues bool
	unlock    func()
}

// Sync is what a run is about to write.
type Sync struct {
	// IsPartial tells that it reads a part of the resources, or no grants.
	IsPartial bool
	// Engine is the storage engine that was asked for. "" is that of the file, and the SDK's default for a new one.
	Engine c1zstore.Engine
	// TemporaryDirectory is where the file is unpacked.
	TemporaryDirectory string
}

// Prepare checks the file before the first request; the SDK would find out at the end of the sync. A partial sync does not
// replace a full one. Other runs are kept from the file until it is released: they would decide by what is not there any more.
func Prepare(ctx context.Context, path string, sync Sync) (*File, error) {
	target, err := followLinks(path)
	if err == nil {
		err = checkWritable(target)
	}
	if err != nil {
		return nil, precondition("baton-openai: the sync cannot be written to %s: %v; give another place with --file", path, err)
	}
	if err := CheckTemporary(sync.TemporaryDirectory); err != nil {
		return nil, err
	}
	unlock, err := lock(target)
	if err != nil {
		return nil, precondition("baton-openai: another run is writing %s; wait until it has ended, or give another place with --file", path)
	}
	file := &File{Path: target, target: target, unlock: unlock}
	if err := file.prepare(ctx, path, sync); err != nil {
		unlock()
		return nil, err
	}
	return file, nil
}

// prepare finds out what the target has. The path is its name for the operator.
func (f *File) prepare(ctx context.Context, path string, sync Sync) error {
	switch info, err := os.Stat(f.target); {
	case err == nil:
		f.earlier = info
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("baton-openai: the mode of the file cannot be read: %w", err)
	}
	earlier, err := contentOf(ctx, f.target, sync.TemporaryDirectory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Without a file the sync begins anew.
		return removeIfExists(f.target + unfinishedSuffix)
	case err != nil:
		return precondition("baton-openai: %s cannot be read, so it is left as it is: %v; give another place with --file", path, err)
	case earlier.hasFull && sync.IsPartial:
		return &failure.Error{
			Code:    codes.InvalidArgument,
			Message: fmt.Sprintf("baton-openai: %s holds a full sync, which a partial one does not replace; give another place with --file", path),
		}
	}
	return f.choose(earlier, sync)
}

// choose decides between the target and the place beside it. An unfinished sync that another engine wrote, or that would replace
// a newer sync later, is removed.
func (f *File) choose(earlier content, sync Sync) error {
	beside := f.target + unfinishedSuffix
	switch {
	case earlier.hasFinished && !earlier.keeps(sync):
		f.Path = beside
		return f.chooseBeside(cmp.Or(sync.Engine, earlier.engine))
	case earlier.hasFinished:
		return f.discard(beside)
	case earlier.engine != "" && sync.Engine != "" && sync.Engine != earlier.engine:
		return errors.Join(f.discard(f.target), removeIfExists(beside))
	default:
		return removeIfExists(beside)
	}
}

// chooseBeside looks at the unfinished sync beside the target. One that cannot be read is kept: the cause may be temporary.
func (f *File) chooseBeside(engine c1zstore.Engine) error {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	left := c1zstore.Engine("")
	if err == nil {
		left, err = engineOf(f.Path)
	}
	switch {
	case err != nil:
		return f.unreadable(err)
	case left != "" && left != engine:
		return f.discard(f.Path)
	}
	f.continues = true
	return nil
}

func (f *File) unreadable(err error) error {
	return precondition("baton-openai: the unfinished sync %s cannot be read: %v; remove it, and a new one begins", f.Path, withoutPath(err))
}

func precondition(format string, arguments ...any) error {
	return &failure.Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf(format, arguments...)}
}

// Open opens the store of the sync.
func (f *File) Open(ctx context.Context, options ...dotc1z.C1ZOption) (c1zstore.Store, error) {
	store, err := dotc1z.NewStore(ctx, f.Path, options...)
	system := syscall.Errno(0)
	switch {
	case err == nil:
		return store, nil
	case f.continues && ctx.Err() == nil && !errors.As(err, &system):
		// It is not for a full disk, say.
		return nil, f.unreadable(err)
	default:
		return nil, fmt.Errorf("baton-openai: the file of the sync cannot be opened: %w", err)
	}
}

// Release lets other runs have the file.
func (f *File) Release() { f.unlock() }

// Finish moves a sync that ended without an error to its target. It takes the error of the sync and returns that of the run.
func (f *File) Finish(err error) error {
	mode := newFileMode
	if f.earlier != nil {
		mode = f.earlier.Mode().Perm()
		keepOwner(f.Path, f.earlier)
	}
	if chmodErr := os.Chmod(f.Path, mode); chmodErr != nil && !errors.Is(chmodErr, fs.ErrNotExist) && err == nil {
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
		folder, name := filepath.Split(next)
		if !filepath.IsAbs(next) {
			beside, _ := filepath.Split(path)
			folder = beside + folder
		}
		// Links may lead to its folder, and through it, which joining the two as texts would not see.
		if folder, err = filepath.EvalSymlinks(cmp.Or(folder, ".")); err != nil {
			return "", withoutPath(err)
		}
		path = filepath.Join(folder, name)
	}
	return "", errors.New("its symbolic links lead in a circle")
}

// checkWritable makes a file next to the target, as the SDK does at the end.
func checkWritable(target string) error {
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	if isMount(target) {
		return errors.New("it is mounted alone, so that no other file can take its place; mount its folder")
	}
	// The system goes into the folder before "..", also where it is a link or is not there; filepath.Dir leaves both out.
	folder, name := filepath.Split(target)
	trial, err := os.CreateTemp(cmp.Or(folder, "."), name+".*.tmp")
	if err != nil {
		return withoutPath(err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// CheckTemporary checks the directory in which files are unpacked: in the end, it would look as if the file were damaged.
func CheckTemporary(directory string) error {
	trial, err := os.MkdirTemp(directory, "c1z-trial")
	if err == nil {
		err = os.Remove(trial)
	}
	if err != nil {
		return precondition("baton-openai: there is no room to unpack a sync: %v; give another place with --c1z-temp-dir", err)
	}
	return nil
}

// withoutPath is the error without the name of the trial file.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// content is what a file has.
type content struct {
	// engine is "" if the file is empty.
	engine               c1zstore.Engine
	hasFinished, hasFull bool
}

// keeps tells whether the finished syncs of the file stay in it beside the new one. The SDK clears a file of the pebble engine
// when a sync begins. One of the sqlite engine has several syncs, unless pebble is asked for: the SDK converts it then, and keeps
// one.
func (c content) keeps(sync Sync) bool {
	return c.engine == c1zstore.EngineSQLite && sync.Engine != c1zstore.EnginePebble
}

func contentOf(ctx context.Context, path, temporaryDirectory string) (content, error) {
	engine, err := engineOf(path)
	if err != nil || engine == "" {
		return content{}, err
	}
	store, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(temporaryDirectory))
	if err != nil {
		return content{}, err
	}
	finished, err := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	// The newest one need not be the full one.
	full, fullErr := store.SyncMeta().LatestFullSync(ctx)
	return content{engine: engine, hasFinished: finished != nil, hasFull: full != nil}, errors.Join(err, fullErr, store.Close(ctx))
}

// engineOf gives the engine of a file by its beginning, "" if the file is empty.
func engineOf(path string) (c1zstore.Engine, error) {
	file, err := os.Open(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	switch format, err := dotc1z.ReadHeaderFormat(file); {
	case errors.Is(err, io.EOF):
		return "", nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "", dotc1z.ErrInvalidFile
	case err != nil:
		return "", err
	case format == dotc1z.C1ZFormatV1:
		return c1zstore.EngineSQLite, nil
	default:
		return c1zstore.EnginePebble, nil
	}
}

// discard removes an unfinished sync of another engine, if there is one.
func (f *File) discard(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f.HasDiscarded = true
	return removeIfExists(path)
}

func removeIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return precondition("baton-openai: an unfinished sync cannot be removed: %v; remove it", err)
	}
	return nil
}
