package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceManagerV2Limited = (*invitationBuilder)(nil)

// invitation is an invitation that is asked for.
type invitation struct {
	email string
	role  string
	// projects are nil if the request does not name any: then a new invitation is to none, and one that is pending may be to
	// whatever it is.
	projects []client.InviteProject
	// ignored are keys of the profile that nothing is done with.
	ignored []string
}

func (i invitation) normalized() (invitation, error) {
	i.email = strings.TrimSpace(i.email)
	address, err := mail.ParseAddress(i.email)
	if err != nil || address.Address != i.email {
		return invitation{}, newError(codes.InvalidArgument, "%q is not an email address", i.email)
	}
	i.role = cmp.Or(i.role, roleReader)
	role := organizationRoleName(i.role)
	if role == "" {
		return invitation{}, newError(codes.InvalidArgument, "%q is not a role to be invited with: it is reader or owner", i.role)
	}
	i.role = role
	return i, nil
}

// subject is the address, in lower case: invitations of one address run one after the other.
func (i invitation) subject() string { return "invitation of " + strings.ToLower(i.email) }

// spellings are those of the address that OpenAI may know.
func (i invitation) spellings() []string {
	return slices.Compact([]string{i.email, strings.ToLower(i.email)})
}

// matches tells whether an invite that was sent is as it was asked for. Some answers leave the projects out.
func (i invitation) matches(invite client.Invite) bool {
	return organizationRoleName(invite.Role) == i.role && (invite.Projects == nil || sameProjects(i.projects, invite.Projects))
}

// matchesPending is [invitation.matches] for an invite that was there before, which need not be to the projects that it leaves out.
func (i invitation) matchesPending(invite client.Invite) bool {
	if i.projects == nil {
		return organizationRoleName(invite.Role) == i.role
	}
	return i.matches(invite) && sameProjects(i.projects, invite.Projects)
}

// sameProjects compares projects in any order. A row that leaves a role out says nothing against it.
func sameProjects(wanted, shown []client.InviteProject) bool {
	roles := map[string]string{}
	for _, project := range wanted {
		roles[project.ID] = projectRoleName(project.Role)
	}
	seen := map[string]bool{}
	for _, project := range shown {
		role, isWanted := roles[project.ID]
		if !isWanted || project.Role != "" && projectRoleName(project.Role) != role {
			return false
		}
		seen[project.ID] = true
	}
	return len(seen) == len(roles)
}

// sentInvitation is the result of an invitation.
type sentInvitation struct {
	invite client.Invite
	// already says that nothing had to be done.
	already bool
	// deletedIDs are the ids of invites that were in the way.
	deletedIDs []string
}

// logged gives the fields for the log.
func (i invitation) logged(sent sentInvitation) []zap.Field {
	fields := []zap.Field{zap.String(accountEmail, i.email), zap.String(accountRole, i.role)}
	if len(sent.deletedIDs) > 0 {
		fields = append(fields, zap.Strings("taken_back", sent.deletedIDs))
	}
	return fields
}

// sendInvitation invites, unless the address has an invite that is pending and as it is asked for. One that is not is taken
// back first, since OpenAI has one for each address and cannot change it. An expired one is taken back where it is in the way.
func (p provisioning) sendInvitation(ctx context.Context, wanted invitation) (sentInvitation, error) {
	earlier, err := p.findInvites(ctx, wanted, client.Cursor{})
	if err != nil {
		return sentInvitation{}, err
	}
	for _, invite := range earlier.pending {
		if wanted.matchesPending(invite) {
			return sentInvitation{invite: invite, already: true}, nil
		}
	}
	if err := p.checkProjects(ctx, wanted); err != nil {
		return sentInvitation{}, err
	}
	var sent sentInvitation
	if sent.deletedIDs, err = p.deleteInvites(ctx, earlier.pending); err == nil {
		sent.invite, err = p.createInvite(ctx, wanted, earlier)
	}
	if (saysAlreadyThere(err) || errors.Is(err, errOldInvite)) && len(earlier.expired) > 0 {
		expired, takeErr := p.deleteInvites(ctx, earlier.expired)
		sent.deletedIDs = append(sent.deletedIDs, expired...)
		if takeErr == nil {
			earlier.expired = nil
			sent.invite, err = p.createInvite(ctx, wanted, earlier)
		}
	}
	if saysAlreadyThere(err) && len(sent.deletedIDs) > 0 {
		// OpenAI may still have known the deleted invites.
		sent.invite, err = p.createInvite(ctx, wanted, earlier)
	}
	if err != nil && len(sent.deletedIDs) > 0 {
		err = fmt.Errorf("the invitation %s is taken back, and no other one is sent: %w", strings.Join(sent.deletedIDs, ", "), err)
	}
	return sent, err
}

var errOldInvite = errors.New("it is an older one, which nobody can accept any more")

// createInvite sends the invitation. It is read back by its id. If the answer was lost, it is looked for at the ends of the
// list, one of which new invites are at, and in the whole list at last.
func (p provisioning) createInvite(ctx context.Context, wanted invitation, earlier addressInvites) (client.Invite, error) {
	var invite client.Invite
	looks := 0
	err := p.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := p.client.CreateInvite(ctx, wanted.email, wanted.role, wanted.projects)
			if err != nil {
				return err
			}
			if answered.Email != "" && !strings.EqualFold(answered.Email, wanted.email) {
				return newError(codes.Internal, "OpenAI answered with the invitation %s of another address: sync again to see what there is", answered.ID)
			}
			if answered.Status == client.InviteExpired || answered.Status == client.InviteAccepted {
				return newError(codes.FailedPrecondition, "OpenAI answered with the invitation %s: %w", answered.ID, errOldInvite)
			}
			invite = answered
			return checkAnsweredRole(organizationRoleName(answered.Role), wanted.role)
		},
		read: func(ctx context.Context) (string, error) {
			if invite.ID != "" {
				found, err := p.client.GetInvite(ctx, invite.ID)
				if err != nil {
					return stateNotThere, ignoreGone(err)
				}
				return wanted.describe(found), nil
			}
			look := p.findNewInvites
			looks++
			if looks > len(p.consistency) {
				look = p.findInvites
			}
			found, err := look(ctx, wanted, earlier.lastPage)
			if err != nil || len(found.pending) == 0 {
				return stateNotThere, err
			}
			state := wanted.describe(found.pending[0])
			if state == stateThere {
				invite = found.pending[0]
			}
			return state, nil
		},
		before: stateNotThere, wanted: stateThere,
		meansDone: func(err error) bool { return saysAlreadyThere(err) && len(earlier.expired) == 0 },
	})
	return invite, err
}

// describe is the word for an invite that was found.
func (i invitation) describe(found client.Invite) string {
	if i.matches(found) {
		return stateThere
	}
	return fmt.Sprintf("an invitation %s with the role %q to %d projects", found.ID, found.Role, len(found.Projects))
}

// addressInvites are the invites of an address that may be in the way of another one.
type addressInvites struct {
	pending, expired []client.Invite
	// lastPage is where the list's last page begins.
	lastPage client.Cursor
}

func (e *addressInvites) add(wanted invitation, invites []client.Invite) {
	for _, invite := range invites {
		switch {
		case !strings.EqualFold(invite.Email, wanted.email):
		case invite.Status == client.InvitePending:
			e.pending = append(e.pending, invite)
		case invite.Status == client.InviteExpired:
			e.expired = append(e.expired, invite)
		}
	}
}

// findInvites walks all invites from their beginning: the API does not find them by address.
func (p provisioning) findInvites(ctx context.Context, wanted invitation, _ client.Cursor) (addressInvites, error) {
	return p.findInvitesFrom(ctx, wanted, client.Cursor{})
}

// findNewInvites reads the first page of the list, and the pages from the last one on.
func (p provisioning) findNewInvites(ctx context.Context, wanted invitation, lastPage client.Cursor) (addressInvites, error) {
	found, err := p.findInvitesFrom(ctx, wanted, lastPage)
	if err != nil || lastPage.IsZero() || len(found.pending) > 0 {
		return found, err
	}
	page, err := p.client.ListInvites(ctx, client.Cursor{})
	found.add(wanted, page.Items)
	return found, err
}

func (p provisioning) findInvitesFrom(ctx context.Context, wanted invitation, cursor client.Cursor) (addressInvites, error) {
	found := addressInvites{lastPage: cursor}
	for page, err := range pagesFrom(ctx, cursor, urgentFirst(p.client.ListInvites)) {
		if err != nil {
			return addressInvites{}, err
		}
		found.add(wanted, page.Items)
		if !page.Next.IsZero() {
			found.lastPage = page.Next
		}
	}
	return found, nil
}

// deleteInvites deletes invites, and gives the ids of those that are deleted.
func (p provisioning) deleteInvites(ctx context.Context, invites []client.Invite) ([]string, error) {
	var ids []string
	for _, invite := range invites {
		if err := p.consistency.apply(ctx, p.deletionOfInvite(invite.ID)); err != nil {
			return ids, err
		}
		ids = append(ids, invite.ID)
	}
	return ids, nil
}

func (p provisioning) deletionOfInvite(id string) change {
	return deletionByID(id, p.client.DeleteInvite, p.client.GetInvite)
}

// checkProjects refuses an invitation to a project that is missing or archived, before anything is sent.
func (p provisioning) checkProjects(ctx context.Context, wanted invitation) error {
	for _, named := range wanted.projects {
		project, err := p.client.GetProject(ctx, named.ID)
		switch {
		case isGone(err):
			return newError(codes.FailedPrecondition, "there is no project %s: invite without it, or to another one", named.ID)
		case err != nil:
			return err
		case project.Status == client.ProjectArchived:
			return newError(codes.FailedPrecondition, "the project %s is archived: invite without it, or to another one", named.ID)
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
		return nil, nil, newError(codes.InvalidArgument, "the resource has no readable account: %w", err)
	}
	account := v2.AccountInfo_builder{Login: resource.GetDisplayName(), Profile: resource.GetProfile()}.Build()
	for _, email := range trait.GetEmails() {
		account.SetEmails(append(account.GetEmails(), v2.AccountInfo_Email_builder{Address: email.GetAddress(), IsPrimary: email.GetIsPrimary()}.Build()))
	}
	wanted, err := newInvitation(account)
	if err != nil {
		return nil, nil, err
	}
	wanted.warnOfIgnored(ctx)
	sent, err := exclusively(ctx, b.provisioning, wanted.subject(), func(ctx context.Context) (sentInvitation, error) { return b.sendInvitation(ctx, wanted) })
	logChange(ctx, "create invitation", sent.already, err, wanted.logged(sent)...)
	if err != nil {
		return nil, nil, changeError("inviting "+wanted.email, err)
	}
	created, err := invitationResource(sent.invite)
	return created, nil, err
}

// Delete takes the invitation back.
func (b *invitationBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeInvitation, id, func(ctx context.Context) (bool, error) {
		invite, err := b.client.GetInvite(ctx, id.GetResource())
		switch {
		case err != nil:
			return isGone(err), ignoreGone(err)
		case invite.Status == client.InviteAccepted:
			return false, newError(codes.FailedPrecondition, "the invitation has been accepted: delete the user instead")
		default:
			return false, b.consistency.apply(ctx, b.deletionOfInvite(invite.ID))
		}
	})
}
