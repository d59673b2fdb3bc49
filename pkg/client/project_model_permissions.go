package client

import "context"

// The ways in which the models of a project are listed.
const (
	ModelsAllowed = "allow_list"
	ModelsDenied  = "deny_list"
)

// ModelPermissions are the models that a project may use.
type ModelPermissions struct {
	Object string `json:"object"`
	// Mode is one of the words above; empty means that nothing is set, so that the project may use every model.
	Mode     string   `json:"mode"`
	ModelIDs []string `json:"model_ids"`
}

func (m ModelPermissions) itemID() string { return m.Object }

const routeModelPermissions Route = "/organization/projects/{project_id}/model_permissions"

// GetProjectModelPermissions gives the models of a project. What the API answers where nothing is set is not documented;
// OpenAI's own Terraform provider takes a 404 for that.
//
// GET /organization/projects/{project_id}/model_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/model_permissions/methods/retrieve.
func (c *Client) GetProjectModelPermissions(ctx context.Context, projectID string) (ModelPermissions, error) {
	return retrieve[ModelPermissions](ctx, c, routeModelPermissions, projectID)
}

// ModifyProjectModelPermissions sets the models of a project, in place of those before.
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

// DeleteProjectModelPermissions lets a project use every model.
//
// DELETE /organization/projects/{project_id}/model_permissions,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/projects/subresources/model_permissions/methods/delete.
func (c *Client) DeleteProjectModelPermissions(ctx context.Context, projectID string) error {
	return c.remove(ctx, routeModelPermissions, projectID)
}
