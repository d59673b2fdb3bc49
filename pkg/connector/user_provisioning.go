package connector

import (
	"cmp"
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/client"
)

var (
	_ connectorbuilder.AccountManagerLimited    = (*userBuilder)(nil)
	_ connectorbuilder.ResourceDeleterV2Limited = (*userBuilder)(nil)
)

// CreateAccountCapabilityDetails says that an account has no password of its own.
func (b *userBuilder) CreateAccountCapabilityDetails(context.Context) (*v2.CredentialDetailsAccountProvisioning, annotations.Annotations, error) {
	return v2.CredentialDetailsAccountProvisioning_builder{
		SupportedCredentialOptions: []v2.CapabilityDetailCredentialOption{v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD},
		PreferredCredentialOption:  v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD,
	}.Build(), nil, nil
}

// CreateAccount invites a person. The account exists when the invitation is accepted; so the invitation is returned. The
// credential options are ignored: the command line always sends a random password.
func (b *userBuilder) CreateAccount(
	ctx context.Context, account *v2.AccountInfo, _ *v2.LocalCredentialOptions,
) (connectorbuilder.CreateAccountResponse, []*v2.PlaintextData, annotations.Annotations, error) {
	wanted, err := newInvitation(account)
	if err != nil {
		return nil, nil, nil, err
	}
	wanted.warnOfIgnored(ctx)
	created, err := exclusively(ctx, b.provisioning, wanted.subject(), func(ctx context.Context) (createdAccount, error) { return b.invite(ctx, wanted) })
	logChange(ctx, "create account", created.sent.already, err, wanted.logged(created.sent)...)
	if err != nil {
		return nil, nil, nil, changeError("inviting "+wanted.email, err)
	}
	return created.response, nil, nil, nil
}

// createdAccount is the outcome of the creation of an account.
type createdAccount struct {
	response connectorbuilder.CreateAccountResponse
	sent     sentInvitation
}

// invite invites a person who is not a member. OpenAI may know a member under a spelling that its search does not find.
// Then it refuses the invitation, and all users are read to find the member.
func (b *userBuilder) invite(ctx context.Context, wanted invitation) (createdAccount, error) {
	member, err := findMember(ctx, wanted.email, listOf(b.client.FindUsers, wanted.spellings()))
	if err != nil {
		return createdAccount{}, err
	}
	if member != nil {
		return memberExists(*member)
	}
	sent, err := b.sendInvitation(ctx, wanted)
	if saysAlreadyThere(err) {
		if member, searchErr := findMember(client.Awaited(ctx), wanted.email, b.client.ListUsers); searchErr == nil && member != nil {
			return memberExists(*member)
		}
	}
	if err != nil {
		return createdAccount{sent: sent}, err
	}
	resource, err := invitationResource(sent.invite)
	success := v2.CreateAccountResponse_SuccessResult_builder{Resource: resource, IsCreateAccountResult: true}.Build()
	if at, ok := sent.invite.ExpiresAt.Time(); ok {
		success.SetInvitationExpiresAt(timestamppb.New(at))
	}
	return createdAccount{success, sent}, err
}

func memberExists(member client.User) (createdAccount, error) {
	resource, err := userResource(member)
	response := v2.CreateAccountResponse_AlreadyExistsResult_builder{Resource: resource, IsCreateAccountResult: true}.Build()
	return createdAccount{response, sentInvitation{already: true}}, err
}

// findMember finds the user of the email address in the list, nil if there is none. Addresses are compared without case.
func findMember(ctx context.Context, email string, list pageReader[client.User]) (*client.User, error) {
	for user, err := range eachRow(pages(ctx, list)) {
		switch {
		case err != nil:
			return nil, err
		case strings.EqualFold(cmp.Or(user.Email, user.Account.Email), email):
			return &user, nil
		}
	}
	return nil, nil //nolint:nilnil // nobody is an answer, not an error
}

// Delete takes the user out of the organization.
func (b *userBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeUser, id, func(ctx context.Context) (bool, error) { return b.deleteUser(ctx, id.GetResource()) })
}

// deleteUser takes a user out of the organization, unless it is the last owner; true means that nothing had to be done.
func (p provisioning) deleteUser(ctx context.Context, userID string) (bool, error) {
	user, err := p.client.GetUser(ctx, userID)
	if err != nil {
		return isGone(err), ignoreGone(err)
	}
	role, err := p.predefinedOrganizationRole(ctx, user)
	if err == nil && organizationRoleName(user.Role) == roleReader {
		// An assignment may make a reader an owner all the same. Where OpenAI has no list of them for this key, the row decides.
		role, err = p.userInOrganization(userID).predefined(ctx, roleOwner)
		err = ignorePermanentRefusal(err)
	}
	if err != nil {
		return false, err
	}
	deletion := func(ctx context.Context) error {
		return p.consistency.apply(ctx, deletionByID(userID, p.client.DeleteUser, p.client.GetUser))
	}
	if role == roleOwner {
		err = p.ifNotLastOwner(ctx, userID, deletion)
	} else {
		err = deletion(ctx)
	}
	if err == nil {
		warnOfKeys(ctx, user)
	}
	if err == nil && user.IsSCIMManaged != nil && *user.IsSCIMManaged {
		warn(ctx, "the user is managed by SCIM: remove the person in the identity provider too, which may invite again otherwise", zap.String("user_id", userID))
	}
	return false, err
}

// warnOfKeys says what the user leaves behind. How many keys that are, only a sync knows: each project has a list of its own.
func warnOfKeys(ctx context.Context, user client.User) {
	fields := []zap.Field{zap.String("user_id", user.ID)}
	if at, ok := user.APIKeyLastUsedAt.Time(); ok {
		fields = append(fields, zap.Time("api_key_last_used_at", at))
	}
	warn(ctx, "the API keys of a user who is deleted stay, and may still be used: the action delete_user_keys deletes them", fields...)
}
