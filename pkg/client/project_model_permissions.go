package client

import "context"

// The modes of a project's model permissions.
const (
	ModelsAllowed = "allow_list"
	ModelsDenied  = "deny_list"
)

// ModelPermissions are the models that a project may use.
type ModelPermissions struct {
	Object string `json:"object"`
	// Mode is one of the constants above; "" means that nothing is set, and the project may use every model.
	Mode     string   `json:"mode"`
	ModelIDs []string `json:"model_ids"`
}

func (m ModelPermissions) itemID() string { return m.Object }

const routeModelPermissions Route = "/organization/projects/{project_id}/model_permissions"

// GetProjectModelPermissions gives the models of a project. The answer for a project without permissions is not
// documented; OpenAI's Terraform provider takes 404 for it.
//
// GET /organization/projects/{project_id}/model_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/model_permissions/methods/retrieve.
func (c *Client) GetProjectModelPermissions(ctx context.Context, projectID string) (ModelPermissions, error) {
	return retrieve[ModelPermissions](ctx, c, routeModelPermissions, projectID)
}

// ModifyProjectModelPermissions replaces the models of a project.
//
// POST /organization/projects/{project_id}/model_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/model_permissions/methods/update.
func (c *Client) ModifyProjectModelPermissions(ctx context.Context, projectID, mode string, modelIDs []string) (ModelPermissions, error) {
	body := struct {
		Mode     string   `json:"mode"`
		ModelIDs []string `json:"model_ids"`
	}{mode, modelIDs}
	return change[ModelPermissions](ctx, c, routeModelPermissions, []string{projectID}, body)
}

// DeleteProjectModelPermissions allows a project every model.
//
// DELETE /organization/projects/{project_id}/model_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/model_permissions/methods/delete.
func (c *Client) DeleteProjectModelPermissions(ctx context.Context, projectID string) error {
	return c.remove(ctx, routeModelPermissions, projectID)
}
