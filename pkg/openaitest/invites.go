package openaitest

import (
	"cmp"
	"slices"
	"strings"
)

const invitesFamily = "invites"

var inviteRoutes = []route{
	{"GET /organization/invites", invitesFamily, lastIDQuery, (*Server).listInvitesLocked},
	{"GET /organization/invites/{invite_id}", invitesFamily, nil, (*Server).retrieveInviteLocked},
	{"POST /organization/invites", invitesFamily, nil, withBody((*Server).createInviteLocked)},
	{"DELETE /organization/invites/{invite_id}", invitesFamily, nil, (*Server).deleteInviteLocked},
}

func (s *Server) listInvitesLocked(c *call) (any, error) {
	return lister[Invite]{
		rows:   s.Organization.Invites,
		id:     func(i Invite) string { return i.ID },
		render: renderInvite,
	}.byLastID(c)
}

func (s *Server) retrieveInviteLocked(c *call) (any, error) {
	invite, err := s.inviteLocked(c)
	if err != nil {
		return nil, err
	}
	return renderInvite(*invite), nil
}

func (s *Server) inviteLocked(c *call) (*Invite, error) {
	id := c.PathValue("invite_id")
	invite := s.Organization.invite(id)
	if invite == nil {
		return nil, notFound("invite", id)
	}
	return invite, nil
}

func (o *Organization) invite(id string) *Invite {
	return find(o.Invites, func(i *Invite) bool { return i.ID == id })
}

// inviteTerm is the time to accept an invitation: seven days.
const inviteTerm = 7 * 24 * 3600

// newInvite is the body of an invitation. Without projects it means the default project, with an empty list none.
type newInvite struct {
	Email    string `json:"email"`
	Role     string `json:"role"`
	Projects []struct {
		ID   string `json:"id"`
		Role string `json:"role"`
	} `json:"projects"`
}

func (s *Server) createInviteLocked(_ *call, body newInvite) (any, error) {
	if err := body.check(); err != nil {
		return nil, err
	}
	if s.PaymentMethodMissing {
		return nil, invalid("", "payment_method_required", "Add a payment method before you invite somebody to the organization.")
	}
	o := &s.Organization
	projects, err := body.projects(o)
	if err != nil {
		return nil, err
	}
	if o.userByEmail(body.Email) != nil {
		return nil, invalid("email", "", "%s is a member of the organization already.", body.Email)
	}
	if s.isInvitedLocked(body.Email, statusPending) {
		return nil, invalid("email", "", "An invitation of %s is pending already.", body.Email)
	}
	if s.ExpiredInvitesBlock && s.isInvitedLocked(body.Email, statusExpired) {
		return nil, invalid("email", "", "%s has already been invited.", body.Email)
	}
	now := s.nowLocked()
	invite := Invite{
		ID:    s.newIDLocked("invite-", func(id string) bool { return o.invite(id) != nil }),
		Email: body.Email, Role: body.Role, Status: statusPending, CreatedAt: now, ExpiresAt: now + inviteTerm, Projects: projects,
	}
	o.Invites = append(o.Invites, invite)
	return renderInvite(invite), nil
}

func (s *Server) isInvitedLocked(email, status string) bool {
	return slices.ContainsFunc(s.Organization.Invites, func(i Invite) bool {
		return cmp.Or(i.Status, statusPending) == status && strings.EqualFold(i.Email, email)
	})
}

func (b *newInvite) check() error {
	if err := required("email", b.Email); err != nil {
		return err
	}
	if !strings.Contains(b.Email, "@") {
		return invalid("email", "invalid_value", "Invalid 'email': '%s' is not an e-mail address.", b.Email)
	}
	return oneOfWords("role", b.Role, roleReader, roleOwner)
}

// projects are the projects of the body. Each must exist and be active.
func (b *newInvite) projects(o *Organization) ([]InviteProject, error) {
	if b.Projects == nil {
		return o.defaultProjects(), nil
	}
	projects := make([]InviteProject, 0, len(b.Projects))
	for _, p := range b.Projects {
		if _, err := o.activeProject(p.ID); err != nil {
			return nil, err
		}
		if err := oneOfWords("projects.role", p.Role, roleMember, roleOwner); err != nil {
			return nil, err
		}
		projects = append(projects, InviteProject{ID: p.ID, Role: p.Role})
	}
	return projects, nil
}

// defaultProjects are the projects of an invitation that names none.
func (o *Organization) defaultProjects() []InviteProject {
	project := find(o.Projects, func(p *Project) bool { return p.isDefault() && p.Status != statusArchived })
	if project == nil {
		return nil
	}
	return []InviteProject{{ID: project.ID, Role: roleMember}}
}

func (s *Server) deleteInviteLocked(c *call) (any, error) {
	invite, err := s.inviteLocked(c)
	if err != nil {
		return nil, err
	}
	id := invite.ID
	if invite.Status == statusAccepted {
		return nil, invalid("", "", "The invite %s was already accepted.", id)
	}
	s.Organization.Invites = slices.DeleteFunc(s.Organization.Invites, func(i Invite) bool { return i.ID == id })
	return deleted("organization.invite", id), nil
}

func renderInvite(i Invite) object {
	projects := make([]object, 0, len(i.Projects))
	for _, p := range i.Projects {
		projects = append(projects, object{"id": p.ID, "role": p.Role})
	}
	return object{
		"object":      "organization.invite",
		"id":          i.ID,
		"email":       i.Email,
		"role":        i.Role,
		"status":      cmp.Or(i.Status, statusPending),
		"created_at":  i.CreatedAt,
		"expires_at":  orNull(i.ExpiresAt),
		"accepted_at": orNull(i.AcceptedAt),
		"projects":    projects,
	}.with(i.JSON)
}
