package connector

import (
	"context"
	"net/mail"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceManagerV2Limited = (*invitationBuilder)(nil)

// invitation is an invitation that is wanted.
type invitation struct {
	email    string
	role     string
	projects []client.InviteProject
}

func (i invitation) normalized() (invitation, error) {
	i.email = strings.TrimSpace(i.email)
	address, err := mail.ParseAddress(i.email)
	if err != nil || address.Address != i.email {
		return invitation{}, malformed("%q is not an email address", i.email)
	}
	if i.role == "" {
		i.role = roleReader
	}
	role := organizationRoleName(i.role)
	if role == "" {
		return invitation{}, malformed("%q is not a role to be invited with: it is reader or owner", i.role)
	}
	i.role = role
	return i, nil
}

// send invites, unless the address has an invitation that is still pending: that one is given back as it is, and true.
func (i invitation) send(ctx context.Context, api *client.Client, p patience) (client.Invite, bool, error) {
	pending, err := i.pending(ctx, api)
	if err != nil {
		return client.Invite{}, false, err
	}
	if pending != nil {
		return *pending, true, nil
	}
	if err := i.checkProjects(ctx, api); err != nil {
		return client.Invite{}, false, err
	}
	invite, err := api.CreateInvite(ctx, i.email, i.role, i.projects)
	err = p.settle(ctx, err, func(ctx context.Context) (bool, error) {
		made, err := i.pending(ctx, api)
		if made != nil && invite.ID == "" {
			invite = *made
		}
		return made != nil, err
	})
	return invite, false, err
}

func (i invitation) pending(ctx context.Context, api *client.Client) (*client.Invite, error) {
	for cursor := (client.Cursor{}); ; {
		page, err := api.ListInvites(ctx, cursor)
		if err != nil {
			return nil, err
		}
		for _, invite := range page.Items {
			if invite.Status == client.InvitePending && strings.EqualFold(invite.Email, i.email) {
				return &invite, nil
			}
		}
		if page.Next.IsZero() {
			return nil, nil //nolint:nilnil // no invitation is an answer, not an error
		}
		cursor = page.Next
	}
}

// checkProjects refuses an invitation to a project that nobody can join, before anything is sent.
func (i invitation) checkProjects(ctx context.Context, api *client.Client) error {
	for _, wanted := range i.projects {
		project, err := api.GetProject(ctx, wanted.ID)
		switch {
		case isGone(err):
			return refusal("there is no project %s: invite without it, or to another one", wanted.ID)
		case err != nil:
			return err
		case project.Status == client.ProjectArchived:
			return refusal("the project %s is archived: invite without it, or to another one", wanted.ID)
		}
	}
	return nil
}

// Create invites the email address of the resource, which is its trait's or its display name, with what its profile
// says.
func (b *invitationBuilder) Create(ctx context.Context, resource *v2.Resource) (*v2.Resource, annotations.Annotations, error) {
	trait := &v2.UserTrait{}
	annos := annotations.Annotations(resource.GetAnnotations())
	if _, err := annos.Pick(trait); err != nil {
		return nil, nil, malformed("the resource has no readable account: %w", err)
	}
	account := v2.AccountInfo_builder{Login: resource.GetDisplayName(), Profile: resource.GetProfile()}.Build()
	for _, email := range trait.GetEmails() {
		account.SetEmails(append(account.GetEmails(), v2.AccountInfo_Email_builder{Address: email.GetAddress(), IsPrimary: email.GetIsPrimary()}.Build()))
	}
	wanted, err := newInvitation(account)
	if err != nil {
		return nil, nil, err
	}
	invite, already, err := wanted.send(client.Urgent(ctx), b.client, b.patience)
	logChange(ctx, "create invitation", already, err, zap.String(accountEmail, wanted.email), zap.String(accountRole, wanted.role))
	if err != nil {
		return nil, nil, refused("inviting "+wanted.email, err)
	}
	created, err := invitationResource(invite)
	return created, nil, err
}

// Delete takes the invitation back.
func (b *invitationBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, deletion{
		resourceType: resourceTypeInvitation,
		check: func(ctx context.Context) error {
			invite, err := b.client.GetInvite(ctx, id.GetResource())
			if err == nil && invite.Status == client.InviteAccepted {
				return refusal("the invitation has been accepted: delete the user instead")
			}
			return err
		},
		remove: func(ctx context.Context) error { return b.client.DeleteInvite(ctx, id.GetResource()) },
		gone: gone(func(ctx context.Context) (client.Invite, error) {
			return b.client.GetInvite(ctx, id.GetResource())
		}),
	}.run(ctx, b.patience, id)
}
