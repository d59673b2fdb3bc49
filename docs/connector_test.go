// Package docs_test holds the documentation to what it is about: ConductorOne's rules for its pages, the generated
// descriptions of the connector, and the Kubernetes API.
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
	// tick is what stands in a capabilities table for yes.
	tick = `<Icon icon="square-check" iconType="solid" color="#c937ae"/>`
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// generated is what stands between the two markers of a part.
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
	var told struct {
		ResourceTypes []capability `json:"resourceTypeCapabilities"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../baton_capabilities.json")), &told))
	require.NotEmpty(t, told.ResourceTypes)
	return told.ResourceTypes
}

// Both tables of capabilities have a row for each resource type, and a tick where the connector says that it can. A key that
// the connector issues, it can revoke: it deletes the key.
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
	for _, of := range capabilities(t) {
		for _, option := range of.CredentialIssue.Options {
			issued[option.SecretResourceTypeID] = true
		}
	}
	require.NotEmpty(t, issued)
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
		isIssued := issued[of.ResourceType.ID]
		wantShort[label] = []string{yes(can("SYNC")), yes(grants || creates || deletes), yes(isIssued), yes(isIssued && deletes)}
		wantLong[label] = []string{yes(grants), yes(creates), yes(deletes)}
		for _, needed := range of.Permissions.Permissions {
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

// The table of settings and the step that enters them have the fields that a person fills in, and only these.
func TestPageTellsTheConfiguration(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	var entered []string
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
		label := "**" + of.DisplayName + "**"
		if of.Required {
			label += " (required)"
		}
		entered = append(entered, label)
		want["**"+of.DisplayName+"**"] = []string{"`" + of.Name + "`", "`" + variable(of.Name) + "`", strings.Join(kind, ", ")}
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

// The manifests on the page are the files, which the tests beside this one hold to the Kubernetes API.
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
