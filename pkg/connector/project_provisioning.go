package connector

import (
	"context"

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
			return projectGroup{b.client, b.patience, w.what.GetResource(), w.who.GetResource()}.
				revoke(ctx, roleOfName(w.what.GetResource(), w.slug))
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
}

func (m projectMember) membership(ctx context.Context) (membership, error) {
	user, err := m.client.GetProjectUser(ctx, m.projectID(), m.userID())
	if isGone(err) {
		return membership{}, nil
	}
	return membership{present: err == nil, role: projectRoleName(user.Role)}, err
}

func (m projectMember) holdsRole(ctx context.Context) (bool, error) {
	held, err := m.membership(ctx)
	return held.role == m.wish.slug, err
}

// ownsOrganization tells whether the user owns every project anyway.
func (m projectMember) ownsOrganization(ctx context.Context) (bool, error) {
	user, err := m.client.GetUser(ctx, m.userID())
	if isGone(err) {
		return false, nil
	}
	return organizationRoleName(user.Role) == roleOwner, err
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
	if held, readErr := m.membership(ctx); readErr == nil && held.present {
		return m.change(ctx, held)
	}
	return granted{}, err
}

// change gives the user the role in place of the one that is held.
func (m projectMember) change(ctx context.Context, held membership) (granted, error) {
	err := m.patience.settle(ctx, m.client.ModifyProjectUser(ctx, m.projectID(), m.userID(), m.wish.slug), m.holdsRole)
	if held.role == "" {
		return granted{}, err
	}
	before := m.wish.instead(held.role)
	return granted{replaced: &before}, err
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
		return revoked{}, refusal("%s owns the organization and so every project: take the organization role %s from the person first", m.userID(), roleOwner)
	case held.role != m.wish.slug:
		return revoked{already: true}, nil
	}
	err = m.patience.settle(ctx, m.client.RemoveProjectUser(ctx, m.projectID(), m.userID()), func(ctx context.Context) (bool, error) {
		held, err := m.membership(ctx)
		return !held.present, err
	})
	return revoked{}, err
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
	switch {
	case isGone(err), err == nil && projectRoleName(account.Role) != s.wish.slug:
		return revoked{already: true}, nil
	case err != nil:
		return revoked{}, err
	default:
		return revoked{}, refusal("the API cannot take a role from a service account: delete the service account instead")
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
	held, err := g.holder().holds(ctx, matches)
	if isGone(err) {
		return holding{}, nil
	}
	return held, err
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
	there := func(ctx context.Context) (bool, error) {
		held, err := g.holds(ctx, role.matches)
		return held.row != nil, err
	}
	if held.others == 0 {
		err := g.patience.settle(ctx, g.client.AddProjectGroup(ctx, g.projectID, g.groupID, id), there)
		if err == nil {
			return granted{}, nil
		}
		// Somebody may have been faster with another role, beside which this one can be assigned.
		if held, readErr := g.holds(ctx, role.matches); readErr != nil || held.others == 0 {
			return granted{}, err
		}
	}
	return granted{}, g.patience.settle(ctx, g.client.AssignProjectGroupRole(ctx, g.projectID, g.groupID, id), there)
}

// revoke keeps the group's other roles; with the last one the group leaves the project.
func (g projectGroup) revoke(ctx context.Context, role wantedRole) (revoked, error) {
	held, err := g.holds(ctx, role.matches)
	if err != nil || held.row == nil {
		return revoked{already: err == nil}, err
	}
	remove := func() error { return g.client.RemoveProjectGroup(ctx, g.projectID, g.groupID) }
	if held.others > 0 {
		remove = func() error { return g.client.UnassignProjectGroupRole(ctx, g.projectID, g.groupID, held.row.ID) }
	}
	return revoked{}, g.patience.settle(ctx, remove(), func(ctx context.Context) (bool, error) {
		held, err := g.holds(ctx, role.matches)
		return held.row == nil, err
	})
}

func (g projectGroup) roles(ctx context.Context, cursor client.Cursor) (client.Page[client.Role], error) {
	return g.client.ListProjectRoles(ctx, g.projectID, cursor)
}
