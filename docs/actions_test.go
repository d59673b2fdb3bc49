package docs_test

import (
	"fmt"
	"strings"
	"testing"

	config "github.com/conductorone/baton-sdk/pb/c1/config/v1"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/connector"
)

const actionsPage = "actions.md"

// fields writes arguments or results as the page does.
func fields(list []*config.Field, isArgument bool) string {
	written := make([]string, 0, len(list))
	for _, field := range list {
		kind := ""
		switch {
		case field.HasIntField():
			kind = "number"
		case field.HasBoolField():
			kind = "yes or no"
		case field.HasStringSliceField():
			kind = "texts"
		case field.HasResourceIdField():
			kind = "id of " + strings.Join(field.GetResourceIdField().GetRules().GetAllowedResourceTypeIds(), " or ")
		case field.HasResourceField():
			kind = "resource"
		case field.HasStringField():
			kind = "text"
		}
		if isArgument && !field.GetIsRequired() {
			kind += ", optional"
		}
		written = append(written, fmt.Sprintf("`%s` (%s)", field.GetName(), kind))
	}
	return strings.Join(written, ", ")
}

func actionSchemas(t *testing.T) []*v2.BatonActionSchema {
	t.Helper()
	server, err := connectorbuilder.NewConnector(t.Context(), &connector.Connector{})
	require.NoError(t, err)
	answer, err := server.ListActionSchemas(t.Context(), &v2.ListActionSchemasRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, answer.GetSchemas())
	return answer.GetSchemas()
}

// The page has each action as its schema describes it, and says what it refuses.
func TestPageTellsTheActions(t *testing.T) {
	t.Parallel()
	rows := cells(t, read(t, actionsPage), "| action | arguments | what it does | what it returns | what it refuses |")
	schemas := actionSchemas(t)
	for _, schema := range schemas {
		row := rows["`"+schema.GetName()+"`"]
		require.Len(t, row, 4, schema.GetName())
		assert.Equal(t, fields(schema.GetArguments(), true), row[0], schema.GetName())
		assert.Equal(t, schema.GetDescription(), row[1], schema.GetName())
		require.Equal(t, "success", schema.GetReturnTypes()[0].GetName())
		assert.Equal(t, fields(schema.GetReturnTypes()[1:], false), row[2], schema.GetName())
		assert.NotEmpty(t, row[3], schema.GetName())
	}
	assert.Len(t, rows, len(schemas))
}

// additional writes the arguments of an action as ConductorOne's pages do, under "Additional fields".
func additional(arguments []*config.Field) string {
	written := make([]string, 0, len(arguments))
	for _, field := range arguments {
		kind := ""
		switch {
		case field.HasIntField():
			kind = "integer"
		case field.HasBoolField():
			kind = "boolean"
		case field.HasStringSliceField():
			kind = "list of strings"
		case field.HasResourceIdField():
			kind = "resource ID"
		case field.HasStringField():
			kind = "string"
		}
		need := "optional"
		if field.GetIsRequired() {
			need = "required"
		}
		written = append(written, fmt.Sprintf("`%s` (%s, %s)", field.GetName(), kind, need))
	}
	return strings.Join(written, ", ")
}

// The set-up page has each action, in the form of ConductorOne's pages.
func TestSetUpPageTellsTheActions(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	for _, schema := range actionSchemas(t) {
		want["`"+schema.GetName()+"`"] = []string{additional(schema.GetArguments()), schema.GetDescription()}
	}
	text := read(t, page)
	require.Contains(t, text, "\n### Connector actions\n")
	assert.Equal(t, want, cells(t, text, "| Action name | Additional fields | Description |"))
}

// The README names each action.
func TestReadmeNamesTheActions(t *testing.T) {
	t.Parallel()
	text := read(t, "../README.md")
	for _, schema := range actionSchemas(t) {
		assert.Contains(t, text, "`"+schema.GetName()+"`")
	}
}
