package openaitest

import (
	"reflect"
	"slices"
	"strings"
)

// bySession is the actor of the changes of [Server.Update]: an owner, in OpenAI's web pages.
func bySession(o *Organization) AuditLogActor { return AuditLogActor{UserID: o.firstOwner()} }

// byKey is the actor of the changes of requests: the first key of the organization. The key of the request is not known here.
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

// assignsRoles tells whether the route assigns or unassigns a role. The audit log has other types for that than for changes of
// a user's role field.
func (r *route) assignsRoles() bool {
	return r.family == rolesFamily && strings.Contains(r.template, "/roles") && (strings.Contains(r.template, "/users/") || strings.Contains(r.template, "/groups/"))
}

// changes compares two states of an organization and records the differences. Consequences of another change have no entry: the
// memberships and roles of a deleted user, the keys of a deleted service account, everything below an archived project. There
// are no types for the members of groups, and for fields that no route sets.
type changes struct {
	server        *Server
	before, after *Organization
	actor         AuditLogActor
	// assigned says that a predefined role was changed by an assignment.
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
		noun: "api_key", record: c.recorder(""), id: func(k AdminAPIKey) string { return k.ID }, key: func(k AdminAPIKey) any { return k.Name },
	}.handlers())
}

func (c *changes) organizationID() string {
	_, id, _ := strings.Cut(c.after.RoleID(roleOwner), "__api-organization__")
	return id
}

// recorder gives a function that records entries of the project, or of no project.
func (c *changes) recorder(projectID string) func(eventType string, details map[string]any) {
	return func(eventType string, details map[string]any) {
		c.server.recordLocked(AuditLogEntry{Type: eventType, ProjectID: projectID, Actor: c.actor, Details: details})
	}
}

// handlers are called for each object of a list that was added, removed or kept.
type handlers[T any] struct {
	added, removed func(T)
	kept           func(was, is T)
}

func compare[T any](before, after []T, id func(T) string, on handlers[T]) {
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
			on.removed(item)
		}
	}
	for _, item := range after {
		if earlier, known := was[id(item)]; known {
			on.kept(earlier, item)
		} else {
			on.added(item)
		}
	}
}

// objects records the creation, update and deletion of the objects of a noun. An update is a change of what key gives.
type objects[T any] struct {
	noun   string
	record func(string, map[string]any)
	id     func(T) string
	key    func(T) any
	// created and updated give the details besides the id; nil gives none.
	created, updated func(T) map[string]any
}

func (o objects[T]) handlers() handlers[T] {
	details := func(item T, more func(T) map[string]any) map[string]any {
		all := map[string]any{}
		if more != nil {
			all = more(item)
		}
		all["id"] = o.id(item)
		return all
	}
	return handlers[T]{
		added:   func(item T) { o.record(o.noun+".created", details(item, o.created)) },
		removed: func(item T) { o.record(o.noun+".deleted", details(item, nil)) },
		kept: func(was, is T) {
			if !reflect.DeepEqual(o.key(was), o.key(is)) {
				o.record(o.noun+".updated", details(is, o.updated))
			}
		},
	}
}

// assignments records the roles that a principal gained and lost.
func (c *changes) assignments(projectID, principal, principalType string, before, after []string) {
	resourceType, resource := organizationResource, c.organizationID()
	if projectID != "" {
		resourceType, resource = projectResource, projectID
	}
	entry := func(eventType, role string) {
		c.recorder(projectID)(eventType, map[string]any{
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

// hasRole is false for a deleted custom role: its assignments have no entries.
func (c *changes) hasRole(id string) bool {
	return strings.HasPrefix(id, "role-api-") || c.after.hasRole(id)
}

func (c *changes) users() {
	record := c.recorder("")
	compare(c.before.Users, c.after.Users, func(u User) string { return u.ID }, handlers[User]{
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
	record := c.recorder("")
	accepted := func(i Invite) { record("invite.accepted", map[string]any{"id": i.ID}) }
	compare(c.before.Invites, c.after.Invites, func(i Invite) string { return i.ID }, handlers[Invite]{
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
		noun: "group", record: c.recorder(""), id: func(g Group) string { return g.ID }, key: func(g Group) any { return g.Name },
		created: func(g Group) map[string]any { return map[string]any{"data": object{"group_name": g.Name}} },
		updated: func(g Group) map[string]any { return map[string]any{"changes_requested": object{"group_name": g.Name}} },
	}.handlers()
	compare(c.before.Groups, c.after.Groups, func(g Group) string { return g.ID }, handlers[Group]{
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

// roles records roles. Creations and updates have the scope of the role in different places, deletions have none.
func (c *changes) roles(projectID, resourceType, resource string) handlers[Role] {
	return objects[Role]{
		noun: "role", record: c.recorder(projectID), id: func(r Role) string { return r.ID }, key: func(r Role) any { return r },
		created: func(r Role) map[string]any {
			return map[string]any{"role_name": r.Name, "permissions": list(r.Permissions), "resource_type": resourceType, "resource_id": resource}
		},
		updated: func(r Role) map[string]any {
			return map[string]any{"changes_requested": object{"role_name": r.Name, "resource_type": resourceType, "resource_id": resource}}
		},
	}.handlers()
}

func (c *changes) projects() {
	record := func(p Project, eventType string, details map[string]any) {
		details["id"] = p.ID
		c.recorder(p.ID)(eventType, details)
	}
	compare(c.before.Projects, c.after.Projects, func(p Project) string { return p.ID }, handlers[Project]{
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

// below records the changes in a project.
func (c *changes) below(was, is Project) {
	record := c.recorder(is.ID)
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
	}.handlers()
	accountKept := accounts.kept
	accounts.kept = func(was, now ServiceAccount) {
		accountKept(was, now)
		c.assignments(is.ID, now.ID, typeServiceAccount, mapped(is.RoleID, was.RoleIDs), mapped(is.RoleID, now.RoleIDs))
	}
	compare(was.ServiceAccounts, is.ServiceAccounts, func(a ServiceAccount) string { return a.ID }, accounts)
	keys := objects[ProjectAPIKey]{
		noun: "api_key", record: record, id: func(k ProjectAPIKey) string { return k.ID }, key: func(k ProjectAPIKey) any { return k.Name },
	}.handlers()
	keyRemoved := keys.removed
	keys.removed = func(k ProjectAPIKey) {
		if k.OwnerType != typeServiceAccount || is.serviceAccount(k.OwnerID) != nil {
			keyRemoved(k)
		}
	}
	compare(was.APIKeys, is.APIKeys, func(k ProjectAPIKey) string { return k.ID }, keys)
}

// projectUsers records a change of a user's role with the id of the project, as the API documents it.
func (c *changes) projectUsers(was, is Project) {
	record := c.recorder(is.ID)
	compare(was.Users, is.Users, func(u ProjectUser) string { return u.UserID }, handlers[ProjectUser]{
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
	compare(was.Groups, is.Groups, func(g ProjectGroup) string { return g.GroupID }, handlers[ProjectGroup]{
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
