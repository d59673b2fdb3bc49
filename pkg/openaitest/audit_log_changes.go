package openaitest

import (
	"reflect"
	"slices"
	"strings"
)

// bySession is who makes the changes of [Server.Update]: an owner, in OpenAI's own pages.
func bySession(o *Organization) AuditLogActor { return AuditLogActor{UserID: o.firstOwner()} }

// byKey is who makes those of requests. Which key asks is not known here, so it is the organization's first one.
func byKey(o *Organization) AuditLogActor {
	actor := AuditLogActor{UserID: o.firstOwner(), KeyID: "key_NotListed"}
	if len(o.AdminKeys) > 0 {
		actor.KeyID = o.AdminKeys[0].ID
	}
	return actor
}

func (o *Organization) firstOwner() string {
	if owner := find(o.Users, func(u *User) bool { return u.Role == roleOwner && !u.IsServiceAccount }); owner != nil {
		return owner.ID
	}
	return "user-NotListed"
}

// assignsRoles tells whether the route gives or takes a role by an assignment, which the audit log calls otherwise than
// the change of a role.
func (r *route) assignsRoles() bool {
	return r.family == rolesFamily && strings.Contains(r.template, "/roles") && (strings.Contains(r.template, "/users/") || strings.Contains(r.template, "/groups/"))
}

// changes finds what an organization has become, and records it. What goes with something that is gone makes no entry of
// its own: the memberships and roles of a deleted user, the keys of a deleted service account, all below an archived
// project. There is no type for the members of groups, nor for fields that nobody sets.
type changes struct {
	server        *Server
	before, after *Organization
	actor         AuditLogActor
	// assigned says that a predefined role was changed by its assignment.
	assigned bool
}

func (s *Server) recordChangesLocked(before *Organization, actor func(*Organization) AuditLogActor, assigned bool) {
	c := changes{server: s, before: before, after: &s.Organization, actor: actor(before), assigned: assigned}
	c.users()
	c.invites()
	c.groups()
	compare(before.Roles, c.after.Roles, func(r Role) string { return r.ID }, c.roles("", organizationResource, c.organizationID()))
	c.projects()
	compare(before.AdminKeys, c.after.AdminKeys, func(k AdminAPIKey) string { return k.ID }, objects[AdminAPIKey]{
		noun: "api_key", record: c.in(""), id: func(k AdminAPIKey) string { return k.ID }, key: func(k AdminAPIKey) any { return k.Name },
	}.visitor())
}

func (c *changes) organizationID() string {
	_, id, _ := strings.Cut(c.after.RoleID(roleOwner), "__api-organization__")
	return id
}

// in records what belongs to a project, or to none.
func (c *changes) in(projectID string) func(eventType string, details map[string]any) {
	return func(eventType string, details map[string]any) {
		c.server.recordLocked(AuditLogEntry{Type: eventType, ProjectID: projectID, Actor: c.actor, Details: details})
	}
}

// visitor is told what became of each object of a list.
type visitor[T any] struct {
	added, removed func(T)
	kept           func(was, is T)
}

func compare[T any](before, after []T, id func(T) string, v visitor[T]) {
	was := map[string]T{}
	for _, item := range before {
		was[id(item)] = item
	}
	is := map[string]bool{}
	for _, item := range after {
		is[id(item)] = true
	}
	for _, item := range before {
		if !is[id(item)] {
			v.removed(item)
		}
	}
	for _, item := range after {
		if earlier, known := was[id(item)]; known {
			v.kept(earlier, item)
		} else {
			v.added(item)
		}
	}
}

// objects makes entries for a noun that is created, updated and deleted. Of what key gives, nothing changes unseen.
type objects[T any] struct {
	noun   string
	record func(string, map[string]any)
	id     func(T) string
	key    func(T) any
	// created and updated are details beside the id; nil is none.
	created, updated func(T) map[string]any
}

func (o objects[T]) visitor() visitor[T] {
	details := func(item T, more func(T) map[string]any) map[string]any {
		all := map[string]any{}
		if more != nil {
			all = more(item)
		}
		all["id"] = o.id(item)
		return all
	}
	return visitor[T]{
		added:   func(item T) { o.record(o.noun+".created", details(item, o.created)) },
		removed: func(item T) { o.record(o.noun+".deleted", details(item, nil)) },
		kept: func(was, is T) {
			if !reflect.DeepEqual(o.key(was), o.key(is)) {
				o.record(o.noun+".updated", details(is, o.updated))
			}
		},
	}
}

// assignments records the roles that a principal has got and lost.
func (c *changes) assignments(projectID, principal, principalType string, before, after []string) {
	resourceType, resource := organizationResource, c.organizationID()
	if projectID != "" {
		resourceType, resource = projectResource, projectID
	}
	entry := func(eventType, role string) {
		c.in(projectID)(eventType, map[string]any{
			"id": "role_assignment_" + role + "_" + principal, "principal_id": principal, "principal_type": principalType,
			"resource_id": resource, "resource_type": resourceType,
		})
	}
	for _, role := range before {
		if !slices.Contains(after, role) && c.hasRole(role) {
			entry("role.assignment.deleted", role)
		}
	}
	for _, role := range after {
		if !slices.Contains(before, role) {
			entry("role.assignment.created", role)
		}
	}
}

// hasRole is false for a custom role that was deleted, with all its assignments.
func (c *changes) hasRole(id string) bool {
	return strings.HasPrefix(id, "role-api-") || c.after.hasRole(id)
}

func (c *changes) users() {
	record := c.in("")
	compare(c.before.Users, c.after.Users, func(u User) string { return u.ID }, visitor[User]{
		added: func(u User) {
			record("user.added", map[string]any{"id": u.ID, "data": object{"role": u.Role}})
			c.assignments("", u.ID, typeUser, nil, mapped(c.after.RoleID, u.RoleIDs))
		},
		removed: func(u User) { record("user.deleted", map[string]any{"id": u.ID}) },
		kept: func(was, is User) {
			held, holds := mapped(c.after.RoleID, was.RoleIDs), mapped(c.after.RoleID, is.RoleIDs)
			if c.assigned {
				held, holds = append(held, c.after.RoleID(was.Role)), append(holds, c.after.RoleID(is.Role))
				was.Role = is.Role
			}
			c.assignments("", is.ID, typeUser, held, holds)
			was.RoleIDs, was.APIKeyLastUsedAt = is.RoleIDs, is.APIKeyLastUsedAt
			if !reflect.DeepEqual(was, is) {
				record("user.updated", map[string]any{"id": is.ID, "changes_requested": object{"role": is.Role}})
			}
		},
	})
}

func (c *changes) invites() {
	record := c.in("")
	accepted := func(i Invite) { record("invite.accepted", map[string]any{"id": i.ID}) }
	compare(c.before.Invites, c.after.Invites, func(i Invite) string { return i.ID }, visitor[Invite]{
		added: func(i Invite) {
			record("invite.sent", map[string]any{"id": i.ID, "data": object{"email": i.Email, "role": i.Role}})
			if i.Status == statusAccepted {
				accepted(i)
			}
		},
		removed: func(i Invite) { record("invite.deleted", map[string]any{"id": i.ID}) },
		kept: func(was, is Invite) {
			if was.Status != statusAccepted && is.Status == statusAccepted {
				accepted(is)
			}
		},
	})
}

func (c *changes) groups() {
	made := objects[Group]{
		noun: "group", record: c.in(""), id: func(g Group) string { return g.ID }, key: func(g Group) any { return g.Name },
		created: func(g Group) map[string]any { return map[string]any{"data": object{"group_name": g.Name}} },
		updated: func(g Group) map[string]any { return map[string]any{"changes_requested": object{"group_name": g.Name}} },
	}.visitor()
	compare(c.before.Groups, c.after.Groups, func(g Group) string { return g.ID }, visitor[Group]{
		added: func(g Group) {
			made.added(g)
			c.assignments("", g.ID, typeGroup, nil, mapped(c.after.RoleID, g.RoleIDs))
		},
		removed: made.removed,
		kept: func(was, is Group) {
			made.kept(was, is)
			c.assignments("", is.ID, typeGroup, mapped(c.after.RoleID, was.RoleIDs), mapped(c.after.RoleID, is.RoleIDs))
		},
	})
}

// roles says where a role belongs, but for a deletion, in one of two places.
func (c *changes) roles(projectID, resourceType, resource string) visitor[Role] {
	return objects[Role]{
		noun: "role", record: c.in(projectID), id: func(r Role) string { return r.ID }, key: func(r Role) any { return r },
		created: func(r Role) map[string]any {
			return map[string]any{"role_name": r.Name, "permissions": list(r.Permissions), "resource_type": resourceType, "resource_id": resource}
		},
		updated: func(r Role) map[string]any {
			return map[string]any{"changes_requested": object{"role_name": r.Name, "resource_type": resourceType, "resource_id": resource}}
		},
	}.visitor()
}

func (c *changes) projects() {
	record := func(p Project, eventType string, details map[string]any) {
		details["id"] = p.ID
		c.in(p.ID)(eventType, details)
	}
	compare(c.before.Projects, c.after.Projects, func(p Project) string { return p.ID }, visitor[Project]{
		added: func(p Project) {
			record(p, "project.created", map[string]any{"data": object{"name": p.Name, "title": p.Name}})
			c.below(Project{ID: p.ID}, p)
		},
		removed: func(p Project) { record(p, "project.deleted", map[string]any{}) },
		kept: func(was, is Project) {
			switch {
			case was.Status != statusArchived && is.Status == statusArchived:
				record(is, "project.archived", map[string]any{})
				return
			case was.Name != is.Name || was.ExternalKeyID != is.ExternalKeyID:
				record(is, "project.updated", map[string]any{"changes_requested": object{"title": is.Name}})
			}
			c.below(was, is)
		},
	})
}

// below records what has changed in a project.
func (c *changes) below(was, is Project) {
	record := c.in(is.ID)
	compare(was.Roles, is.Roles, func(r Role) string { return r.ID }, c.roles(is.ID, projectResource, is.ID))
	c.projectUsers(was, is)
	c.rateLimits(was, is)
	c.projectGroups(was, is)
	accounts := objects[ServiceAccount]{
		noun: "service_account", record: record, id: func(a ServiceAccount) string { return a.ID },
		key:     func(a ServiceAccount) any { return []string{a.Name, a.Role} },
		created: func(a ServiceAccount) map[string]any { return map[string]any{"data": object{"role": a.Role}} },
		updated: func(a ServiceAccount) map[string]any {
			return map[string]any{"changes_requested": object{"role": a.Role}}
		},
	}.visitor()
	accountKept := accounts.kept
	accounts.kept = func(was, now ServiceAccount) {
		accountKept(was, now)
		c.assignments(is.ID, now.ID, typeServiceAccount, mapped(is.RoleID, was.RoleIDs), mapped(is.RoleID, now.RoleIDs))
	}
	compare(was.ServiceAccounts, is.ServiceAccounts, func(a ServiceAccount) string { return a.ID }, accounts)
	keys := objects[ProjectAPIKey]{
		noun: "api_key", record: record, id: func(k ProjectAPIKey) string { return k.ID }, key: func(k ProjectAPIKey) any { return k.Name },
	}.visitor()
	keyRemoved := keys.removed
	keys.removed = func(k ProjectAPIKey) {
		if k.OwnerType != typeServiceAccount || is.serviceAccount(k.OwnerID) != nil {
			keyRemoved(k)
		}
	}
	compare(was.APIKeys, is.APIKeys, func(k ProjectAPIKey) string { return k.ID }, keys)
}

// projectUsers names the project where the role of one of its users is changed: the API documents the id so.
func (c *changes) projectUsers(was, is Project) {
	record := c.in(is.ID)
	compare(was.Users, is.Users, func(u ProjectUser) string { return u.UserID }, visitor[ProjectUser]{
		added: func(u ProjectUser) {
			record("user.added", map[string]any{"id": u.UserID, "data": object{"role": u.Role}})
			c.assignments(is.ID, u.UserID, typeUser, nil, mapped(is.RoleID, u.RoleIDs))
		},
		removed: func(u ProjectUser) {
			if c.after.hasUser(u.UserID) {
				record("user.deleted", map[string]any{"id": u.UserID})
			}
		},
		kept: func(was, now ProjectUser) {
			held, holds := mapped(is.RoleID, was.RoleIDs), mapped(is.RoleID, now.RoleIDs)
			if c.assigned {
				held, holds = append(held, is.RoleID(was.Role)), append(holds, is.RoleID(now.Role))
			} else if was.Role != now.Role {
				record("user.updated", map[string]any{"id": is.ID, "changes_requested": object{"role": now.Role}})
			}
			c.assignments(is.ID, now.UserID, typeUser, held, holds)
		},
	})
}

func (c *changes) projectGroups(was, is Project) {
	compare(was.Groups, is.Groups, func(g ProjectGroup) string { return g.GroupID }, visitor[ProjectGroup]{
		added: func(g ProjectGroup) { c.assignments(is.ID, g.GroupID, typeGroup, nil, mapped(is.RoleID, g.RoleIDs)) },
		removed: func(g ProjectGroup) {
			if c.after.group(g.GroupID) != nil {
				c.assignments(is.ID, g.GroupID, typeGroup, mapped(is.RoleID, g.RoleIDs), nil)
			}
		},
		kept: func(was, now ProjectGroup) {
			c.assignments(is.ID, now.GroupID, typeGroup, mapped(is.RoleID, was.RoleIDs), mapped(is.RoleID, now.RoleIDs))
		},
	})
}
