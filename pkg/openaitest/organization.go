package openaitest

import (
	"cmp"
	"maps"
	"slices"
)

// Organization is the state that a [Server] serves. Every slice is in the API's ascending order, which is the order of
// creation. Times are Unix seconds; 0 is served as null where the API allows it.
type Organization struct {
	// ID is visible only inside the ids of the predefined roles, and, where no Slug is given, in the header of answers;
	// empty means org-standin.
	ID string
	// Slug is what the header openai-organization of an answer says.
	Slug    string
	Users   []User
	Invites []Invite
	// Roles are the custom organization roles; owner and reader always exist.
	Roles     []Role
	Groups    []Group
	Projects  []Project
	AdminKeys []AdminAPIKey
	// SpendLimit is what all projects together may spend.
	SpendLimit SpendLimit
	// ToolsForAllProjects are the hosted tools that no project switches off, such as web_search.
	ToolsForAllProjects []string
}

// User is a row of GET /organization/users. Empty Name, Email and Role are served as null.
type User struct {
	ID, Name, Email string
	// Role is owner or reader; any other value is served as it is and gives no predefined role.
	Role             string
	AddedAt          int64
	IsServiceAccount bool
	IsSCIMManaged    bool
	APIKeyLastUsedAt int64
	// RoleIDs are the organization roles held directly beside Role, usually ids of custom roles.
	RoleIDs []string
	JSON    Fields
}

// Invite is a row of GET /organization/invites.
type Invite struct {
	ID, Email, Role string
	// Status is pending, accepted or expired; empty means pending.
	Status                           string
	CreatedAt, ExpiresAt, AcceptedAt int64
	Projects                         []InviteProject
	JSON                             Fields
}

// InviteProject is a project that the invited person joins on acceptance.
type InviteProject struct {
	ID string
	// Role is owner or member.
	Role string
}

// Role is a custom role of the organization or of a project. JSON also changes the role's rows in assignment lists.
type Role struct {
	ID, Name, Description string
	Permissions           []string
	CreatedAt             int64
	JSON                  Fields
}

// Group is a row of GET /organization/groups.
type Group struct {
	ID, Name string
	// GroupType is group or tenant_group; empty means group.
	GroupType     string
	CreatedAt     int64
	IsSCIMManaged bool
	// MemberIDs are ids of users and service accounts; an id that is neither is served as a tenant_user.
	MemberIDs []string
	// RoleIDs are "owner", "reader" or ids of custom organization roles. An id without role is a role since deleted.
	RoleIDs []string
	JSON    Fields
}

// Project is a row of GET /organization/projects, with everything below it.
type Project struct {
	ID, Name string
	// Status is active or archived; empty means active.
	Status                   string
	CreatedAt, ArchivedAt    int64
	ExternalKeyID, Residency string
	Users                    []ProjectUser
	Groups                   []ProjectGroup
	ServiceAccounts          []ServiceAccount
	APIKeys                  []ProjectAPIKey
	// Roles are the custom project roles; owner, member and viewer always exist.
	Roles []Role
	// Models are those that the project may use, RateLimits how much it may ask of each, SpendLimit what it may spend.
	Models     ModelPermissions
	RateLimits []ModelRateLimit
	SpendLimit SpendLimit
	// DisabledTools are the hosted tools that are switched off, sorted, such as web_search.
	DisabledTools []string
	JSON          Fields
}

// ProjectUser is a member of a project. Name and e-mail come from the user with the same id.
type ProjectUser struct {
	UserID string
	// Role is owner, member or viewer; any other value is served as it is and gives no predefined role.
	Role    string
	AddedAt int64
	// RoleIDs are the project roles held directly beside Role, usually ids of custom roles.
	RoleIDs []string
	JSON    Fields
}

// ProjectGroup is a group that was added to a project. Name and type come from the group with the same id.
type ProjectGroup struct {
	GroupID   string
	CreatedAt int64
	// RoleIDs are "owner", "member", "viewer" or ids of custom project roles.
	RoleIDs []string
	JSON    Fields
}

// ServiceAccount is a service account of one project.
type ServiceAccount struct {
	ID, Name string
	// Role is owner, member or none.
	Role      string
	CreatedAt int64
	// RoleIDs are ids of custom project roles.
	RoleIDs []string
	JSON    Fields
}

// ProjectAPIKey is an API key of a project.
type ProjectAPIKey struct {
	ID, Name, RedactedValue string
	CreatedAt, LastUsedAt   int64
	// ExpiresAt is served only when set: the published document does not know the field.
	ExpiresAt int64
	// OwnerProjectAccess is active or inactive; empty means active. Inactive keys are listed only on request.
	OwnerProjectAccess string
	// OwnerType is user or service_account; empty means user.
	OwnerType string
	// OwnerID may name an owner that no longer exists: its id is then all that is served of it.
	OwnerID string
	JSON    Fields
}

// AdminAPIKey is an Admin API key of the organization.
type AdminAPIKey struct {
	ID, Name, RedactedValue string
	// Value is the secret; it is served when the key is created, and in the list by a [Server] with LeakKeyValues.
	Value                            string
	CreatedAt, ExpiresAt, LastUsedAt int64
	// OwnerType is user or service_account; empty means user.
	OwnerType string
	OwnerID   string
	JSON      Fields
}

// Fields replaces or removes fields of the object that is served: nil is JSON null, Absent{} leaves the field out, any
// other value is served as it is. Keys may be dotted paths such as "owner.user"; a path reaches into objects, not lists.
type Fields map[string]any

// Absent as a value of [Fields] leaves the field out.
type Absent struct{}

// The words of the API that name statuses, roles, types and the API's nouns.
const (
	roleOwner  = "owner"
	roleReader = "reader"
	roleMember = "member"
	roleViewer = "viewer"
	roleNone   = "none"

	statusActive   = "active"
	statusInactive = "inactive"
	statusArchived = "archived"
	statusPending  = "pending"
	statusAccepted = "accepted"
	statusExpired  = "expired"

	typeUser           = "user"
	typeGroup          = "group"
	typeServiceAccount = "service_account"
)

const defaultOrganizationID = "org-standin"

// RoleID is the id under which an organization role is served: the long form for owner and reader, which holds the
// organization's id; any other role's id is returned as it is.
func (o *Organization) RoleID(role string) string {
	if role != roleOwner && role != roleReader {
		return role
	}
	return "role-api-organization-" + role + "__api-organization__" + cmp.Or(o.ID, defaultOrganizationID)
}

// slug is the organization's name in the header of answers.
func (o *Organization) slug() string { return cmp.Or(o.Slug, o.ID, defaultOrganizationID) }

// RoleID is the id under which a project role is served: the long form for owner, member and viewer, which holds the
// project's id; any other role's id is returned as it is.
func (p *Project) RoleID(role string) string {
	switch role {
	case roleOwner, roleMember, roleViewer:
		return "role-api-project-" + role + "__api-project__" + p.ID
	default:
		return role
	}
}

// clone shares nothing with o but the values inside Fields, which nobody changes.
func (o *Organization) clone() Organization {
	c := *o
	c.Users = cloneAll(o.Users, (*User).detach)
	c.Invites = cloneAll(o.Invites, (*Invite).detach)
	c.Roles = cloneAll(o.Roles, (*Role).detach)
	c.Groups = cloneAll(o.Groups, (*Group).detach)
	c.Projects = cloneAll(o.Projects, (*Project).detach)
	c.AdminKeys = cloneAll(o.AdminKeys, (*AdminAPIKey).detach)
	c.SpendLimit.JSON, c.ToolsForAllProjects = maps.Clone(o.SpendLimit.JSON), slices.Clone(o.ToolsForAllProjects)
	return c
}

// cloneAll copies the items; detach replaces what a copy still shares with the original.
func cloneAll[T any](items []T, detach func(*T)) []T {
	copies := slices.Clone(items)
	for i := range copies {
		detach(&copies[i])
	}
	return copies
}

func (u *User) detach() { u.RoleIDs, u.JSON = slices.Clone(u.RoleIDs), maps.Clone(u.JSON) }

func (i *Invite) detach() { i.Projects, i.JSON = slices.Clone(i.Projects), maps.Clone(i.JSON) }

func (r *Role) detach() { r.Permissions, r.JSON = slices.Clone(r.Permissions), maps.Clone(r.JSON) }

func (g *Group) detach() {
	g.MemberIDs, g.RoleIDs, g.JSON = slices.Clone(g.MemberIDs), slices.Clone(g.RoleIDs), maps.Clone(g.JSON)
}

func (p *Project) detach() {
	p.Users = cloneAll(p.Users, (*ProjectUser).detach)
	p.Groups = cloneAll(p.Groups, (*ProjectGroup).detach)
	p.ServiceAccounts = cloneAll(p.ServiceAccounts, (*ServiceAccount).detach)
	p.APIKeys = cloneAll(p.APIKeys, (*ProjectAPIKey).detach)
	p.Roles = cloneAll(p.Roles, (*Role).detach)
	p.Models.detach()
	p.RateLimits = cloneAll(p.RateLimits, (*ModelRateLimit).detach)
	p.SpendLimit.JSON, p.DisabledTools = maps.Clone(p.SpendLimit.JSON), slices.Clone(p.DisabledTools)
	p.JSON = maps.Clone(p.JSON)
}

func (u *ProjectUser) detach() { u.RoleIDs, u.JSON = slices.Clone(u.RoleIDs), maps.Clone(u.JSON) }

func (g *ProjectGroup) detach() { g.RoleIDs, g.JSON = slices.Clone(g.RoleIDs), maps.Clone(g.JSON) }

func (a *ServiceAccount) detach() { a.RoleIDs, a.JSON = slices.Clone(a.RoleIDs), maps.Clone(a.JSON) }

func (k *ProjectAPIKey) detach() { k.JSON = maps.Clone(k.JSON) }

func (k *AdminAPIKey) detach() { k.JSON = maps.Clone(k.JSON) }
