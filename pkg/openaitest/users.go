package openaitest

import (
	"maps"
	"slices"
	"strings"
)

const usersFamily = "users"

var userRoutes = []route{
	{"GET /organization/users", usersFamily, append(slices.Clone(lastIDQuery), "emails", "emails[]"), (*Server).listUsersLocked},
	{"GET /organization/users/{user_id}", usersFamily, nil, (*Server).retrieveUserLocked},
	{"POST /organization/users/{user_id}", usersFamily, nil, withBody((*Server).modifyUserLocked)},
	{"DELETE /organization/users/{user_id}", usersFamily, nil, (*Server).deleteUserLocked},
}

func (s *Server) listUsersLocked(c *call) (any, error) {
	users := lister[User]{
		rows:   s.Organization.Users,
		id:     func(u User) string { return u.ID },
		render: s.renderUserLocked,
	}
	if emails := slices.Concat(c.query["emails"], c.query["emails[]"]); len(emails) > 0 {
		users.keep = func(u User) bool {
			return slices.ContainsFunc(emails, func(email string) bool {
				return email == u.Email || !s.EmailsMatchCase && strings.EqualFold(email, u.Email)
			})
		}
	}
	return users.byLastID(c)
}

func (s *Server) retrieveUserLocked(c *call) (any, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	return s.renderUserLocked(*user), nil
}

// userChange is the body of the modification of a user. Null and absent fields stay unchanged.
type userChange struct {
	Role             string `json:"role"`
	RoleID           string `json:"role_id"`
	TechnicalLevel   string `json:"technical_level"`
	DeveloperPersona string `json:"developer_persona"`
}

// modifyUserLocked sets the role of a user. A predefined role, by id or name, replaces the other one; the id of a custom role adds
// it.
func (s *Server) modifyUserLocked(c *call, body userChange) (any, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	if user.IsServiceAccount {
		return nil, serviceAccountRole(user.ID)
	}
	if body.Role != "" {
		if err := oneOfWords("role", body.Role, roleOwner, roleReader); err != nil {
			return nil, err
		}
	}
	role := s.Organization.roleForWrite(body.RoleID)
	if body.RoleID != "" && role == nil {
		return nil, invalid("role_id", "invalid_value", "Invalid 'role_id': no role of the organization has the id '%s'.", body.RoleID)
	}
	wanted := body.Role
	if role != nil && role.predefined {
		wanted = role.Name
	}
	if wanted != "" {
		if err := s.setRoleLocked(user, wanted); err != nil {
			return nil, err
		}
	}
	if role != nil && !role.predefined {
		user.RoleIDs = withRole(user.RoleIDs, role, s.Organization.RoleID)
	}
	return s.renderUserLocked(*user), nil
}

// deleteUserLocked deletes the user with all memberships of groups and projects. The user's keys stay.
func (s *Server) deleteUserLocked(c *call) (any, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	o, id := &s.Organization, user.ID
	if !s.LastOwnerMayGo && o.isLastOwner(user) {
		return nil, lastOwner()
	}
	o.Users = slices.DeleteFunc(o.Users, func(u User) bool { return u.ID == id })
	o.leaveGroups(id)
	for i := range o.Projects {
		o.Projects[i].removeUser(id)
	}
	return deleted("organization.user", id), nil
}

// setRoleLocked sets the role owner or reader.
func (s *Server) setRoleLocked(user *User, role string) error {
	if role != roleOwner && !s.LastOwnerMayGo && s.Organization.isLastOwner(user) {
		return lastOwner()
	}
	user.Role = role
	return nil
}

// isLastOwner tells whether no other user has the role owner.
func (o *Organization) isLastOwner(user *User) bool {
	return user.Role == roleOwner && !slices.ContainsFunc(o.Users, func(u User) bool { return u.Role == roleOwner && u.ID != user.ID })
}

func (o *Organization) isOwner(userID string) bool {
	user := o.user(userID)
	return user != nil && user.Role == roleOwner
}

// lastOwner is a refusal. The API's message is not public.
func lastOwner() error {
	return invalid("", "last_owner", "The organization must have at least one owner.")
}

// serviceAccountRole is a refusal. The API's message is not public.
func serviceAccountRole(id string) error {
	return invalid("", "", "The role of the service account %s cannot be changed.", id)
}

func (s *Server) userLocked(c *call) (*User, error) {
	id := c.PathValue("user_id")
	user := s.Organization.user(id)
	if user == nil {
		return nil, notFound(typeUser, id)
	}
	return user, nil
}

// user returns the user with the id, or nil.
func (o *Organization) user(id string) *User {
	return find(o.Users, func(u *User) bool { return u.ID == id })
}

func (o *Organization) hasUser(id string) bool { return o.user(id) != nil }

// userByEmail ignores case, as the API does.
func (o *Organization) userByEmail(email string) *User {
	return find(o.Users, func(u *User) bool { return u.Email != "" && strings.EqualFold(u.Email, email) })
}

// find returns the first item for which the function is true, or nil.
func find[T any](items []T, is func(*T) bool) *T {
	for i := range items {
		if is(&items[i]) {
			return &items[i]
		}
	}
	return nil
}

func (s *Server) renderUserLocked(u User) object {
	rendered := object{
		"object":   "organization.user",
		"id":       u.ID,
		"name":     orNull(u.Name),
		"email":    orNull(u.Email),
		"role":     orNull(u.Role),
		"added_at": u.AddedAt,
	}
	if s.OmitOptionalUserFields {
		return rendered.with(u.JSON)
	}
	maps.Copy(rendered, object{
		"is_default":                         false,
		"created":                            u.AddedAt,
		"is_service_account":                 u.IsServiceAccount,
		"is_scim_managed":                    u.IsSCIMManaged,
		"api_key_last_used_at":               orNull(u.APIKeyLastUsedAt),
		"is_scale_tier_authorized_purchaser": nil,
		"technical_level":                    nil,
		"developer_persona":                  nil,
		"user": object{
			"object":    typeUser,
			"id":        u.ID,
			"email":     orNull(u.Email),
			"name":      orNull(u.Name),
			"picture":   nil,
			"enabled":   true,
			"banned":    false,
			"banned_at": nil,
		},
	})
	return rendered.with(u.JSON)
}
