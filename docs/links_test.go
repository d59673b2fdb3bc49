package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anchors are the ids that GitHub and ConductorOne's documentation give the headings of a page.
func anchors(text string) []string {
	headings := regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1)
	found := make([]string, 0, len(headings))
	for _, heading := range headings {
		id := regexp.MustCompile(`[^\pL\d\- _]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found = append(found, strings.ReplaceAll(id, " ", "-"))
	}
	return found
}

// Every link within the repository leads to a file, and to a heading of it where it names one.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md*")
	require.NoError(t, err)
	link := regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	count := 0
	for _, name := range append(pages, "../README.md", "../CONTRIBUTING.md") {
		for _, found := range link.FindAllStringSubmatch(read(t, name), -1) {
			if strings.HasPrefix(found[1], "/") {
				continue // a page of ConductorOne's documentation
			}
			target := name
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(name), found[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", name, found[0])
				continue
			}
			if found[2] != "" {
				assert.Contains(t, anchors(read(t, target)), found[2], "%s: %s", name, found[0])
			}
			count++
		}
	}
	require.Greater(t, count, 20, "the pages are searched in the wrong way")
}

// Every test, testscript and file of tests that the page of promises names is there.
func TestPromisesNameTheirTests(t *testing.T) {
	t.Parallel()
	text := read(t, "reliability.md")
	var sources strings.Builder
	for _, pattern := range []string{"../pkg/*/*_test.go", "../cmd/*/*_test.go", "../cmd/*/testdata/*.txtar"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			sources.WriteString(file + "\n" + read(t, file))
		}
	}
	has := func(part, name string) {
		if !strings.Contains(sources.String(), part) { // the sources are too long to be printed
			t.Errorf("there is no %s", name)
		}
	}
	for _, name := range regexp.MustCompile("`[a-z/]*?([a-z_]+_test\\.go|[a-z_]+\\.txtar)`").FindAllStringSubmatch(text, -1) {
		has("/"+name[1]+"\n", name[0])
	}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		has("\nfunc "+name[1]+"(t ", name[0])
	}
	for _, list := range regexp.MustCompile("testscripts?\\s+((?:`[a-z_]+`(?:,\\s+|\\s+and\\s+)?)+)").FindAllStringSubmatch(text, -1) {
		for _, name := range regexp.MustCompile("[a-z_]+").FindAllString(regexp.MustCompile(`\band\b`).ReplaceAllString(list[1], ""), -1) {
			has("/testdata/"+name+".txtar\n", name)
		}
	}
}
