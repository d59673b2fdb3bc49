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

// rules is the page that says which rule is in which file.
const rules = "rules.md"

// nouns matches the files that are named after a resource type, or after a noun of OpenAI's documentation.
var nouns = map[string]*regexp.Regexp{
	"../pkg/connector": regexp.MustCompile(`^(organization|user|invitation|organization_role|group|project|project_role|service_account|api_key)` +
		`(_provisioning|_actions)?\.go$`),
	"../pkg/client": regexp.MustCompile(`^(organization|users|invites|roles|role_assignments|groups|projects|project_users|project_groups|` +
		`service_accounts|service_account_keys|api_keys|audit_logs|spend_limits|project_hosted_tools|project_model_permissions|project_rate_limits)\.go$`),
}

// The files that the pages name exist. Each file of pkg/connector and of pkg/client is named by one of them, or after a noun.
func TestArchitectureNamesTheFiles(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, page := range []string{architecture, rules} {
		for _, name := range regexp.MustCompile("[`\"]([a-z_/]+\\.go)\\b").FindAllStringSubmatch(read(t, page), -1) {
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
				t.Errorf("%s names %s, which is not there", page, path)
			}
		}
	}
	for folder, isNoun := range nouns {
		files, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		for _, path := range files {
			name := filepath.Base(path)
			if !strings.HasSuffix(name, "_test.go") && !isNoun.MatchString(name) {
				assert.True(t, named[strings.TrimPrefix(folder, "../")+"/"+name], "%s does not say which rule is in %s", rules, name)
			}
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
