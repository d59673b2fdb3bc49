package openaitest

import (
	"fmt"
	"net/http"
	"slices"
)

const hostedToolsPath = "/organization/projects/{project_id}/hosted_tool_permissions"

var hostedToolRoutes = []route{
	{"GET " + hostedToolsPath, projectsFamily, nil, (*Server).retrieveHostedToolsLocked},
	{"POST " + hostedToolsPath, projectsFamily, nil, withBody((*Server).modifyHostedToolsLocked)},
}

// hostedTools are the tools that OpenAI hosts for calls of models.
var hostedTools = []string{"file_search", "web_search", "image_generation", "mcp", "code_interpreter"}

func (s *Server) retrieveHostedToolsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	return renderHostedTools(project), nil
}

// toolSwitch is the change of one tool.
type toolSwitch struct {
	Enabled *bool `json:"enabled"`
}

// hostedToolsChange is the body of a change. Absent and null tools stay unchanged.
type hostedToolsChange struct {
	FileSearch      *toolSwitch `json:"file_search"`
	WebSearch       *toolSwitch `json:"web_search"`
	ImageGeneration *toolSwitch `json:"image_generation"`
	MCP             *toolSwitch `json:"mcp"`
	CodeInterpreter *toolSwitch `json:"code_interpreter"`
}

// modifyHostedToolsLocked refuses to switch off a tool that the organization enables for every project. OpenAI's Terraform
// provider expects 409 then.
func (s *Server) modifyHostedToolsLocked(c *call, body hostedToolsChange) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	disabled := slices.Clone(project.DisabledTools)
	for i, wanted := range []*toolSwitch{body.FileSearch, body.WebSearch, body.ImageGeneration, body.MCP, body.CodeInterpreter} {
		tool := hostedTools[i]
		switch {
		case wanted == nil:
			continue
		case wanted.Enabled == nil:
			return nil, missing(tool + ".enabled")
		case !*wanted.Enabled && slices.Contains(s.Organization.ToolsForAllProjects, tool):
			return nil, &apiError{status: http.StatusConflict, message: fmt.Sprintf("The tool %s is enabled for all projects.", tool), param: tool}
		}
		disabled = slices.DeleteFunc(disabled, func(known string) bool { return known == tool })
		if !*wanted.Enabled {
			disabled = append(disabled, tool)
		}
	}
	slices.Sort(disabled)
	project.DisabledTools = disabled
	return renderHostedTools(project), nil
}

func renderHostedTools(p *Project) object {
	rendered := object{}
	for _, tool := range hostedTools {
		rendered[tool] = object{"enabled": !slices.Contains(p.DisabledTools, tool)}
	}
	return rendered
}
