package release_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stage is a stage of the Dockerfile: what it begins with, and its instructions by their name.
type stage struct {
	base         string
	instructions map[string][]string
}

// readDockerfile gives the stages by name, and the name of the last one, which is built when none is named.
func readDockerfile(t *testing.T) (map[string]stage, string) {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	stages, last := map[string]stage{}, ""
	from := regexp.MustCompile(`^(?:--platform=\S+ )?(\S+) AS (\S+)$`)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		require.False(t, strings.HasSuffix(line, `\`), "an instruction of several lines is not understood here")
		name, rest, _ := strings.Cut(line, " ")
		if name == "FROM" {
			found := from.FindStringSubmatch(rest)
			require.NotNil(t, found, line)
			last = found[2]
			stages[last] = stage{base: found[1], instructions: map[string][]string{}}
			continue
		}
		require.Contains(t, stages, last, line)
		stages[last].instructions[name] = append(stages[last].instructions[name], rest)
	}
	return stages, last
}

// inherited is the last value of an instruction in a stage or, without one, in what the stage is based on.
func inherited(stages map[string]stage, name, instruction string) string {
	for of, ok := stages[name]; ok; of, ok = stages[of.base] {
		if values := of.instructions[instruction]; len(values) > 0 {
			return values[len(values)-1]
		}
	}
	return ""
}

// Every image starts the connector as a user who is not root, in the form that its name says, and on nothing but a base
// for static binaries.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages, last := readDockerfile(t)
	require.Equal(t, "connector", last, "what is built when nothing else is asked for")
	entrypoints := map[string]string{
		"connector":      `["/baton-openai"]`,
		"release":        `["/baton-openai"]`,
		"lambda":         `["/baton-openai", "lambda"]`,
		"release-lambda": `["/baton-openai", "lambda"]`,
	}
	for name, entrypoint := range entrypoints {
		assert.Equal(t, entrypoint, inherited(stages, name, "ENTRYPOINT"), name)
		assert.Equal(t, "65532:65532", inherited(stages, name, "USER"), name)
		assert.Empty(t, inherited(stages, name, "RUN"), "%s: there is no shell", name)
		base := stages[name]
		for next, ok := stages[base.base]; ok; next, ok = stages[base.base] {
			base = next
		}
		assert.Regexp(t, `^gcr\.io/distroless/static-debian\d+:nonroot$`, base.base, name)
		require.Len(t, stages[name].instructions["COPY"], 1, name)
		assert.True(t, strings.HasSuffix(stages[name].instructions["COPY"][0], " /baton-openai"), name)
	}

	module, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	release := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.NotNil(t, release)
	assert.Regexp(t, `^golang:`+regexp.QuoteMeta(string(release[1]))+`\b`, stages["source"].base)

	for _, image := range readGoreleaser(t).Dockers {
		require.Len(t, image.IDs, 1)
		target := map[string]string{"connector": "--target=release", "lambda": "--target=release-lambda"}[image.IDs[0]]
		assert.Contains(t, image.Flags, target)
	}
}
