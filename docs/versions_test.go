package docs_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// The versions that ConductorOne's automation reads are those of go.mod.
func TestVersionsAreThoseOfGoMod(t *testing.T) {
	t.Parallel()
	type versions struct {
		Go           string            `json:"go-version"`
		Dependencies map[string]string `json:"dependencies"`
	}
	var written versions
	require.NoError(t, yaml.UnmarshalStrict([]byte(read(t, "../.versions.yaml")), &written))

	required := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(read(t, "../go.mod"))
		require.Len(t, found, 2, pattern)
		return found[1]
	}
	require.Equal(t, versions{
		Go:           required(`(?m)^go (\S+)$`),
		Dependencies: map[string]string{"baton-sdk": required(`(?m)^\s*github\.com/conductorone/baton-sdk (\S+)$`)},
	}, written)
}
