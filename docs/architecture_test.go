package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const architecture = "architecture.md"

// nouns matches the files of pkg/connector that are named after a resource type.
var nouns = regexp.MustCompile(`^(organization|user|invitation|organization_role|group|project|project_role|service_account|api_key)` +
	`(_provisioning|_actions)?\.go$`)

// The files that the page names exist. The page names each file of pkg/connector that is not named after a resource type.
func TestArchitectureNamesTheFiles(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, name := range regexp.MustCompile("[`\"]([a-z_/]+\\.go)\\b").FindAllStringSubmatch(read(t, architecture), -1) {
		path := name[1]
		if !strings.Contains(path, "/") {
			path = "pkg/connector/" + path
		}
		if named[path] {
			continue
		}
		named[path] = true
		_, err := os.Stat("../" + path)
		if name[0][0] == '"' && err != nil { // the picture names those of the client as well
			_, err = os.Stat("../pkg/client/" + name[1])
		}
		if err != nil {
			t.Errorf("%s names %s, which is not there", architecture, path)
		}
	}
	files, err := filepath.Glob("../pkg/connector/*.go")
	require.NoError(t, err)
	for _, path := range files {
		name := filepath.Base(path)
		if !strings.HasSuffix(name, "_test.go") && !nouns.MatchString(name) {
			assert.True(t, named["pkg/connector/"+name], "%s does not say which rule is in %s", architecture, name)
		}
	}
}

// The table has every package of pkg.
func TestArchitectureNamesThePackages(t *testing.T) {
	t.Parallel()
	rows := cells(t, read(t, architecture), "| package | what it knows |")
	entries, err := fs.ReadDir(os.DirFS("../pkg"), ".")
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, rows, "`pkg/"+entry.Name()+"`")
	}
	assert.Len(t, rows, len(entries))
}
