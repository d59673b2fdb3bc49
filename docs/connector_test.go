// Package docs_test holds the documentation to what it is about: ConductorOne's rules for its pages, the generated
// descriptions of the connector, and the Kubernetes API.
package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	page = "connector.mdx"
	// tick is what stands in a capabilities table for yes.
	tick = `<Icon icon="square-check" iconType="solid" color="#c937ae"/>`
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// component is a tag of the page: an opening one, with attributes that are plain strings, a closing one, or both in one.
var component = regexp.MustCompile(`^<(/?)(Card|Check|Frame|Icon|Info|Note|Step|Steps|Tab|Tabs|Tip|Warning)((?: +[a-zA-Z]+="[^"<>]*")*) *(/?)>`)

// prose is the page's lines, with code and front matter emptied so that line numbers stay.
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

// violations is what ConductorOne's check of a page refuses. `make docs` asks a real MDX compiler; this needs no Node.js.
func violations(text string) []string {
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

// The rules above find what they are for.
func TestRulesFind(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"import":           "import X from 'x'\n",
		"export":           "\nexport const x = 1\n",
		"expression":       "The key {key} is\n",
		"comment":          "{/* note */}\n",
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
	require.Empty(t, violations("---\na: {}\n---\n\n<Note>\nAn `{id}`\n</Note>\n\n```yaml\na: {} # <b>\n```\n"))
}

// cells are the rows of the table with this header, by their first cell.
func cells(t *testing.T, text, header string) map[string][]string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, header+"\n"), header)
	_, table, _ := strings.Cut(text, header+"\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string][]string{}
	for _, line := range strings.Split(table, "\n")[1:] {
		row := strings.Split(strings.Trim(line, "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		require.NotContains(t, rows, row[0])
		rows[row[0]] = row[1:]
	}
	return rows
}

type capability struct {
	ResourceType struct {
		DisplayName string `json:"displayName"`
	} `json:"resourceType"`
	Capabilities []string `json:"capabilities"`
	Permissions  struct {
		Permissions []struct {
			Permission string `json:"permission"`
		} `json:"permissions"`
	} `json:"permissions"`
}

func capabilities(t *testing.T) []capability {
	t.Helper()
	var told struct {
		ResourceTypes []capability `json:"resourceTypeCapabilities"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../baton_capabilities.json")), &told))
	require.NotEmpty(t, told.ResourceTypes)
	return told.ResourceTypes
}

// Both tables of capabilities have a row for each resource type, and a tick where the connector says that it can.
func TestPageTellsTheCapabilities(t *testing.T) {
	t.Parallel()
	text := read(t, page)
	yes := func(can bool) string {
		if can {
			return tick
		}
		return ""
	}
	wantShort, wantLong := map[string][]string{}, map[string][]string{}
	for _, of := range capabilities(t) {
		can := func(names ...string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(of.Capabilities, "CAPABILITY_"+name) })
		}
		label := of.ResourceType.DisplayName + "s"
		if label == "Organizations" {
			label = "Organization" // there is one
		}
		grants, creates, deletes := can("PROVISION"), can("RESOURCE_CREATE", "ACCOUNT_PROVISIONING"), can("RESOURCE_DELETE")
		wantShort[label] = []string{yes(can("SYNC")), yes(grants || creates || deletes)}
		wantLong[label] = []string{yes(grants), yes(creates), yes(deletes)}
		for _, needed := range of.Permissions.Permissions {
			assert.Contains(t, text, "`"+needed.Permission+"`")
		}
	}
	assert.Equal(t, wantShort, cells(t, text, "| Resource | Sync | Provision |"))
	assert.Equal(t, wantLong, cells(t, text, "| Resource | Grant and revoke | Create | Delete |"))
}

type schemaField struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Required    bool   `json:"isRequired"`
	Secret      bool   `json:"isSecret"`
	Ops         bool   `json:"isOps"`
}

func schemaFields(t *testing.T) []schemaField {
	t.Helper()
	var schema struct {
		Fields []schemaField `json:"fields"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../config_schema.json")), &schema))
	require.NotEmpty(t, schema.Fields)
	return schema.Fields
}

// The table of settings has the fields that a person fills in, and only these.
func TestPageTellsTheConfiguration(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	for _, of := range schemaFields(t) {
		if of.Ops {
			continue
		}
		kind := []string{"Optional"}
		if of.Required {
			kind = []string{"Required"}
		}
		if of.Secret {
			kind = append(kind, "secret")
		}
		require.NotEmpty(t, of.DisplayName, of.Name)
		want["**"+of.DisplayName+"**"] = []string{"`" + of.Name + "`", "`" + variable(of.Name) + "`", strings.Join(kind, ", ")}
	}
	assert.Equal(t, want, cells(t, read(t, page), "| Setting | Flag | Environment variable | |"))
}

// Every variable that the page names is one that the SDK reads.
func TestPageNamesNoUnknownVariable(t *testing.T) {
	t.Parallel()
	known := environment(t)
	named := regexp.MustCompile(`BATON_[A-Z_]+`).FindAllString(read(t, page), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		assert.Contains(t, known, name)
	}
}

// The manifests on the page are the files. Other tests of this package compare those with the Kubernetes API.
func TestPageShowsTheManifests(t *testing.T) {
	t.Parallel()
	text := read(t, page)
	for _, name := range []string{"secret.yaml", "deployment.yaml"} {
		assert.Contains(t, text, "```yaml\n"+read(t, "kubernetes/"+name)+"```\n", "%s on the page is out of date", name)
	}
	assert.Equal(t, 2, strings.Count(text, "```yaml\n"))
}

// environment is the variables that the SDK reads, by its own list of fields and by the connector's committed schema.
func environment(t *testing.T) []string {
	t.Helper()
	fields := schemaFields(t)
	names := append(make([]string, 0, 1+len(field.DefaultFields)+len(fields)), hostID)
	for _, of := range field.DefaultFields {
		names = append(names, variable(of.FieldName))
	}
	for _, of := range fields {
		names = append(names, variable(of.Name))
	}
	return names
}

// variable is the environment variable that the SDK reads a field from.
func variable(name string) string {
	return "BATON_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
