package connector

import (
	"context"
	"fmt"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*projectRoleBuilder)(nil)

// Grant gives a custom role of a project. It needs the membership of the project, so that whoever is not in it is made a
// member first.
func (b *projectRoleBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return provisionGrant(ctx, principal, entitlement, func(ctx context.Context, w wish) (granted, error) {
		c, err := b.custom(w)
		if err != nil {
			return granted{}, err
		}
		switch w.who.GetResourceType() {
		case resourceTypeUser.GetId(), resourceTypeGroup.GetId():
			return c.grant(ctx)
		case resourceTypeServiceAccount.GetId():
			return granted{}, refusal("the API cannot give a custom role to a service account: grant member or owner of the project, or give the role in OpenAI's own pages")
		default:
			return granted{}, w.wrongPrincipal()
		}
	})
}

// Revoke takes a custom role of a project. The membership stays.
func (b *projectRoleBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return provisionRevoke(ctx, grant, func(ctx context.Context, w wish) (revoked, error) {
		c, err := b.custom(w)
		if err != nil {
			return revoked{}, err
		}
		switch w.who.GetResourceType() {
		case resourceTypeUser.GetId(), resourceTypeServiceAccount.GetId():
			return c.holder().revoke(ctx, roleOfID(c.roleID))
		case resourceTypeGroup.GetId():
			return c.group().revoke(ctx, roleOfID(c.roleID))
		default:
			return revoked{}, w.wrongPrincipal()
		}
	})
}

// customRole is a custom role of a project and who is to hold it.
type customRole struct {
	client    *client.Client
	patience  patience
	wish      wish
	projectID string
	roleID    string
}

func (b *projectRoleBuilder) custom(w wish) (customRole, error) {
	if w.slug != slugAssigned {
		return customRole{}, w.unknown()
	}
	projectID, roleID, ok := strings.Cut(w.what.GetResource(), "/")
	if !ok || projectID == "" || roleID == "" || strings.Contains(roleID, "/") {
		return customRole{}, malformed("%q is not the id of a project role, which is <project id>/<role id>", w.what.GetResource())
	}
	return customRole{client: b.client, patience: b.patience, wish: w, projectID: projectID, roleID: roleID}, nil
}

func (c customRole) group() projectGroup {
	return projectGroup{c.client, c.patience, c.projectID, c.wish.who.GetResource()}
}

func (c customRole) isGroup() bool { return c.wish.who.GetResourceType() == resourceTypeGroup.GetId() }

func (c customRole) holder() roleHolder {
	if c.isGroup() {
		return c.group().holder()
	}
	return userInProject(c.client, c.patience, c.projectID, c.wish.who.GetResource())
}

func (c customRole) grant(ctx context.Context) (granted, error) {
	held, err := c.holder().holdsIfThere(ctx, roleOfID(c.roleID).matches)
	if err != nil || held.direct {
		return granted{already: err == nil}, err
	}
	entered, err := c.enter(ctx)
	if err != nil {
		return granted{}, err
	}
	err = c.assign(ctx, entered)
	if entered.membership != nil && kindOf(err) == client.KindNoAnswer {
		// The SDK repeats the whole grant, which then cannot tell any more that the membership is of its making.
		err = c.assign(ctx, entered)
	}
	if err != nil && entered.membership != nil {
		return granted{}, fmt.Errorf("%s is now a member of the project %s, but does not have the custom role: %w", c.wish.who.GetResource(), c.projectID, err)
	}
	return granted{also: entered.membership}, err
}

func (c customRole) assign(ctx context.Context, entered entry) error {
	assign := func(ctx context.Context) error { return c.holder().assign(ctx, c.roleID) }
	var err error
	if entered.recent {
		err = c.patience.insist(ctx, assign)
	} else {
		err = assign(ctx)
	}
	return c.patience.settle(ctx, err, func(ctx context.Context) (bool, error) {
		held, err := c.holder().holds(ctx, roleOfID(c.roleID).matches)
		return held.direct, err
	})
}

// enter makes the principal a member of the project unless it is in it already. An owner of the organization always is.
func (c customRole) enter(ctx context.Context) (entry, error) {
	membership := wish{what: resourceID(resourceTypeProject, c.projectID), slug: slugMember, who: c.wish.who}
	if c.isGroup() {
		return c.group().join(ctx, membership, c.refuseMissing)
	}
	member := projectMember{c.client, c.patience, membership}
	owner, err := member.ownsOrganization(ctx)
	if err != nil || owner {
		return entry{}, err
	}
	return member.join(ctx, c.refuseMissing)
}

// refuseMissing keeps anybody from being made a member for a role that is not there any more.
func (c customRole) refuseMissing(ctx context.Context) error {
	_, err := wantedRole{matches: roleOfID(c.roleID).matches}.findID(ctx, c.group().roles)
	return err
}
