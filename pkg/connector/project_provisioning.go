package connector

import (
	"context"
	"errors"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*projectBuilder)(nil)

// Grant gives a predefined role of the project. A user and a service account hold one of them, which one call switches;
// a group may hold several.
func (b *projectBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return provisionGrant(ctx, principal, entitlement, func(ctx context.Context, w wish) (granted, error) {
		if projectRoleName(w.slug) != w.slug {
			return granted{}, w.unknown()
		}
		switch w.who.GetResourceType() {
		case resourceTypeUser.GetId():
			return projectMember{b.client, b.patience, w}.grant(ctx)
		case resourceTypeServiceAccount.GetId():
			return projectServiceAccount{b.client, b.patience, w}.grant(ctx)
		case resourceTypeGroup.GetId():
			return projectGroup{b.client, b.patience, w.what.GetResource(), w.who.GetResource()}.
				grant(ctx, roleOfName(w.what.GetResource(), w.slug))
		default:
			return granted{}, w.wrongPrincipal()
		}
	})
}

// Revoke takes a predefined role of the project, and with it the membership.
func (b *projectBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return provisionRevoke(ctx, grant, func(ctx context.Context, w wish) (revoked, error) {
		if projectRoleName(w.slug) != w.slug {
			return revoked{}, w.unknown()
		}
		switch w.who.GetResourceType() {
		case resourceTypeUser.GetId():
			return projectMember{b.client, b.patience, w}.revoke(ctx)
		case resourceTypeServiceAccount.GetId():
			return projectServiceAccount{b.client, b.patience, w}.revoke(ctx)
		case resourceTypeGroup.GetId():
			outcome, err := projectGroup{b.client, b.patience, w.what.GetResource(), w.who.GetResource()}.
				revoke(ctx, roleOfName(w.what.GetResource(), w.slug))
			if err != nil || !outcome.already {
				return outcome, err
			}
			return w.revokeNotHeld(ctx, groupInOrganization(b.client, b.patience, w.who.GetResource()))
		case resourceTypeOrganizationRole.GetId():
			return revoked{}, refusal("organization owners own every project: take the organization role %s from the person instead", roleOwner)
		default:
			return revoked{}, w.wrongPrincipal()
		}
	})
}

// projectMember is a user's predefined role in a project.
type projectMember struct {
	client   *client.Client
	patience patience
	wish     wish
}

func (m projectMember) projectID() string { return m.wish.what.GetResource() }
func (m projectMember) userID() string    { return m.wish.who.GetResource() }

// membership is a user's place in a project.
type membership struct {
	// present says that the user is in the project, role what the predefined role is called; "" for another word.
	present bool
	role    string
	// assigned says that only the assignment list names the role.
	assigned bool
}

// membership asks the assignment list for a role that the user's row does not name, as a sync does.
func (m projectMember) membership(ctx context.Context) (membership, error) {
	user, err := m.client.GetProjectUser(ctx, m.projectID(), m.userID())
	if err != nil {
		if isGone(err) {
			err = nil
		}
		return membership{}, err
	}
	if role := projectRoleName(user.Role); role != "" {
		return membership{present: true, role: role}, nil
	}
	role, err := m.holder().predefined(ctx, m.projectID(), m.wish.slug, slugOwner, slugMember, slugViewer)
	return membership{present: true, role: role, assigned: role != ""}, err
}

func (m projectMember) holder() roleHolder {
	return userInProject(m.client, m.patience, m.projectID(), m.userID())
}

func (m projectMember) isPresent(ctx context.Context) (bool, error) {
	_, err := m.client.GetProjectUser(ctx, m.projectID(), m.userID())
	if isGone(err) {
		return false, nil
	}
	return err == nil, err
}

func (m projectMember) holdsRole(ctx context.Context) (bool, error) {
	held, err := m.membership(ctx)
	return held.role == m.wish.slug, err
}

// ownsOrganization tells whether the user owns every project anyway.
func (m projectMember) ownsOrganization(ctx context.Context) (bool, error) {
	user, err := m.client.GetUser(ctx, m.userID())
	if err != nil {
		if isGone(err) {
			err = nil
		}
		return false, err
	}
	role, err := predefinedOrganizationRole(ctx, m.client, user)
	return role == roleOwner, err
}

func (m projectMember) grant(ctx context.Context) (granted, error) {
	owner, err := m.ownsOrganization(ctx)
	switch {
	case err != nil:
		return granted{}, err
	case owner && m.wish.slug == slugOwner:
		return granted{already: true}, nil
	case owner:
		return granted{}, refusal("%s owns the organization and so every project, and cannot have less in one: make the person a reader of the organization first", m.userID())
	}
	held, err := m.membership(ctx)
	switch {
	case err != nil:
		return granted{}, err
	case held.role == m.wish.slug:
		return granted{already: true}, nil
	case held.present:
		return m.change(ctx, held)
	}
	err = m.patience.settle(ctx, m.client.AddProjectUser(ctx, m.projectID(), m.userID(), m.wish.slug), m.holdsRole)
	if err == nil {
		return granted{}, nil
	}
	// Somebody may have been faster with another role, which adding does not change.
	if held, readErr := m.membership(ctx); readErr == nil && (held.present || saysAlreadyInProject(err)) {
		return m.change(ctx, held)
	}
	return granted{}, err
}

// change gives the user the role in place of the one that is held.
func (m projectMember) change(ctx context.Context, held membership) (granted, error) {
	err := m.patience.settle(ctx, m.client.ModifyProjectUser(ctx, m.projectID(), m.userID(), m.wish.slug), m.holdsRole)
	if err == nil && held.assigned {
		// An assignment of its own may outlast the change of the row.
		err = m.holder().drop(ctx, roleOfName(m.projectID(), held.role))
	}
	if err != nil || held.role == "" {
		return granted{}, err
	}
	before := m.wish.instead(held.role)
	return granted{replaced: &before}, nil
}

// entry is how somebody comes to be in a project.
type entry struct {
	// recent says that the API may not know of it everywhere yet.
	recent bool
	// membership is the grant that was made for it, nil if none was.
	membership *wish
}

// join adds the user to the project with the role, if check allows it. Whoever is in it, or comes into it meanwhile, keeps
// the role that is held there: the membership is not what was asked for.
func (m projectMember) join(ctx context.Context, check func(context.Context) error) (entry, error) {
	there, err := m.isPresent(ctx)
	if err != nil || there {
		return entry{}, err
	}
	if err := check(ctx); err != nil {
		return entry{}, err
	}
	err = m.patience.settle(ctx, m.client.AddProjectUser(ctx, m.projectID(), m.userID(), m.wish.slug), m.holdsRole)
	if err == nil {
		return entry{recent: true, membership: &m.wish}, nil
	}
	if there, readErr := m.isPresent(ctx); readErr == nil && there || saysAlreadyInProject(err) {
		return entry{recent: true}, nil
	}
	return entry{}, err
}

func saysAlreadyInProject(err error) bool {
	var failure *client.Error
	return errors.As(err, &failure) && failure.SaysAlreadyInProject()
}

// revoke removes the user from the project, but only if the role held is the one that is named: it may have become
// another one since.
func (m projectMember) revoke(ctx context.Context) (revoked, error) {
	owner, err := m.ownsOrganization(ctx)
	if err != nil {
		return revoked{}, err
	}
	held, err := m.membership(ctx)
	switch {
	case err != nil:
		return revoked{}, err
	case owner && (m.wish.slug == slugOwner || held.role == m.wish.slug):
		return revoked{}, m.wish.ownsEveryProject()
	case held.role != m.wish.slug:
		// Not by the person's own row; by the assignment list it may be held all the same.
		outcome, err := m.holder().revoke(ctx, roleOfName(m.projectID(), m.wish.slug))
		if err != nil || !outcome.already {
			return outcome, err
		}
		return m.wish.revokeNotHeld(ctx, userInOrganization(m.client, m.patience, m.userID()))
	}
	err = m.patience.settle(ctx, m.client.RemoveProjectUser(ctx, m.projectID(), m.userID()), func(ctx context.Context) (bool, error) {
		there, err := m.isPresent(ctx)
		return !there, err
	})
	return revoked{}, err
}

// revokeNotHeld is the end of a revocation of a role that is not held in the project: whoever owns the organization,
// directly or through a group, owns the project all the same.
func (w wish) revokeNotHeld(ctx context.Context, inOrganization roleHolder) (revoked, error) {
	if w.slug != slugOwner {
		return revoked{already: true}, nil
	}
	held, err := inOrganization.holdsUnlessGone(ctx, roleOfName(organizationKey, roleOwner).matches)
	switch {
	case err != nil:
		return revoked{}, err
	case held.direct:
		return revoked{}, w.ownsEveryProject()
	case held.inherited():
		return revoked{}, refusal("%s owns the organization, and so every project, through the group %s: take the organization role %s from the group, or the member out of the group",
			w.who.GetResource(), held.through(), roleOwner)
	default:
		return revoked{already: true}, nil
	}
}

func (w wish) ownsEveryProject() error {
	return refusal("%s owns the organization and so every project: take the organization role %s from the %s first", w.who.GetResource(), roleOwner, w.who.GetResourceType())
}

// projectServiceAccount is a service account's role in its project.
type projectServiceAccount struct {
	client   *client.Client
	patience patience
	wish     wish
}

func (s projectServiceAccount) account(ctx context.Context) (client.ServiceAccount, error) {
	return s.client.GetProjectServiceAccount(ctx, s.wish.what.GetResource(), s.wish.who.GetResource())
}

func (s projectServiceAccount) grant(ctx context.Context) (granted, error) {
	account, err := s.account(ctx)
	if isGone(err) {
		return granted{}, refusal("the service account %s does not belong to the project %s: a service account has access to its own project only", s.wish.who.GetResource(), s.wish.what.GetResource())
	}
	if err != nil {
		return granted{}, err
	}
	held := projectRoleName(account.Role)
	switch s.wish.slug {
	case held:
		return granted{already: true}, nil
	case slugViewer:
		return granted{}, refusal("a service account cannot be a viewer: grant member or owner instead")
	}
	err = s.patience.settle(ctx,
		s.client.ModifyProjectServiceAccount(ctx, s.wish.what.GetResource(), account.ID, s.wish.slug),
		func(ctx context.Context) (bool, error) {
			account, err := s.account(ctx)
			return projectRoleName(account.Role) == s.wish.slug, err
		})
	if held == "" {
		return granted{}, err
	}
	before := s.wish.instead(held)
	return granted{replaced: &before}, err
}

func (s projectServiceAccount) revoke(ctx context.Context) (revoked, error) {
	account, err := s.account(ctx)
	if err != nil && !isGone(err) {
		return revoked{}, err
	}
	held := holding{direct: projectRoleName(account.Role) == s.wish.slug}
	if !held.direct {
		projectID, id := s.wish.what.GetResource(), s.wish.who.GetResource()
		held, err = userInProject(s.client, s.patience, projectID, id).holdsUnlessGone(ctx, roleOfName(projectID, s.wish.slug).matches)
	}
	switch {
	case err != nil:
		return revoked{}, err
	case held.direct:
		return revoked{}, refusal("the API cannot take a role from a service account: delete the service account instead")
	case held.inherited():
		return revoked{}, heldThroughGroups(held)
	default:
		return s.wish.revokeNotHeld(ctx, userInOrganization(s.client, s.patience, s.wish.who.GetResource()))
	}
}

// projectGroup is a group's access to a project.
type projectGroup struct {
	client    *client.Client
	patience  patience
	projectID string
	groupID   string
}

func (g projectGroup) holder() roleHolder {
	return groupInProject(g.client, g.patience, g.projectID, g.groupID)
}

// holds is how the group holds the role; a group that is not in the project holds none.
func (g projectGroup) holds(ctx context.Context, matches func(client.Role) bool) (holding, error) {
	return g.holder().holdsIfThere(ctx, matches)
}

func (g projectGroup) grant(ctx context.Context, role wantedRole) (granted, error) {
	held, err := g.holds(ctx, role.matches)
	if err != nil {
		return granted{}, err
	}
	if held.row != nil {
		return granted{already: true}, nil
	}
	id, err := role.findID(ctx, g.roles)
	if err != nil {
		return granted{}, err
	}
	if held.others == 0 {
		there, err := g.add(ctx, role, id)
		if err != nil || !there {
			return granted{}, err
		}
	}
	return granted{}, g.patience.settle(ctx, g.holder().assign(ctx, id), g.holdsRole(role))
}

// add adds the group to the project with the role. It is true if somebody was faster, with other roles; beside them the
// role can be assigned.
func (g projectGroup) add(ctx context.Context, role wantedRole, roleID string) (bool, error) {
	err := g.patience.settle(ctx, g.client.AddProjectGroup(ctx, g.projectID, g.groupID, roleID), g.holdsRole(role))
	if err == nil {
		return false, nil
	}
	if held, readErr := g.holds(ctx, role.matches); readErr == nil && held.others > 0 || saysAlreadyInProject(err) {
		return true, nil
	}
	return false, err
}

func (g projectGroup) holdsRole(role wantedRole) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		held, err := g.holds(ctx, role.matches)
		return held.row != nil, err
	}
}

// join is [projectMember.join] for a group.
func (g projectGroup) join(ctx context.Context, membership wish, check func(context.Context) error) (entry, error) {
	role := roleOfName(g.projectID, membership.slug)
	held, err := g.holds(ctx, role.matches)
	if err != nil || held.row != nil || held.others > 0 {
		return entry{}, err
	}
	if err := check(ctx); err != nil {
		return entry{}, err
	}
	id, err := role.findID(ctx, g.roles)
	if err != nil {
		return entry{}, err
	}
	there, err := g.add(ctx, role, id)
	switch {
	case err != nil:
		return entry{}, err
	case there:
		return entry{recent: true}, nil
	default:
		return entry{recent: true, membership: &membership}, nil
	}
}

// revoke keeps the group's other roles, also one that is given to it at the same time: no more is taken than the role.
// With the last one the group leaves the project, by what the API does or by what it is told.
func (g projectGroup) revoke(ctx context.Context, role wantedRole) (revoked, error) {
	held, err := g.holder().holdsUnlessGone(ctx, role.matches)
	if err != nil || held.row == nil {
		return revoked{already: err == nil}, err
	}
	err = g.holder().take(ctx, held, role)
	switch {
	case err != nil && maySayLastRole(err):
		// Whether the API lets go of a last role is not documented.
		if left, leaveErr := g.leave(ctx, role.matches); left {
			err = leaveErr
		}
	case err == nil && held.others == 0:
		_, err = g.leave(ctx, func(client.Role) bool { return false })
	}
	return revoked{}, err
}

// maySayLastRole tells a refusal of the role from one of everything in the project.
func maySayLastRole(err error) bool { return kindOf(err) == client.KindRefused }

// leave takes the group out of the project if it holds nothing there but what matches, and tells whether it did. Another
// role that was given to it a moment ago would be lost with it, and has the time to show.
func (g projectGroup) leave(ctx context.Context, matches func(client.Role) bool) (bool, error) {
	alone := false
	g.patience.await(ctx, func(ctx context.Context) (bool, error) {
		held, err := g.holder().holds(ctx, matches)
		alone = err == nil && held.others == 0
		return held.others > 0 || isGone(err), nil
	})
	if !alone {
		return false, nil
	}
	return true, g.patience.settle(ctx, g.client.RemoveProjectGroup(ctx, g.projectID, g.groupID), gone(func(ctx context.Context) (holding, error) {
		return g.holder().holds(ctx, matches)
	}))
}

func (g projectGroup) roles(ctx context.Context, cursor client.Cursor) (client.Page[client.Role], error) {
	return g.client.ListProjectRoles(ctx, g.projectID, cursor)
}
