package client

import (
	"context"
	"encoding/json"
)

// HostedToolNames are the tools that OpenAI runs for whoever calls a model, as the API names them.
func HostedToolNames() []string {
	return []string{"file_search", "web_search", "image_generation", "mcp", "code_interpreter"}
}

// HostedTools are the hosted tools of a project.
type HostedTools struct {
	// Enabled tells of each tool, by its name, whether the project may use it.
	Enabled map[string]bool
}

// UnmarshalJSON takes the tools and no other field.
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

// itemID tells an answer that names every tool, as all do.
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

// ModifyProjectHostedTools switches hosted tools on and off. Those that are left out stay as they are. One that the
// organization has switched on for every project is not switched off: OpenAI's own Terraform provider reckons with 409.
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
