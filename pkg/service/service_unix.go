//go:build unix

package service

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

const (
	// lifelineEnv has the number of the lifeline's file descriptor; servingEnv tells the serving process from the one
	// that hands over.
	lifelineEnv = "BATON_OPENAI_LIFELINE_FD"
	servingEnv  = "BATON_OPENAI_SERVING"
	// listenerFdEnv is the SDK's: it hands the listening socket over as the first file after stdin, stdout and stderr.
	listenerFdEnv = "BATON_CONNECTOR_SERVICE_LISTENER_FD"

	// lowestLifelineFd keeps the lifeline clear of the descriptors that the SDK and this package number themselves.
	lowestLifelineFd = 100

	// leastFiles is what the store of a sync, its connections and the lifeline need, with room to spare.
	leastFiles = 256
)

// Start takes the role of this process: it lays the lifeline in the first one, hands over in the second, and attaches
// to the lifeline in the last. It must be called before anything else. True means that the process has done its work
// and ends with the error, if any. die is called when the service ends while this process needs it.
func Start(die func(error)) (bool, error) {
	if !slices.Contains(os.Args[1:], commandName) {
		return false, lay(die)
	}
	if os.Getenv(lifelineEnv) == "" {
		return false, nil
	}
	if os.Getenv(servingEnv) == "" {
		return true, handOver()
	}
	return false, attach()
}

// lay makes the lifeline. Its far end is inherited by the service through the process in between; this process keeps
// its own copy of the far end until the service has said that it is there.
func lay(die func(error)) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < leastFiles {
		return &failedError{
			Code:    codes.FailedPrecondition,
			Message: fmt.Sprintf("baton-openai: this process may open %d files, and needs %d: raise the limit (ulimit -n)", limit.Cur, leastFiles),
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return fmt.Errorf("making the lifeline to the connector service: %w", err)
	}
	unix.CloseOnExec(pair[0])
	far, err := unix.FcntlInt(uintptr(pair[1]), unix.F_DUPFD, lowestLifelineFd) //nolint:gosec // a file descriptor is not negative
	if err != nil {
		return fmt.Errorf("making the lifeline to the connector service: %w", err)
	}
	if err := unix.Close(pair[1]); err != nil {
		return fmt.Errorf("making the lifeline to the connector service: %w", err)
	}
	if err := os.Setenv(lifelineEnv, strconv.Itoa(far)); err != nil {
		return fmt.Errorf("making the lifeline to the connector service: %w", err)
	}
	// The descriptor stays open as long as the process: the goroutine holds it, and nobody closes it.
	go watch(os.NewFile(uintptr(pair[0]), "lifeline"), far, die) //nolint:gosec // a file descriptor is not negative
	return nil
}

// watch ends this process where the service is gone. The service outlives every command that ends by itself, so there
// is no good end to mistake.
func watch(near *os.File, far int, die func(error)) {
	if _, err := io.ReadFull(near, make([]byte, 1)); err != nil {
		die(fmt.Errorf("the lifeline to the connector service broke: %w", err))
		return
	}
	_ = unix.Close(far)
	readFailures(near)
	die(errors.New("the connector service ended unexpectedly"))
}

// handOver starts the serving process with everything that this one was given, and ends.
func handOver() error {
	// The SDK's client sends one line, the service's configuration, and closes stdin when this process ends.
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the connector service's configuration: %w", err)
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the connector's binary: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe to the connector service: %w", err)
	}
	files := []*os.File{read, os.Stdout, os.Stderr}
	if os.Getenv(listenerFdEnv) != "" {
		files = append(files, os.NewFile(3, "listener"))
	}
	process, err := os.StartProcess(binary, os.Args, &os.ProcAttr{ //nolint:gosec // this very binary, with its own arguments
		Files: files,
		Env:   append(os.Environ(), servingEnv+"=1"),
		// Ctrl-C reaches the whole group of a terminal; the service ends with its client, not before it.
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return fmt.Errorf("starting the connector service: %w", err)
	}
	if _, err := write.Write(line); err != nil {
		return fmt.Errorf("configuring the connector service: %w", err)
	}
	if err := process.Release(); err != nil {
		return fmt.Errorf("releasing the connector service: %w", err)
	}
	return nil
}

// attach takes the far end of the lifeline and gives the SDK a stdin that has the configuration and ends when the
// lifeline does; the SDK ends the process then.
func attach() error {
	number, err := strconv.Atoi(os.Getenv(lifelineEnv))
	if err != nil || number < lowestLifelineFd {
		return fmt.Errorf("%s is not a file descriptor", lifelineEnv)
	}
	unix.CloseOnExec(number)
	lifeline := os.NewFile(uintptr(number), "lifeline")
	if _, err := lifeline.Write([]byte{1}); err != nil {
		return fmt.Errorf("attaching to the lifeline: %w", err)
	}
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the connector service's configuration: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe for the configuration: %w", err)
	}
	if _, err := write.Write(line); err != nil {
		return fmt.Errorf("passing the configuration on: %w", err)
	}
	os.Stdin = read
	lifelineToClient = lifeline
	go func() {
		_, _ = io.Copy(io.Discard, lifeline)
		_ = write.Close()
	}()
	return nil
}

// private keeps others from the files that the process makes from here on: the SDK makes them for everybody to read.
func private() { unix.Umask(0o077) }
