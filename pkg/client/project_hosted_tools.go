package client

import (
	"context"
	"encoding/json"
)

// HostedToolNames are the API's names of the tools that OpenAI hosts for calls of models.
func HostedToolNames() []string {
	return []string{"file_search", "web_search", "image_generation", "mcp", "code_interpreter"}
}

// HostedTools are the hosted tools of a project.
type HostedTools struct {
	// Enabled has, for each tool, whether the project may use it.
	Enabled map[string]bool
}

// UnmarshalJSON reads the known tools and ignores other fields.
func (h *HostedTools) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	h.Enabled = map[string]bool{}
	for _, name := range HostedToolNames() {
		var tool struct {
			Enabled *bool `json:"enabled"`
		}
		if err := json.Unmarshal(orNull(fields[name]), &tool); err != nil {
			return err
		}
		if tool.Enabled != nil {
			h.Enabled[name] = *tool.Enabled
		}
	}
	return nil
}

func orNull(field json.RawMessage) json.RawMessage {
	if field == nil {
		return json.RawMessage("null")
	}
	return field
}

// itemID is empty unless the answer names every tool.
func (h HostedTools) itemID() string {
	if len(h.Enabled) < len(HostedToolNames()) {
		return ""
	}
	return "hosted_tool_permissions"
}

const routeHostedTools Route = "/organization/projects/{project_id}/hosted_tool_permissions"

// GetProjectHostedTools gives the hosted tools of a project.
//
// GET /organization/projects/{project_id}/hosted_tool_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/hosted_tool_permissions/methods/retrieve.
func (c *Client) GetProjectHostedTools(ctx context.Context, projectID string) (HostedTools, error) {
	return retrieve[HostedTools](ctx, c, routeHostedTools, projectID)
}

// ModifyProjectHostedTools switches hosted tools on and off. Omitted tools stay unchanged. A tool that the organization
// enables for every project cannot be switched off: OpenAI's Terraform provider expects 409.
//
// POST /organization/projects/{project_id}/hosted_tool_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/hosted_tool_permissions/methods/update.
func (c *Client) ModifyProjectHostedTools(ctx context.Context, projectID string, enabled map[string]bool) (HostedTools, error) {
	body := map[string]map[string]bool{}
	for name, wanted := range enabled {
		body[name] = map[string]bool{"enabled": wanted}
	}
	return change[HostedTools](ctx, c, routeHostedTools, []string{projectID}, body)
}
