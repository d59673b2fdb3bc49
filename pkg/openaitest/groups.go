package openaitest

import (
	"cmp"
	"net/http"
	"slices"
	"unicode/utf8"
)

const groupsFamily = "groups"

var groupRoutes = []route{
	{"GET /organization/groups", groupsFamily, nextQuery, (*Server).listGroupsLocked},
	{"GET /organization/groups/{group_id}", groupsFamily, nil, (*Server).retrieveGroupLocked},
	{"POST /organization/groups", groupsFamily, nil, withBody((*Server).createGroupLocked)},
	{"POST /organization/groups/{group_id}", groupsFamily, nil, withBody((*Server).renameGroupLocked)},
	{"DELETE /organization/groups/{group_id}", groupsFamily, nil, (*Server).deleteGroupLocked},
	{"GET /organization/groups/{group_id}/users", groupsFamily, nextQuery, (*Server).listGroupUsersLocked},
	{"GET /organization/groups/{group_id}/users/{user_id}", groupsFamily, nil, (*Server).retrieveGroupUserLocked},
	{"POST /organization/groups/{group_id}/users", groupsFamily, nil, withBody((*Server).addGroupUserLocked)},
	{"DELETE /organization/groups/{group_id}/users/{user_id}", groupsFamily, nil, (*Server).removeGroupUserLocked},
}

func (s *Server) listGroupsLocked(c *call) (any, error) {
	return lister[Group]{
		rows:   s.Organization.Groups,
		id:     func(g Group) string { return g.ID },
		render: renderGroup,
	}.byNext(c, groupLimits, ascending)
}

func (s *Server) retrieveGroupLocked(c *call) (any, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	return renderGroup(*group), nil
}

// listGroupUsersLocked differs from the other lists: without an order, the newest member comes first.
func (s *Server) listGroupUsersLocked(c *call) (any, error) {
	group, err := s.groupWithMembersLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[string]{
		rows: group.MemberIDs,
		id:   func(id string) string { return id },
		render: func(id string) object {
			m := s.Organization.member(id)
			return object{"id": id, "name": m.name, "email": orNull(m.email)}
		},
	}.byNext(c, groupLimits, descending)
}

func (s *Server) retrieveGroupUserLocked(c *call) (any, error) {
	group, err := s.groupWithMembersLocked(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("user_id")
	if !slices.Contains(group.MemberIDs, id) {
		return nil, notFound(typeUser, id)
	}
	m := s.Organization.member(id)
	return object{
		"id":                 id,
		"name":               m.name,
		"email":              orNull(m.email),
		"picture":            nil,
		"is_service_account": m.isServiceAccount,
		"user_type":          m.userType,
	}, nil
}

// groupName is the body of a group's creation and of its renaming.
type groupName struct {
	Name string `json:"name"`
}

func (b groupName) check() error {
	const longest = 255
	if err := required("name", b.Name); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(b.Name); n > longest {
		return invalid("name", "string_above_max_length", "Invalid 'name': string too long. Expected at most %d characters, but got %d instead.", longest, n)
	}
	return nil
}

func (s *Server) createGroupLocked(_ *call, body groupName) (any, error) {
	if err := body.check(); err != nil {
		return nil, err
	}
	o := &s.Organization
	id := s.newIDLocked("group_", func(id string) bool { return o.group(id) != nil })
	group := Group{ID: id, Name: body.Name, GroupType: typeGroup, CreatedAt: s.nowLocked()}
	o.Groups = append(o.Groups, group)
	return renderGroup(group), nil
}

// renameGroupLocked answers without group_type, unlike the other routes.
func (s *Server) renameGroupLocked(c *call, body groupName) (any, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	if err := group.checkNotSCIM(); err != nil {
		return nil, err
	}
	group.Name = body.Name
	rendered := renderGroup(*group)
	delete(rendered, "group_type")
	return rendered, nil
}

// deleteGroupLocked deletes the group and its memberships of projects.
func (s *Server) deleteGroupLocked(c *call) (any, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	if err := group.checkNotSCIM(); err != nil {
		return nil, err
	}
	o, id := &s.Organization, group.ID
	o.Groups = slices.DeleteFunc(o.Groups, func(g Group) bool { return g.ID == id })
	for i := range o.Projects {
		o.Projects[i].removeGroup(id)
	}
	return deleted("group", id), nil
}

// groupUser is the body of a request to add a user to a group.
type groupUser struct {
	UserID string `json:"user_id"`
}

// addGroupUserLocked adds a user or a service account. It also accepts one who is already a member.
func (s *Server) addGroupUserLocked(c *call, body groupUser) (any, error) {
	group, err := s.groupWithMembersLocked(c)
	if err != nil {
		return nil, err
	}
	if err := required("user_id", body.UserID); err != nil {
		return nil, err
	}
	if err := group.checkNotSCIM(); err != nil {
		return nil, err
	}
	if !s.Organization.hasUser(body.UserID) && s.Organization.serviceAccount(body.UserID) == nil {
		return nil, notFound(typeUser, body.UserID)
	}
	if !slices.Contains(group.MemberIDs, body.UserID) {
		group.MemberIDs = append(group.MemberIDs, body.UserID)
	}
	return object{"object": "group.user", "user_id": body.UserID, "group_id": group.ID}, nil
}

func (s *Server) removeGroupUserLocked(c *call) (any, error) {
	group, err := s.groupWithMembersLocked(c)
	if err != nil {
		return nil, err
	}
	if err := group.checkNotSCIM(); err != nil {
		return nil, err
	}
	id := c.PathValue("user_id")
	at := slices.Index(group.MemberIDs, id)
	if at < 0 {
		return nil, notFound(typeUser, id)
	}
	group.MemberIDs = slices.Delete(group.MemberIDs, at, at+1)
	return deleted("group.user", ""), nil
}

// checkNotSCIM refuses changes of a group that the identity provider manages. The API's answer is not known.
func (g *Group) checkNotSCIM() error {
	if g.IsSCIMManaged {
		return invalid("", "", "The group %s is managed by your identity provider through SCIM.", g.ID)
	}
	return nil
}

// leaveGroups removes a user or a service account from every group.
func (o *Organization) leaveGroups(id string) {
	for i := range o.Groups {
		o.Groups[i].MemberIDs = slices.DeleteFunc(o.Groups[i].MemberIDs, func(member string) bool { return member == id })
	}
}

func (s *Server) groupLocked(c *call) (*Group, error) {
	id := c.PathValue("group_id")
	group := s.Organization.group(id)
	if group == nil {
		return nil, notFound(typeGroup, id)
	}
	return group, nil
}

// groupWithMembersLocked refuses if the plan lacks group members. Only the status of the API's answer is known.
func (s *Server) groupWithMembersLocked(c *call) (*Group, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	switch s.GroupMembersUnavailable {
	case http.StatusForbidden:
		return nil, &apiError{status: http.StatusForbidden, message: "Group members are not available for your organization."}
	case http.StatusNotFound:
		return nil, &apiError{status: http.StatusNotFound, message: "Not found"}
	}
	return group, nil
}

func (o *Organization) group(id string) *Group {
	return find(o.Groups, func(g *Group) bool { return g.ID == id })
}

func renderGroup(g Group) object {
	return object{
		"id":              g.ID,
		"name":            g.Name,
		"created_at":      g.CreatedAt,
		"is_scim_managed": g.IsSCIMManaged,
		"group_type":      cmp.Or(g.GroupType, typeGroup),
	}.with(g.JSON)
}

// groupMember has the data of a member.
type groupMember struct {
	name, email      string
	isServiceAccount bool
	userType         string
}

// member finds a user or a service account. Any other id is a user of the tenant.
func (o *Organization) member(id string) groupMember {
	if user := o.user(id); user != nil {
		return groupMember{user.Name, user.Email, user.IsServiceAccount, typeUser}
	}
	if account := o.serviceAccount(id); account != nil {
		return groupMember{account.Name, "", true, typeUser}
	}
	return groupMember{id, "", false, "tenant_user"}
}

func (o *Organization) serviceAccount(id string) *ServiceAccount {
	for i := range o.Projects {
		if account := o.Projects[i].serviceAccount(id); account != nil {
			return account
		}
	}
	return nil
}
