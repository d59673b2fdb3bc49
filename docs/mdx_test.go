package docs_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// component matches a tag that the page may have: an opening one, whose attributes are plain strings, a closing one, or both in one.
var component = regexp.MustCompile(`^<(/?)(Card|Check|Frame|Icon|Info|Note|Step|Steps|Tab|Tabs|Tip|Warning)((?: +[a-zA-Z]+="[^"<>]*")*) *(/?)>`)

// prose gives the page's lines. Code and front matter become empty lines, so that line numbers stay.
func prose(text string) ([]string, error) {
	lines := strings.Split(text, "\n")
	fence, frontMatter := "", false
	for i, line := range lines {
		marker := strings.TrimSpace(line)
		switch {
		case i == 0 && line == "---":
			frontMatter = true
		case frontMatter:
			frontMatter = line != "---"
		case fence == "" && strings.HasPrefix(marker, "```"):
			fence = "```"
		case fence != "":
			if marker == fence {
				fence = ""
			}
		default:
			lines[i] = regexp.MustCompile("`[^`]*`").ReplaceAllString(line, "")
			continue
		}
		lines[i] = ""
	}
	if fence != "" || frontMatter {
		return nil, errors.New("a code block or the front matter has no end")
	}
	return lines, nil
}

// marker matches the comment before or after a part that ConductorOne's generator replaces. Other comments are not allowed.
var marker = regexp.MustCompile(`(?m)^\{/\* AUTO-GENERATED:(START|END) - (capabilities|config-params)` +
	`(\n     Generated from (?:baton_capabilities|config_schema)\.json\. Do not edit manually\.)? \*/\}$`)

// violations lists what ConductorOne's check of a page refuses. `make docs` runs a real MDX compiler; this needs no Node.js.
func violations(text string) []string {
	text = marker.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat("\n", strings.Count(found, "\n")) })
	if strings.ContainsAny(text, "\x00\ufeff") {
		return []string{"a NUL byte or a byte order mark"}
	}
	lines, err := prose(text)
	if err != nil {
		return []string{err.Error()}
	}
	var found, open []string
	for i, line := range lines {
		report := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("line %d: ", i+1)+fmt.Sprintf(format, args...))
		}
		if regexp.MustCompile(`^\s*(import|export)\b`).MatchString(line) {
			report("an import or export")
		}
		if strings.ContainsAny(line, "{}") {
			report("a brace")
		}
		if regexp.MustCompile(`(?i)(javascript|vbscript|data):`).MatchString(line) {
			report("a dangerous URL")
		}
		for rest := line; ; {
			begin := strings.Index(rest, "<")
			if begin < 0 {
				break
			}
			rest = rest[begin:]
			tag := component.FindStringSubmatch(rest)
			if tag == nil {
				report("raw HTML, or a component or an attribute that is not allowed: %.30s", rest)
				break
			}
			rest = rest[len(tag[0]):]
			closing, name, attributes, single := tag[1] != "", tag[2], tag[3], tag[4] != ""
			switch {
			case regexp.MustCompile(`(?i) on[a-z]`).MatchString(attributes):
				report("an event handler")
			case closing && (len(open) == 0 || open[len(open)-1] != name):
				report("</%s> closes nothing", name)
			case closing:
				open = open[:len(open)-1]
			case !single:
				open = append(open, name)
			}
		}
	}
	for _, name := range open {
		found = append(found, fmt.Sprintf("<%s> is not closed", name))
	}
	return found
}

func TestPageObeysTheRules(t *testing.T) {
	t.Parallel()
	require.Empty(t, violations(read(t, page)))
}

// Each rule above finds its violation.
func TestRulesFind(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"import":           "import X from 'x'\n",
		"export":           "\nexport const x = 1\n",
		"expression":       "The key {key} is\n",
		"comment":          "{/* note */}\n",
		"other part":       "{/* AUTO-GENERATED:START - notes */}\n",
		"marker in a line": "a {/* AUTO-GENERATED:END - capabilities */}\n",
		"HTML":             "one<br/>two\n",
		"HTML comment":     "<!-- note -->\n",
		"component":        "<Danger>no</Danger>\n",
		"fragment":         "<>no</>\n",
		"attribute":        "<Icon icon={name}/>\n",
		"event handler":    `<Card onClick="x">a</Card>`,
		"URL":              "[a](javascript:x)\n",
		"placeholder":      "an id like <id>\n",
		"not closed":       "<Note>\ntext\n",
		"closed too often": "text\n</Note>\n",
		"wrong order":      "<Steps><Step></Steps></Step>\n",
		"open code block":  "```yaml\na: b\n",
		"byte order mark":  "\ufeff# Title\n",
	} {
		assert.NotEmpty(t, violations(text), name)
	}
	require.Empty(t, violations("{/* AUTO-GENERATED:START - capabilities\n     Generated from baton_capabilities.json. Do not edit manually. */}\n"+
		"text\n{/* AUTO-GENERATED:END - capabilities */}\n"))
	require.Empty(t, violations("---\na: {}\n---\n\n<Note>\nAn `{id}`\n</Note>\n\n```yaml\na: {} # <b>\n```\n"))
}
