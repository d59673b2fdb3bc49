package openaitest

import (
	"cmp"
	"slices"
)

const (
	projectAPIKeysFamily = "project_api_keys"

	ownerProjectAccess = "owner_project_access"
)

var projectAPIKeyRoutes = []route{
	{
		"GET /organization/projects/{project_id}/api_keys", projectAPIKeysFamily,
		append(slices.Clone(lastIDQuery), ownerProjectAccess), (*Server).listProjectAPIKeysLocked,
	},
	{"GET /organization/projects/{project_id}/api_keys/{api_key_id}", projectAPIKeysFamily, nil, (*Server).retrieveProjectAPIKeyLocked},
	{"DELETE /organization/projects/{project_id}/api_keys/{api_key_id}", projectAPIKeysFamily, nil, (*Server).deleteProjectAPIKeyLocked},
}

// listProjectAPIKeysLocked hides, without the parameter, the keys of owners without access to the project.
func (s *Server) listProjectAPIKeysLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	access, err := c.choice(ownerProjectAccess, statusActive, statusInactive, "any")
	if err != nil {
		return nil, err
	}
	return lister[ProjectAPIKey]{
		rows:   project.APIKeys,
		id:     func(k ProjectAPIKey) string { return k.ID },
		render: func(k ProjectAPIKey) object { return s.renderProjectAPIKeyLocked(project, k) },
		keep: func(k ProjectAPIKey) bool {
			return access == "any" || access == cmp.Or(k.OwnerProjectAccess, statusActive)
		},
	}.byLastID(c)
}

func (s *Server) retrieveProjectAPIKeyLocked(c *call) (any, error) {
	project, key, err := s.projectAPIKeyLocked(c)
	if err != nil {
		return nil, err
	}
	return s.renderProjectAPIKeyLocked(project, *key), nil
}

func (s *Server) deleteProjectAPIKeyLocked(c *call) (any, error) {
	project, key, err := s.projectAPIKeyLocked(c)
	if err != nil {
		return nil, err
	}
	id := key.ID
	if key.OwnerType == typeServiceAccount && !s.ServiceAccountKeysMayGo {
		return nil, invalid("", "", "API keys cannot be deleted for service accounts, please delete the service account")
	}
	project.APIKeys = slices.DeleteFunc(project.APIKeys, func(k ProjectAPIKey) bool { return k.ID == id })
	return deleted("organization.project.api_key", id), nil
}

func (s *Server) projectAPIKeyLocked(c *call) (*Project, *ProjectAPIKey, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.PathValue("api_key_id")
	key := project.apiKey(id)
	if key == nil {
		return nil, nil, notFound("api_key", id)
	}
	return project, key, nil
}

func (p *Project) apiKey(id string) *ProjectAPIKey {
	return find(p.APIKeys, func(k *ProjectAPIKey) bool { return k.ID == id })
}

// hasKey searches the keys of all projects and the admin keys.
func (o *Organization) hasKey(id string) bool {
	return o.adminKey(id) != nil || slices.ContainsFunc(o.Projects, func(p Project) bool { return p.apiKey(id) != nil })
}

func (s *Server) renderProjectAPIKeyLocked(p *Project, k ProjectAPIKey) object {
	rendered := object{
		"object":           "organization.project.api_key",
		"id":               k.ID,
		"name":             k.Name,
		"redacted_value":   k.RedactedValue,
		"created_at":       k.CreatedAt,
		"last_used_at":     orNull(k.LastUsedAt),
		ownerProjectAccess: cmp.Or(k.OwnerProjectAccess, statusActive),
		"owner":            s.renderProjectKeyOwnerLocked(p, k),
	}
	if k.ExpiresAt != 0 {
		rendered["expires_at"] = k.ExpiresAt
	}
	return rendered.with(k.JSON)
}

func (s *Server) renderProjectKeyOwnerLocked(p *Project, k ProjectAPIKey) object {
	ownerType := cmp.Or(k.OwnerType, typeUser)
	owner := object{"id": k.OwnerID}
	if ownerType == typeServiceAccount {
		if account := p.serviceAccount(k.OwnerID); account != nil {
			owner = object{"id": account.ID, "name": account.Name, "created_at": account.CreatedAt, "role": account.Role}
		}
	} else if user := s.Organization.user(k.OwnerID); user != nil {
		owner = object{"id": user.ID, "name": user.Name, "email": user.Email, "created_at": user.AddedAt, "role": keyOwnerRole(p, user)}
	}
	return object{"type": ownerType, ownerType: owner}
}

// keyOwnerRole is the project role of the user. What the API answers for a user who left the project is not known.
func keyOwnerRole(p *Project, u *User) string {
	if member := p.user(u.ID); member != nil {
		return member.Role
	}
	if u.Role == roleOwner {
		return roleOwner
	}
	return roleMember
}
