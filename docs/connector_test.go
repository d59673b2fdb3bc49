// Package docs_test compares the documentation with its subjects: the code, the generated descriptions of the connector,
// ConductorOne's rules for its pages, and the Kubernetes API.
package docs_test

import (
	"encoding/json"
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
	// tick means yes in a table of capabilities.
	tick = `<Icon icon="square-check" iconType="solid" color="#c937ae"/>`
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// generated gives the text between the two markers of a part.
func generated(t *testing.T, part, source string) string {
	t.Helper()
	text := read(t, page)
	begin := "{/* AUTO-GENERATED:START - " + part + "\n     Generated from " + source + ". Do not edit manually. */}\n"
	end := "{/* AUTO-GENERATED:END - " + part + " */}\n"
	require.Equal(t, 1, strings.Count(text, begin), begin)
	require.Equal(t, 1, strings.Count(text, end), end)
	require.Len(t, marker.FindAllString(text, -1), 4)
	_, text, _ = strings.Cut(text, begin)
	text, _, found := strings.Cut(text, end)
	require.True(t, found, "%s ends before it begins", part)
	return text
}

// cells gives the rows of the table with this header, by their first cell.
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
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
	} `json:"resourceType"`
	Capabilities    []string `json:"capabilities"`
	CredentialIssue struct {
		Options []struct {
			SecretResourceTypeID string `json:"secretResourceTypeId"`
		} `json:"options"`
	} `json:"credentialIssue"`
	Permissions struct {
		Permissions []struct {
			Permission string `json:"permission"`
		} `json:"permissions"`
	} `json:"permissions"`
}

func capabilities(t *testing.T) []capability {
	t.Helper()
	var file struct {
		ResourceTypes []capability `json:"resourceTypeCapabilities"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../baton_capabilities.json")), &file))
	require.NotEmpty(t, file.ResourceTypes)
	return file.ResourceTypes
}

// Both tables of capabilities have a row for each resource type, and a tick for each capability. The connector revokes a key
// that it has issued by deleting it.
func TestPageTellsTheCapabilities(t *testing.T) {
	t.Parallel()
	text := read(t, page)
	yes := func(can bool) string {
		if can {
			return tick
		}
		return ""
	}
	issued := map[string]bool{}
	for _, entry := range capabilities(t) {
		for _, option := range entry.CredentialIssue.Options {
			issued[option.SecretResourceTypeID] = true
		}
	}
	require.NotEmpty(t, issued)
	wantShort, wantLong := map[string][]string{}, map[string][]string{}
	for _, entry := range capabilities(t) {
		can := func(names ...string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(entry.Capabilities, "CAPABILITY_"+name) })
		}
		label := entry.ResourceType.DisplayName + "s"
		if label == "Organizations" {
			label = "Organization" // there is one
		}
		grants, creates, deletes := can("PROVISION"), can("RESOURCE_CREATE", "ACCOUNT_PROVISIONING"), can("RESOURCE_DELETE")
		isIssued := issued[entry.ResourceType.ID]
		wantShort[label] = []string{yes(can("SYNC")), yes(grants || creates || deletes), yes(isIssued), yes(isIssued && deletes)}
		wantLong[label] = []string{yes(grants), yes(creates), yes(deletes)}
		for _, needed := range entry.Permissions.Permissions {
			assert.Contains(t, text, "`"+needed.Permission+"`")
		}
	}
	assert.Equal(t, wantShort, cells(t, generated(t, "capabilities", "baton_capabilities.json"), "| Resource | Sync | Provision | Issue | Revoke |"))
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

// The table of settings and the step for them have exactly the fields that a person fills in.
func TestPageTellsTheConfiguration(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	var entered []string
	for _, entry := range schemaFields(t) {
		if entry.Ops {
			continue
		}
		kind := []string{"Optional"}
		if entry.Required {
			kind = []string{"Required"}
		}
		if entry.Secret {
			kind = append(kind, "secret")
		}
		require.NotEmpty(t, entry.DisplayName, entry.Name)
		label := "**" + entry.DisplayName + "**"
		if entry.Required {
			label += " (required)"
		}
		entered = append(entered, label)
		want["**"+entry.DisplayName+"**"] = []string{"`" + entry.Name + "`", "`" + variable(entry.Name) + "`", strings.Join(kind, ", ")}
	}
	assert.Equal(t, want, cells(t, read(t, page), "| Setting | Flag | Environment variable | |"))
	step := generated(t, "config-params", "config_schema.json")
	assert.Equal(t, entered, regexp.MustCompile(`\*\*[^*]+\*\*(?: \(required\))?`).FindAllString(step, -1))
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

// The manifests on the page are the files. Other tests compare the files with the Kubernetes API.
func TestPageShowsTheManifests(t *testing.T) {
	t.Parallel()
	text := read(t, page)
	for _, name := range []string{"secret.yaml", "deployment.yaml"} {
		assert.Contains(t, text, "```yaml\n"+read(t, "kubernetes/"+name)+"```\n", "%s on the page is out of date", name)
	}
	assert.Equal(t, 2, strings.Count(text, "```yaml\n"))
}

// hostID is a variable that the SDK reads although the configuration has no such field.
const hostID = "BATON_HOST_ID"

// environment gives the variables that the SDK reads: its own fields, and those of the connector's committed schema.
func environment(t *testing.T) []string {
	t.Helper()
	fields := schemaFields(t)
	names := append(make([]string, 0, 1+len(field.DefaultFields)+len(fields)), hostID)
	for _, entry := range field.DefaultFields {
		names = append(names, variable(entry.FieldName))
	}
	for _, entry := range fields {
		names = append(names, variable(entry.Name))
	}
	return names
}

// variable gives the environment variable of a field.
func variable(name string) string {
	return "BATON_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
