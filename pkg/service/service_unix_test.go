//go:build unix

package service_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/service"
)

// The test binary plays the SDK: as its client it starts itself once more as the service, sends one line and waits for
// the process that it started, all as the SDK does.
const (
	serviceCommand = "_connector-service"
	clientEnv      = "SERVICE_TEST_CLIENT"
	diedStatus     = 7
)

func TestMain(m *testing.M) {
	isService := slices.Contains(os.Args, serviceCommand)
	if !isService && os.Getenv(clientEnv) == "" {
		os.Exit(m.Run())
	}
	done, err := service.Start(func(err error) {
		say("died:", err)
		os.Exit(diedStatus)
	})
	switch {
	case err != nil:
		say("error:", err)
		os.Exit(1)
	case done:
		os.Exit(0)
	case isService:
		serve()
	default:
		playClient()
	}
	os.Exit(0)
}

// say tells the test something, on the output that all processes share.
func say(words ...any) {
	_, _ = fmt.Fprintln(os.Stdout, words...)
}

// serve says that it is there, and ends as the SDK's service does: when its stdin ends.
func serve() {
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadString('\n')
	say("serving", os.Getpid(), strings.TrimSpace(line), err)
	_, _ = io.Copy(io.Discard, input)
}

func playClient() {
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.CommandContext(context.Background(), binary, serviceCommand)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		panic(err)
	}
	if err := command.Start(); err != nil {
		panic(err)
	}
	if _, err := io.WriteString(input, "configuration\n"); err != nil {
		panic(err)
	}
	say("handed over:", command.Wait())
	// The client lives until the test says otherwise.
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// client is a running client whose service has said that it is there.
type client struct {
	command    *exec.Cmd
	output     *bufio.Reader
	input      io.Closer
	servicePID int
	handedOver string
}

func start(t *testing.T) client {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), binary)
	// A process that is built with the race detector would wait a second at its end.
	command.Env = append(os.Environ(), clientEnv+"=1", "GORACE=atexit_sleep_ms=0")
	input, err := command.StdinPipe()
	require.NoError(t, err)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	command.Stdout = write
	require.NoError(t, command.Start())
	require.NoError(t, write.Close())
	started := client{command: command, output: bufio.NewReader(read), input: input}
	// The two processes may write in either order.
	for range 2 {
		line, err := started.output.ReadString('\n')
		require.NoError(t, err)
		if pid, ok := strings.CutPrefix(line, "serving "); ok {
			pid, rest, _ := strings.Cut(pid, " ")
			require.Equal(t, "configuration <nil>\n", rest)
			started.servicePID, err = strconv.Atoi(pid)
			require.NoError(t, err)
			continue
		}
		started.handedOver = line
	}
	return started
}

// rest reads until every process that holds the output has ended.
func (c client) rest(t *testing.T) string {
	t.Helper()
	text, err := io.ReadAll(c.output)
	require.NoError(t, err)
	return string(text)
}

// The process that the SDK waits for ends with success at once, while the service runs.
func TestServiceIsHandedOver(t *testing.T) {
	t.Parallel()
	running := start(t)
	require.Equal(t, "handed over: <nil>\n", running.handedOver)
	require.NoError(t, syscall.Kill(running.servicePID, 0))
	require.NoError(t, running.input.Close())
	require.NoError(t, running.command.Wait())
	require.Empty(t, running.rest(t))
}

// The service does not outlive its client, even if that is killed.
func TestServiceEndsWithItsClient(t *testing.T) {
	t.Parallel()
	running := start(t)
	require.NoError(t, running.command.Process.Kill())
	require.Empty(t, running.rest(t))
	require.Error(t, running.command.Wait())
}

// The client does not wait for ever for a service that is gone.
func TestClientEndsWithItsService(t *testing.T) {
	t.Parallel()
	running := start(t)
	require.NoError(t, syscall.Kill(running.servicePID, syscall.SIGKILL))
	require.Equal(t, "died: the connector service ended unexpectedly\n", running.rest(t))
	var exit *exec.ExitError
	require.ErrorAs(t, running.command.Wait(), &exit)
	require.Equal(t, diedStatus, exit.ExitCode())
}
