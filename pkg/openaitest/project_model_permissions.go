package openaitest

import (
	"maps"
	"slices"
)

const modelPermissionsPath = "/organization/projects/{project_id}/model_permissions"

var modelPermissionRoutes = []route{
	{"GET " + modelPermissionsPath, projectsFamily, nil, (*Server).retrieveModelPermissionsLocked},
	{"POST " + modelPermissionsPath, projectsFamily, nil, withBody((*Server).modifyModelPermissionsLocked)},
	{"DELETE " + modelPermissionsPath, projectsFamily, nil, (*Server).deleteModelPermissionsLocked},
}

// The modes of model permissions.
const (
	modeAllowList = "allow_list"
	modeDenyList  = "deny_list"
)

// ModelPermissions are the models that a project may use. The zero value allows every model.
type ModelPermissions struct {
	// Mode is allow_list or deny_list; empty means that nothing is set.
	Mode     string
	ModelIDs []string
	JSON     Fields
}

func (m *ModelPermissions) detach() {
	m.ModelIDs, m.JSON = slices.Clone(m.ModelIDs), maps.Clone(m.JSON)
}

// retrieveModelPermissionsLocked answers 404 if nothing is set, as OpenAI's Terraform provider expects it, unless
// [Server.UnsetIsNull].
func (s *Server) retrieveModelPermissionsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	switch {
	case err != nil:
		return nil, err
	case project.Models.Mode == "" && s.UnsetIsNull:
		return object{"object": "project.model_permissions", "mode": nil, "model_ids": nil}, nil
	case project.Models.Mode == "":
		return nil, notFound("model_permissions", project.ID)
	}
	return renderModelPermissions(project.Models), nil
}

// modelPermissionsChange is the body that replaces the permissions.
type modelPermissionsChange struct {
	Mode     string    `json:"mode"`
	ModelIDs *[]string `json:"model_ids"`
}

// modifyModelPermissionsLocked accepts any model: the server does not know which exist.
func (s *Server) modifyModelPermissionsLocked(c *call, body modelPermissionsChange) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if err := oneOfWords("mode", body.Mode, modeAllowList, modeDenyList); err != nil {
		return nil, err
	}
	if body.ModelIDs == nil {
		return nil, missing("model_ids")
	}
	project.Models.Mode, project.Models.ModelIDs = body.Mode, *body.ModelIDs
	return renderModelPermissions(project.Models), nil
}

func (s *Server) deleteModelPermissionsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	switch {
	case err != nil:
		return nil, err
	case project.Models.Mode == "":
		return nil, notFound("model_permissions", project.ID)
	}
	project.Models = ModelPermissions{}
	return deleted("project.model_permissions", ""), nil
}

func renderModelPermissions(m ModelPermissions) object {
	return object{"object": "project.model_permissions", "mode": m.Mode, "model_ids": list(m.ModelIDs)}.with(m.JSON)
}
