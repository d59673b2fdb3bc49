package openaitest

import (
	"cmp"
	"maps"
	"slices"
)

// Organization is the state of a [Server]. Every slice is in the order of creation, which is the API's ascending order. Times are
// Unix seconds; 0 is served as null if the API allows it.
type Organization struct {
	// ID is a part of the ids of the predefined roles, and the header of answers without a Slug. Empty means org-standin.
	ID string
	// Slug is the header openai-organization of answers.
	Slug    string
	Users   []User
	Invites []Invite
	// Roles are the custom organization roles; owner and reader always exist.
	Roles     []Role
	Groups    []Group
	Projects  []Project
	AdminKeys []AdminAPIKey
	// SpendLimit limits the costs of all projects together.
	SpendLimit SpendLimit
	// ToolsForAllProjects are the hosted tools that projects cannot switch off, such as web_search.
	ToolsForAllProjects []string
}

// User is a row of GET /organization/users. Empty Name, Email and Role are served as null.
type User struct {
	ID, Name, Email string
	// Role is owner or reader. Any other value is served unchanged and is no predefined role.
	Role             string
	AddedAt          int64
	IsServiceAccount bool
	IsSCIMManaged    bool
	APIKeyLastUsedAt int64
	// RoleIDs are the other organization roles held directly, usually ids of custom roles.
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

// InviteProject is a project that the invited user joins.
type InviteProject struct {
	ID string
	// Role is owner or member.
	Role string
}

// Role is a custom role of the organization or of a project. JSON also applies to the role in assignment lists.
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
	// MemberIDs are ids of users and service accounts. Any other id is served as a tenant_user.
	MemberIDs []string
	// RoleIDs are "owner", "reader" or ids of custom organization roles. An unknown id is a deleted role.
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
	// Models are the allowed models, RateLimits the limits of each model, SpendLimit limits the costs.
	Models     ModelPermissions
	RateLimits []ModelRateLimit
	SpendLimit SpendLimit
	// DisabledTools are the disabled hosted tools, sorted, such as web_search.
	DisabledTools []string
	JSON          Fields
}

// ProjectUser is a member of a project. The user with the id has the name and the email address.
type ProjectUser struct {
	UserID string
	// Role is owner, member or viewer. Any other value is served unchanged and is no predefined role.
	Role    string
	AddedAt int64
	// RoleIDs are the other project roles held directly, usually ids of custom roles.
	RoleIDs []string
	JSON    Fields
}

// ProjectGroup is a group in a project. The group with the id has the name and the type.
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
	// ExpiresAt is served only if set: the published document does not have the field.
	ExpiresAt int64
	// OwnerProjectAccess is active or inactive; empty means active. Inactive keys are listed only on request.
	OwnerProjectAccess string
	// OwnerType is user or service_account; empty means user.
	OwnerType string
	// OwnerID may be the id of a deleted owner. Only the id is served then.
	OwnerID string
	JSON    Fields
}

// AdminAPIKey is an Admin API key of the organization.
type AdminAPIKey struct {
	ID, Name, RedactedValue string
	// Value is the secret. It is served when the key is created, and in the list with [Server.LeakKeyValues].
	Value                            string
	CreatedAt, ExpiresAt, LastUsedAt int64
	// OwnerType is user or service_account; empty means user.
	OwnerType string
	OwnerID   string
	JSON      Fields
}

// Fields replaces or removes fields of the served object: nil is JSON null, Absent{} omits the field, any other value is served
// unchanged. Keys may be dotted paths into objects, such as "owner.user".
type Fields map[string]any

// Absent is a value of [Fields] that omits the field.
type Absent struct{}

// The API's statuses, roles and types.
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

// RoleID is the served id of an organization role: the long form, with the organization's id, for owner and reader. Any other id
// is returned unchanged.
func (o *Organization) RoleID(role string) string {
	if role != roleOwner && role != roleReader {
		return role
	}
	return "role-api-organization-" + role + "__api-organization__" + cmp.Or(o.ID, defaultOrganizationID)
}

// slug is the header openai-organization of answers.
func (o *Organization) slug() string { return cmp.Or(o.Slug, o.ID, defaultOrganizationID) }

// RoleID is the served id of a project role: the long form, with the project's id, for owner, member and viewer. Any other id is
// returned unchanged.
func (p *Project) RoleID(role string) string {
	switch role {
	case roleOwner, roleMember, roleViewer:
		return "role-api-project-" + role + "__api-project__" + p.ID
	default:
		return role
	}
}

// clone copies everything but the values in Fields, which are never changed.
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

// cloneAll copies the items. detach copies what a shallow copy shares with the original.
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
