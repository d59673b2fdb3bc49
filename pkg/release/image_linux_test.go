package release_test

import (
	"bytes"
	"debug/elf"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

var image = flag.Bool("image", false, "build what the Dockerfile builds, which takes minutes")

// What the Dockerfile's own commands make of the files that it copies is a static binary that runs as its user, without a
// home directory, alone in a root file system, and in the form that the image is for.
func TestImage(t *testing.T) {
	t.Parallel()
	if !*image {
		t.Skip("`make image-check` builds the images' binaries and checks them")
	}
	for final, tags := range map[string]string{"connector": "", "lambda": "baton_lambda_support"} {
		t.Run(final, func(t *testing.T) {
			t.Parallel()
			binary := buildStage(t, final)
			content, err := os.ReadFile(binary)
			require.NoError(t, err)
			parsed, err := elf.NewFile(bytes.NewReader(content))
			require.NoError(t, err)
			libraries, err := parsed.ImportedLibraries()
			require.NoError(t, err)
			assert.Empty(t, libraries)
			for _, program := range parsed.Progs {
				assert.NotEqual(t, elf.PT_INTERP, program.Type, "it needs a dynamic linker")
			}
			settings := buildSettings(t, content)
			assert.Equal(t, "0", settings["CGO_ENABLED"])
			assert.Equal(t, tags, settings["-tags"])

			assert.Equal(t, "baton-openai version v1.2.3 (abc1234)\n", alone(t, binary, "--version"))
			want, err := os.ReadFile("baton_capabilities.json")
			require.NoError(t, err)
			assert.Equal(t, string(want), alone(t, binary, "capabilities"))
			commands := alone(t, binary, "__complete", "lam")
			assert.Equal(t, final == "lambda", strings.HasPrefix(commands, "lambda"), commands)
			syncs(t, binary)
		})
	}
}

// buildStage does what Docker does for the stage, for this machine's architecture: it copies what the Dockerfile copies
// into an empty folder and runs there what the Dockerfile runs. The result is the file that the image takes.
func buildStage(t *testing.T, final string) string {
	t.Helper()
	stages, _ := readDockerfile(t)
	copied := stages[final].instructions["COPY"]
	require.Len(t, copied, 1)
	words := strings.Fields(copied[0])
	require.Len(t, words, 3, copied[0])
	builder := strings.TrimPrefix(words[0], "--from=")
	require.Equal(t, "source", stages[builder].base)
	workdir := stages["source"].instructions["WORKDIR"]
	require.Len(t, workdir, 1)

	source := filepath.Join(open(t), "src")
	require.NoError(t, os.Mkdir(source, 0o755))
	for _, line := range stages["source"].instructions["COPY"] {
		words := strings.Fields(line)
		to := filepath.Join(source, words[len(words)-1])
		for _, from := range words[:len(words)-1] {
			status, err := os.Stat(from)
			require.NoError(t, err)
			if status.IsDir() {
				require.NoError(t, os.CopyFS(to, os.DirFS(from)))
				continue
			}
			content, err := os.ReadFile(from)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(to, filepath.Base(from)), content, 0o644))
		}
	}

	environment := append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH, "VERSION=v1.2.3", "COMMIT=abc1234")
	for _, line := range append(append([]string{}, stages["source"].instructions["RUN"]...), stages[builder].instructions["RUN"]...) {
		command := exec.CommandContext(t.Context(), "sh", "-c", line)
		command.Dir, command.Env = source, environment
		said, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", line, said)
	}
	inside, err := filepath.Rel(workdir[0], words[1])
	require.NoError(t, err)
	return filepath.Join(source, inside)
}

// open is a temporary folder that every user can come to.
func open(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
	return folder
}

// unprivileged is the image's user. Only root can become somebody else; anybody else is unprivileged already.
func unprivileged() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
}

// alone runs the binary with no environment and, where the test may do that, with nothing else in its root file system.
func alone(t *testing.T, binary string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env, command.SysProcAttr, command.Dir = []string{}, unprivileged(), "/"
	if os.Getuid() == 0 {
		root := open(t)
		require.NoError(t, os.Link(binary, filepath.Join(root, "baton-openai")))
		require.NoError(t, os.Chmod(root, 0o555))
		command.Path, command.SysProcAttr.Chroot = "/baton-openai", root
	}
	return output(t, command)
}

// syncs runs a whole sync that may write to one folder only, as in a pod with a read-only root file system.
func syncs(t *testing.T, binary string) {
	t.Helper()
	server := httptest.NewServer(&openaitest.Server{Organization: openaitest.Sample()})
	defer server.Close()
	writable := open(t)
	require.NoError(t, os.Chmod(writable, 0o777))
	command := exec.CommandContext(t.Context(), binary, "-f", filepath.Join(writable, "sync.c1z"))
	command.Env = []string{"TMPDIR=" + writable, "BATON_BASE_URL=" + server.URL + "/v1", "BATON_OPENAI_ADMIN_KEY=sk-admin-test"}
	command.SysProcAttr, command.Dir = unprivileged(), "/"
	output(t, command)
	synced, err := os.Stat(filepath.Join(writable, "sync.c1z"))
	require.NoError(t, err)
	assert.Positive(t, synced.Size())
}
