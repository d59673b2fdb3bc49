package openaitest

import (
	"cmp"
	"slices"
)

const projectUsersFamily = "project_users"

var projectUserRoutes = []route{
	{"GET /organization/projects/{project_id}/users", projectUsersFamily, lastIDQuery, (*Server).listProjectUsersLocked},
	{"GET /organization/projects/{project_id}/users/{user_id}", projectUsersFamily, nil, (*Server).retrieveProjectUserLocked},
	{"POST /organization/projects/{project_id}/users", projectUsersFamily, nil, withBody((*Server).addProjectUserLocked)},
	{"POST /organization/projects/{project_id}/users/{user_id}", projectUsersFamily, nil, withBody((*Server).modifyProjectUserLocked)},
	{"DELETE /organization/projects/{project_id}/users/{user_id}", projectUsersFamily, nil, (*Server).removeProjectUserLocked},
}

func (s *Server) listProjectUsersLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[ProjectUser]{
		rows:   s.projectUsersLocked(project),
		id:     func(u ProjectUser) string { return u.UserID },
		render: s.renderProjectUserLocked,
	}.byLastID(c)
}

func (s *Server) retrieveProjectUserLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("user_id")
	user := s.projectUserLocked(project, id)
	if user == nil {
		return nil, notFound(typeUser, id)
	}
	return s.renderProjectUserLocked(*user), nil
}

// newProjectUser is the body of a request to add a user, by id or email address, to a project with a role, by name.
type newProjectUser struct {
	UserID string `json:"user_id"`
	Email  string `json:"email"`
	Role   string `json:"role"`
}

// addProjectUserLocked refuses users who are in the project, as organization owners always are.
func (s *Server) addProjectUserLocked(c *call, body newProjectUser) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if err := s.checkMemberRole(body.Role); err != nil {
		return nil, err
	}
	user, err := body.find(&s.Organization)
	if err != nil {
		return nil, err
	}
	if project.user(user.ID) != nil || project.serviceAccount(user.ID) != nil || user.Role == roleOwner {
		return nil, invalid("", "", "The user %s already exists in project %s.", user.ID, project.ID)
	}
	added := ProjectUser{UserID: user.ID, Role: body.Role, AddedAt: s.nowLocked()}
	project.Users = append(project.Users, added)
	return s.renderProjectUserLocked(added), nil
}

func (b *newProjectUser) find(o *Organization) (*User, error) {
	if b.UserID == "" && b.Email == "" {
		return nil, missing("user_id")
	}
	user := o.userByEmail(b.Email)
	if b.UserID != "" {
		user = o.user(b.UserID)
	}
	if user == nil {
		return nil, notFound(typeUser, cmp.Or(b.UserID, b.Email))
	}
	return user, nil
}

func (s *Server) checkMemberRole(role string) error {
	if s.MembersRefuseViewer {
		return oneOfWords("role", role, roleOwner, roleMember)
	}
	return oneOfWords("role", role, roleOwner, roleMember, roleViewer)
}

// projectUserChange is the body of the modification of a project user. Without a role nothing changes.
type projectUserChange struct {
	Role string `json:"role"`
}

func (s *Server) modifyProjectUserLocked(c *call, body projectUserChange) (any, error) {
	_, user, err := s.changeableProjectUserLocked(c)
	if err != nil {
		return nil, err
	}
	if body.Role != "" {
		if err := s.checkMemberRole(body.Role); err != nil {
			return nil, err
		}
		user.Role = body.Role
	}
	return s.renderProjectUserLocked(*user), nil
}

// removeProjectUserLocked ends the membership with all custom roles.
func (s *Server) removeProjectUserLocked(c *call) (any, error) {
	project, user, err := s.changeableProjectUserLocked(c)
	if err != nil {
		return nil, err
	}
	id := user.UserID
	project.removeUser(id)
	return deleted("organization.project.user", id), nil
}

// changeableProjectUserLocked is a member of a project. It refuses organization owners, listed or not: their membership cannot be
// changed.
func (s *Server) changeableProjectUserLocked(c *call) (*Project, *ProjectUser, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.PathValue("user_id")
	if s.Organization.isOwner(id) {
		return nil, nil, ownsEveryProject(id)
	}
	user := project.user(id)
	if user == nil {
		return nil, nil, notFound(typeUser, id)
	}
	return project, user, nil
}

// ownsEveryProject is a refusal. The API's message is not public.
func ownsEveryProject(userID string) error {
	return invalid("", "", "The user %s is an owner of the organization: the role in a project cannot be changed or removed.", userID)
}

// removeUser removes the user from the project. The user's keys stay, without access.
func (p *Project) removeUser(id string) {
	p.Users = slices.DeleteFunc(p.Users, func(u ProjectUser) bool { return u.UserID == id })
	for i := range p.APIKeys {
		if key := &p.APIKeys[i]; key.OwnerID == id && cmp.Or(key.OwnerType, typeUser) == typeUser {
			key.OwnerProjectAccess = statusInactive
		}
	}
}

// projectUsersLocked adds the organization owners if [Server.ListImplicitOwners].
func (s *Server) projectUsersLocked(p *Project) []ProjectUser {
	if !s.ListImplicitOwners {
		return p.Users
	}
	users := slices.Clone(p.Users)
	for _, u := range s.Organization.Users {
		if u.Role == roleOwner && p.user(u.ID) == nil {
			users = append(users, ProjectUser{UserID: u.ID, Role: roleOwner, AddedAt: u.AddedAt})
		}
	}
	return users
}

func (s *Server) projectUserLocked(p *Project, id string) *ProjectUser {
	return find(s.projectUsersLocked(p), func(u *ProjectUser) bool { return u.UserID == id })
}

func (p *Project) user(id string) *ProjectUser {
	return find(p.Users, func(u *ProjectUser) bool { return u.UserID == id })
}

func (s *Server) renderProjectUserLocked(u ProjectUser) object {
	rendered := object{
		"object":   "organization.project.user",
		"id":       u.UserID,
		"name":     nil,
		"email":    nil,
		"role":     u.Role,
		"added_at": u.AddedAt,
	}
	if user := s.Organization.user(u.UserID); user != nil {
		rendered["name"], rendered["email"] = orNull(user.Name), orNull(user.Email)
	}
	return rendered.with(u.JSON)
}
