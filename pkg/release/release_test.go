// Package release_test holds the files that a release is made with to each other, and what they make to what it is for.
package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

var snapshot = flag.String("snapshot", "", "check the `folder` of a snapshot that goreleaser made")

type goreleaser struct {
	Builds []struct {
		ID      string   `json:"id"`
		Main    string   `json:"main"`
		Env     []string `json:"env"`
		Flags   []string `json:"flags"`
		Tags    []string `json:"tags"`
		Ldflags []string `json:"ldflags"`
	} `json:"builds"`
	Dockers []struct {
		IDs   []string `json:"ids"`
		Flags []string `json:"flags"`
	} `json:"dockers_v2"`
}

func readGoreleaser(t *testing.T) goreleaser {
	t.Helper()
	text, err := os.ReadFile(".goreleaser.yaml")
	require.NoError(t, err)
	var config goreleaser
	require.NoError(t, yaml.Unmarshal(text, &config))
	return config
}

// A release is compiled by goreleaser, everything else by make: the command is the same.
func TestReleaseIsCompiledAsMakeDoes(t *testing.T) {
	t.Parallel()
	config := readGoreleaser(t)
	require.Len(t, config.Builds, 2)
	for _, build := range config.Builds {
		arguments := []string{"-n", "--no-print-directory", "build", "GOOS=linux", "GOARCH=amd64", "VERSION=v1.2.3", "COMMIT=abc1234", "CONNECTOR=out"}
		words := append(slices.Clone(build.Env), "GOOS=linux GOARCH=amd64 go build")
		words = append(words, build.Flags...)
		if len(build.Tags) > 0 {
			arguments = append(arguments, "BATON_LAMBDA_SUPPORT=1")
			words = append(words, "-tags", strings.Join(build.Tags, ","))
		}
		require.Len(t, build.Ldflags, 1)
		ldflags := strings.NewReplacer("{{ .Version }}", "1.2.3", "{{ .ShortCommit }}", "abc1234").Replace(build.Ldflags[0])
		words = append(words, `-ldflags "`+ldflags+`"`, "-o out", build.Main)

		made := output(t, exec.CommandContext(t.Context(), "make", arguments...))
		assert.Equal(t, strings.Join(words, " "), strings.Join(strings.Fields(made), " "), build.ID)
	}
}

func output(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	var failure bytes.Buffer
	command.Stderr = &failure
	text, err := command.Output()
	require.NoError(t, err, "%s: %s", command, &failure)
	return string(text)
}

// unpack reads an archive into memory.
func unpack(t *testing.T, path string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	if strings.HasSuffix(path, ".zip") {
		archive, err := zip.OpenReader(path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, archive.Close()) })
		for _, entry := range archive.File {
			opened, err := entry.Open()
			require.NoError(t, err)
			files[entry.Name], err = io.ReadAll(opened)
			require.NoError(t, err)
		}
		return files
	}
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	compressed, err := gzip.NewReader(file)
	require.NoError(t, err)
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if err == io.EOF { //nolint:errorlint // archive/tar returns it as it is
			return files
		}
		require.NoError(t, err)
		files[header.Name], err = io.ReadAll(archive)
		require.NoError(t, err)
	}
}

// A snapshot has an archive for each system with a static binary of that system, its SBOM, and their checksums; the one
// for this machine runs and tells its version and commit.
func TestReleaseSnapshot(t *testing.T) {
	t.Parallel()
	if *snapshot == "" {
		t.Skip("`make release-check` makes a snapshot and checks it")
	}
	var metadata struct{ Version, Commit string }
	text, err := os.ReadFile(filepath.Join(*snapshot, "metadata.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &metadata))
	name := "baton-openai-v" + metadata.Version

	archives := map[string]string{
		name + "-linux-amd64.tar.gz": "linux/amd64",
		name + "-linux-arm64.tar.gz": "linux/arm64",
		name + "-darwin-amd64.zip":   "darwin/amd64",
		name + "-darwin-arm64.zip":   "darwin/arm64",
		name + "-windows-amd64.zip":  "windows/amd64",
	}
	checksums := map[string]string{}
	text, err = os.ReadFile(filepath.Join(*snapshot, name+"-checksums.txt"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		require.Len(t, words, 2)
		checksums[words[1]] = words[0]
	}
	published := slices.Collect(maps.Keys(archives))
	for archive := range archives {
		published = append(published, archive+".sbom.json")
	}
	require.ElementsMatch(t, published, slices.Collect(maps.Keys(checksums)))
	for file, want := range checksums {
		content, err := os.ReadFile(filepath.Join(*snapshot, file))
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		assert.Equal(t, want, hex.EncodeToString(sum[:]), file)
	}

	for archive, platform := range archives {
		path := filepath.Join(*snapshot, archive)
		binary := "baton-openai"
		if strings.HasPrefix(platform, "windows/") {
			binary += ".exe"
		}
		files := unpack(t, path)
		require.ElementsMatch(t, []string{"LICENSE", "README.md", binary}, slices.Collect(maps.Keys(files)), archive)
		settings := buildSettings(t, files[binary])
		assert.Equal(t, platform, settings["GOOS"]+"/"+settings["GOARCH"])
		assert.Equal(t, "0", settings["CGO_ENABLED"])
		assert.Subset(t, billOfMaterials(t, path+".sbom.json"), modules(t, files[binary]), archive)

		if platform == runtime.GOOS+"/"+runtime.GOARCH {
			path := filepath.Join(t.TempDir(), binary)
			require.NoError(t, os.WriteFile(path, files[binary], 0o755))
			version := output(t, exec.CommandContext(t.Context(), path, "--version"))
			assert.Regexp(t, `^baton-openai version v\Q`+metadata.Version+`\E \([0-9a-f]{7,}\)\n$`, version)
			commit := strings.Trim(version[strings.LastIndex(version, "("):], "()\n")
			assert.True(t, strings.HasPrefix(metadata.Commit, commit), "%s is not the commit", commit)
		}
	}
}

// billOfMaterials is what an SBOM lists, each with its version.
func billOfMaterials(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var document struct {
		Version  string `json:"spdxVersion"`
		Packages []struct {
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
		} `json:"packages"`
	}
	require.NoError(t, json.Unmarshal(text, &document))
	require.Equal(t, "SPDX-2.3", document.Version)
	listed := make([]string, 0, len(document.Packages))
	for _, of := range document.Packages {
		listed = append(listed, of.Name+" "+of.Version)
	}
	return listed
}

// modules are what a binary was linked from: Go's library, and each module with its version.
func modules(t *testing.T, binary []byte) []string {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(binary))
	require.NoError(t, err)
	linked := append(make([]string, 0, 1+len(info.Deps)), "stdlib "+info.GoVersion)
	for _, module := range info.Deps {
		linked = append(linked, module.Path+" "+module.Version)
	}
	require.Greater(t, len(linked), 50)
	return linked
}

func buildSettings(t *testing.T, binary []byte) map[string]string {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(binary))
	require.NoError(t, err)
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	return settings
}
