package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type invitationBuilder struct {
	builder
	noEntitlements
	noGrants
}

// List gives a page of the invitations. Accepted ones are left out: the user exists.
func (b *invitationBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listOrganization(ctx, b.builder, parent, opts, invitesList(), "listing the invitations",
		func(invite client.Invite) (*v2.Resource, error) {
			if invite.Status == client.InviteAccepted {
				return nil, nil //nolint:nilnil // it is left out
			}
			return invitationResource(invite)
		})
}

// Get gives an invitation that is not accepted.
//
// GET /organization/invites/{invite_id}.
func (b *invitationBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		invite, err := b.client.GetInvite(ctx, id.GetResource())
		switch {
		case err != nil:
			return nil, err
		case invite.Status == client.InviteAccepted:
			return nil, errNotThere
		default:
			return invitationResource(invite)
		}
	})
}

func invitationResource(invite client.Invite) (*v2.Resource, error) {
	created := cmp.Or(invite.CreatedAt, invite.InvitedAt)
	acc := account{
		status:        v2.UserTrait_Status_STATUS_UNSPECIFIED,
		statusDetails: invite.Status,
		accountType:   v2.UserTrait_ACCOUNT_TYPE_HUMAN,
		email:         invite.Email,
		createdAt:     created,
		profile: profile{}.
			text(profileRole, invite.Role).
			text("status", invite.Status).
			time("expires_at", invite.ExpiresAt).
			list("projects", invitedProjects(invite)),
	}
	switch invite.Status {
	case client.InvitePending:
		acc.status = v2.UserTrait_Status_STATUS_PENDING
	case client.InviteExpired:
		acc.status = v2.UserTrait_Status_STATUS_DISABLED
	}
	name := acc.profile.name(invite.ID, invite.Email)
	return newResource(resourceTypeInvitation, invite.ID, invite.ID, name, organizationResourceID(), acc.trait())
}

// invitedProjects gives "<project id>:<role>" for each project, the form in which account creation takes them.
func invitedProjects(invite client.Invite) []string {
	if invite.Projects == nil {
		return nil
	}
	projects := make([]string, 0, len(invite.Projects))
	for _, project := range invite.Projects {
		if project.Role == "" {
			projects = append(projects, project.ID)
			continue
		}
		projects = append(projects, project.ID+":"+project.Role)
	}
	return projects
}
