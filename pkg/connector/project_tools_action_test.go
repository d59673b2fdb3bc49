package connector_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const modifyTools = "POST /organization/projects/{project_id}/hosted_tool_permissions"

func disableTools(tools ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { o.Projects[0].DisabledTools = tools }
}

var toolActions = map[string]actionCase{
	"one on and one off": {
		name: "set_project_tools", arguments: projectAnd("alpha", `,"mcp":true,"code_interpreter":false`),
		effect: disableTools("code_interpreter", "web_search"), sends: []string{modifyTools}, returns: returnedAlpha, logs: []string{"project_id:alpha"},
	},
	"one that is on and one that is not": {
		name: "set_project_tools", arguments: projectAnd("alpha", `,"file_search":true,"web_search":true,"image_generation":null`),
		effect: disableTools("mcp"), sends: []string{modifyTools}, returns: returnedAlpha,
	},
	"as they are": {
		name: "set_project_tools", arguments: projectAnd("alpha", `,"mcp":false,"file_search":true`), returns: returnedAlpha,
	},
}

func TestSetProjectTools(t *testing.T) {
	t.Parallel()
	requireInvoked(t, toolActions)
}

func TestSetProjectToolsRefused(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"nothing": {
			do:   invoked("set_project_tools", projectAnd("alpha", "")),
			code: codes.InvalidArgument, says: []string{"nothing is asked for: give at least one of file_search, web_search"},
		},
		"an archived project": {
			do: invoked("set_project_tools", projectAnd("gone", `,"mcp":true`)), says: []string{"the project gone is archived"},
		},
		"a project that is not there": {
			do:   invoked("set_project_tools", projectAnd("delta", `,"mcp":true`)),
			code: codes.NotFound, says: []string{"setting the hosted tools of the project delta"},
		},
		"one that is on for all projects": {
			do:      invoked("set_project_tools", projectAnd("alpha", `,"image_generation":false`)),
			prepare: func(o *openaitest.Organization) { o.ToolsForAllProjects = []string{"image_generation"} },
			sends:   []string{modifyTools, modifyTools}, says: []string{"The tool image_generation is enabled for all projects."},
		},
	})
}
