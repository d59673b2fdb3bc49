package connector

import (
	"context"
	"strings"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleHolder is a user or group in the organization or in a project, with the calls that change its roles there.
type roleHolder struct {
	patience patience
	id       string
	// read asks for the holder itself there; its error is NotFound if it is not.
	read func(context.Context) error
	// isGroup says that whatever is held is held directly: groups are in no groups.
	isGroup  bool
	list     func(context.Context, client.Cursor) (client.Page[client.AssignedRole], error)
	assign   func(ctx context.Context, roleID string) error
	unassign func(ctx context.Context, roleID string) error
}

func userInOrganization(api *client.Client, p patience, userID string) roleHolder {
	return organizationHolder(p, userID, api.ListUserRoles, api.AssignUserRole, api.UnassignUserRole).readBy(func(ctx context.Context) error {
		_, err := api.GetUser(ctx, userID)
		return err
	})
}

func groupInOrganization(api *client.Client, p patience, groupID string) roleHolder {
	return organizationHolder(p, groupID, api.ListGroupRoles, api.AssignGroupRole, api.UnassignGroupRole).ofGroup().readBy(func(ctx context.Context) error {
		_, err := api.GetGroup(ctx, groupID)
		return err
	})
}

// userInProject is a user of a project or, since the API reads the roles of both the same way, a service account.
func userInProject(api *client.Client, p patience, projectID, userID string) roleHolder {
	return projectHolder(p, projectID, userID, api.ListProjectUserRoles, api.AssignProjectUserRole, api.UnassignProjectUserRole).readBy(func(ctx context.Context) error {
		_, err := api.GetProjectUser(ctx, projectID, userID)
		if isGone(err) {
			_, err = api.GetProjectServiceAccount(ctx, projectID, userID)
		}
		return err
	})
}

func groupInProject(api *client.Client, p patience, projectID, groupID string) roleHolder {
	return projectHolder(p, projectID, groupID, api.ListProjectGroupRoles, api.AssignProjectGroupRole, api.UnassignProjectGroupRole).ofGroup().readBy(func(ctx context.Context) error {
		_, err := api.GetProjectGroup(ctx, projectID, groupID)
		return err
	})
}

func (h roleHolder) readBy(read func(context.Context) error) roleHolder {
	h.read = read
	return h
}

func (h roleHolder) ofGroup() roleHolder {
	h.isGroup = true
	return h
}

func organizationHolder(
	p patience, id string,
	list func(ctx context.Context, id string, cursor client.Cursor) (client.Page[client.AssignedRole], error),
	assign, unassign func(ctx context.Context, id, roleID string) error,
) roleHolder {
	return roleHolder{
		patience: p,
		id:       id,
		list: func(ctx context.Context, cursor client.Cursor) (client.Page[client.AssignedRole], error) {
			return list(ctx, id, cursor)
		},
		assign:   func(ctx context.Context, roleID string) error { return assign(ctx, id, roleID) },
		unassign: func(ctx context.Context, roleID string) error { return unassign(ctx, id, roleID) },
	}
}

func projectHolder(
	p patience, projectID, id string,
	list func(ctx context.Context, projectID, id string, cursor client.Cursor) (client.Page[client.AssignedRole], error),
	assign, unassign func(ctx context.Context, projectID, id, roleID string) error,
) roleHolder {
	return organizationHolder(p, id,
		func(ctx context.Context, id string, cursor client.Cursor) (client.Page[client.AssignedRole], error) {
			return list(ctx, projectID, id, cursor)
		},
		func(ctx context.Context, id, roleID string) error { return assign(ctx, projectID, id, roleID) },
		func(ctx context.Context, id, roleID string) error { return unassign(ctx, projectID, id, roleID) },
	)
}

// holding is how a role is held.
type holding struct {
	// row is the assignment, nil if the role is not held at all.
	row *client.AssignedRole
	// direct says that the principal holds the role itself, and not only through groups.
	direct bool
	// others counts the roles that are held beside it.
	others int
}

func (h holding) inherited() bool { return h.row != nil && !h.direct }

// through names the groups through which alone the role is held.
func (h holding) through() string {
	if h.row == nil {
		return ""
	}
	var groups []string
	for _, source := range h.row.AssignmentSources {
		groups = append(groups, source.PrincipalID)
	}
	return strings.Join(groups, ", ")
}

// holds reads all of the holder's roles and finds the one that matches. Of two rows the direct one counts.
func (h roleHolder) holds(ctx context.Context, matches func(client.Role) bool) (holding, error) {
	var found holding
	err := h.each(ctx, func(row client.AssignedRole) {
		direct := h.isGroup || row.HeldDirectlyBy(h.id)
		switch {
		case !matches(row.Role):
			found.others++
		case found.row == nil || direct:
			found.row, found.direct = &row, direct
		}
	})
	return found, err
}

func (h roleHolder) each(ctx context.Context, look func(client.AssignedRole)) error {
	for cursor := (client.Cursor{}); ; {
		page, err := h.list(ctx, cursor)
		if err != nil {
			return err
		}
		for _, row := range page.Items {
			look(row)
		}
		if page.Next.IsZero() {
			return nil
		}
		cursor = page.Next
	}
}

// holdsIfThere is [roleHolder.holds] of whoever is to be given something and may not be there yet.
func (h roleHolder) holdsIfThere(ctx context.Context, matches func(client.Role) bool) (holding, error) {
	held, err := h.holds(ctx, matches)
	if isGone(err) {
		return holding{}, nil
	}
	return held, err
}

// holdsUnlessGone is [roleHolder.holds] of whoever is to lose something and may be gone. As in a sync, a 404 of the list
// alone says too little to report an access as taken: only whoever is not there either holds nothing. Somebody who came
// a moment ago may be known in one place and not yet in the other.
func (h roleHolder) holdsUnlessGone(ctx context.Context, matches func(client.Role) bool) (holding, error) {
	var held holding
	err := h.patience.insist(ctx, func(ctx context.Context) error {
		var err error
		if held, err = h.holds(ctx, matches); !isGone(err) {
			return err
		}
		held = holding{}
		switch readErr := h.read(ctx); {
		case readErr == nil:
			return err
		case isGone(readErr):
			return nil
		default:
			return readErr
		}
	})
	if isGone(err) {
		err = failed("listing the roles of "+h.id, err)
	}
	return held, err
}

// predefined is what the predefined role is called that the holder has directly, "" for none; of several, the first of
// the names.
func (h roleHolder) predefined(ctx context.Context, in string, names ...string) (string, error) {
	nameOf := predefinedIn(in)
	held := map[string]bool{}
	err := h.each(ctx, func(row client.AssignedRole) {
		if h.isGroup || row.HeldDirectlyBy(h.id) {
			held[nameOf(row.Role)] = true
		}
	})
	for _, name := range names {
		if held[name] {
			return name, err
		}
	}
	return "", err
}

// grant assigns the role unless it is held directly. Of predefined roles the role list has the id.
func (h roleHolder) grant(ctx context.Context, role wantedRole, roles roleList) (granted, error) {
	held, err := h.holds(ctx, role.matches)
	if err != nil {
		return granted{}, err
	}
	if held.direct {
		return granted{already: true}, nil
	}
	id, err := role.findID(ctx, roles)
	if err != nil {
		return granted{}, err
	}
	err = h.patience.settle(ctx, h.assign(ctx, id), func(ctx context.Context) (bool, error) {
		held, err := h.holds(ctx, role.matches)
		return held.direct, err
	})
	return granted{}, err
}

// revoke takes the role if it is held directly. What only groups give cannot be taken from one of their members.
func (h roleHolder) revoke(ctx context.Context, role wantedRole) (revoked, error) {
	held, err := h.holdsUnlessGone(ctx, role.matches)
	switch {
	case err != nil:
		return revoked{}, err
	case held.row == nil:
		return revoked{already: true}, nil
	case held.inherited():
		return revoked{}, heldThroughGroups(held)
	}
	return revoked{}, h.take(ctx, held, role)
}

// drop takes the role from whoever holds it directly, and leaves what groups give.
func (h roleHolder) drop(ctx context.Context, role wantedRole) error {
	held, err := h.holdsUnlessGone(ctx, role.matches)
	if err != nil || !held.direct {
		return err
	}
	return h.take(ctx, held, role)
}

// take takes what is held directly.
func (h roleHolder) take(ctx context.Context, held holding, role wantedRole) error {
	return h.patience.settle(ctx, h.unassign(ctx, held.row.ID), func(ctx context.Context) (bool, error) {
		held, err := h.holdsUnlessGone(ctx, role.matches)
		return !held.direct, err
	})
}

func heldThroughGroups(held holding) error {
	return refusal("the role is held only through the group %s: take it from the group, or the member out of the group", held.through())
}

// wantedRole is a role of the organization or of a project that is to be granted or revoked.
type wantedRole struct {
	// id is the API's id; "" for a predefined role, whose id has to be looked up.
	id      string
	matches func(client.Role) bool
}

// roleOfID is the role that has the id.
func roleOfID(id string) wantedRole {
	return wantedRole{id: id, matches: func(role client.Role) bool { return role.ID == id }}
}

// roleOfName is a predefined role of the organization, or of a project.
func roleOfName(in, name string) wantedRole {
	predefined := predefinedIn(in)
	return wantedRole{matches: func(role client.Role) bool { return predefined(role) == name }}
}

// roleList gives a page of the roles of the organization or of a project.
type roleList func(context.Context, client.Cursor) (client.Page[client.Role], error)

func (r wantedRole) findID(ctx context.Context, roles roleList) (string, error) {
	if r.id != "" {
		return r.id, nil
	}
	for cursor := (client.Cursor{}); ; {
		page, err := roles(ctx, cursor)
		if err != nil {
			return "", err
		}
		for _, role := range page.Items {
			if r.matches(role) {
				return role.ID, nil
			}
		}
		if page.Next.IsZero() {
			return "", refusal("OpenAI does not list the role: sync again to see the roles that there are")
		}
		cursor = page.Next
	}
}
