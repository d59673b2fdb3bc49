package connector

import (
	"cmp"
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/client"
)

var (
	_ connectorbuilder.AccountManagerLimited    = (*userBuilder)(nil)
	_ connectorbuilder.ResourceDeleterV2Limited = (*userBuilder)(nil)
)

// The fields of an account that is to be created.
const (
	accountEmail    = "email"
	accountRole     = "role"
	accountProjects = "projects"
)

// accountCreationSchema is the form that ConductorOne draws.
func accountCreationSchema() *v2.ConnectorAccountCreationSchema {
	return &v2.ConnectorAccountCreationSchema{FieldMap: map[string]*v2.ConnectorAccountCreationSchema_Field{
		accountEmail: {
			DisplayName: "Email",
			Description: "The address that the invitation is sent to",
			Placeholder: "person@example.com",
			Required:    true,
			Order:       1,
			Field:       &v2.ConnectorAccountCreationSchema_Field_StringField{StringField: &v2.ConnectorAccountCreationSchema_StringField{}},
		},
		accountRole: {
			DisplayName: "Organization role",
			Description: "reader (the default) or owner",
			Placeholder: roleReader,
			Order:       2,
			Field:       &v2.ConnectorAccountCreationSchema_Field_StringField{StringField: &v2.ConnectorAccountCreationSchema_StringField{}},
		},
		accountProjects: {
			DisplayName: "Projects",
			Description: "Projects to join, each as <project id> or <project id>:<role> with the role member (the default) or owner; none by default",
			Placeholder: "proj_abc:member",
			Order:       3,
			Field:       &v2.ConnectorAccountCreationSchema_Field_StringListField{StringListField: &v2.ConnectorAccountCreationSchema_StringListField{}},
		},
	}}
}

// CreateAccountCapabilityDetails says that an account has no password of its own.
func (b *userBuilder) CreateAccountCapabilityDetails(context.Context) (*v2.CredentialDetailsAccountProvisioning, annotations.Annotations, error) {
	return v2.CredentialDetailsAccountProvisioning_builder{
		SupportedCredentialOptions: []v2.CapabilityDetailCredentialOption{v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD},
		PreferredCredentialOption:  v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD,
	}.Build(), nil, nil
}

// CreateAccount invites somebody. The account comes into being when the invitation is accepted, so that the invitation
// is what is answered. The credential options are ignored: the command line always sends a random password.
func (b *userBuilder) CreateAccount(
	ctx context.Context, account *v2.AccountInfo, _ *v2.LocalCredentialOptions,
) (connectorbuilder.CreateAccountResponse, []*v2.PlaintextData, annotations.Annotations, error) {
	invitation, err := newInvitation(account)
	if err != nil {
		return nil, nil, nil, err
	}
	response, already, err := b.invite(client.Urgent(ctx), invitation)
	logChange(ctx, "create account", already, err, zap.String(accountEmail, invitation.email), zap.String(accountRole, invitation.role))
	if err != nil {
		return nil, nil, nil, refused("inviting "+invitation.email, err)
	}
	return response, nil, nil, nil
}

func (b *userBuilder) invite(ctx context.Context, wanted invitation) (connectorbuilder.CreateAccountResponse, bool, error) {
	member, err := findMember(ctx, wanted.email, func(ctx context.Context, cursor client.Cursor) (client.Page[client.User], error) {
		return b.client.FindUsers(ctx, []string{wanted.email}, cursor)
	})
	if err != nil {
		return nil, false, err
	}
	if member != nil {
		return memberExists(*member)
	}
	invite, already, err := wanted.send(ctx, b.client, b.patience)
	if isPlainRefusal(err) {
		// OpenAI may know the member under a spelling that its search does not find.
		if member, searchErr := findMember(ctx, wanted.email, b.client.ListUsers); searchErr == nil && member != nil {
			return memberExists(*member)
		}
	}
	if err != nil {
		return nil, false, err
	}
	resource, err := invitationResource(invite)
	success := v2.CreateAccountResponse_SuccessResult_builder{Resource: resource, IsCreateAccountResult: true}.Build()
	if at, ok := invite.ExpiresAt.Time(); ok {
		success.SetInvitationExpiresAt(timestamppb.New(at))
	}
	return success, already, err
}

func memberExists(member client.User) (connectorbuilder.CreateAccountResponse, bool, error) {
	resource, err := userResource(member)
	return v2.CreateAccountResponse_AlreadyExistsResult_builder{Resource: resource, IsCreateAccountResult: true}.Build(), true, err
}

// findMember finds the user of the email address in the list, nil if there is none. Addresses are compared without case.
func findMember(
	ctx context.Context, email string, list func(context.Context, client.Cursor) (client.Page[client.User], error),
) (*client.User, error) {
	for cursor := (client.Cursor{}); ; {
		page, err := list(ctx, cursor)
		if err != nil {
			return nil, err
		}
		for _, user := range page.Items {
			if strings.EqualFold(cmp.Or(user.Email, user.Account.Email), email) {
				return &user, nil
			}
		}
		if page.Next.IsZero() {
			return nil, nil //nolint:nilnil // nobody is an answer, not an error
		}
		cursor = page.Next
	}
}

// newInvitation reads the account's profile. The address may be in its place in the profile or among the account's own.
func newInvitation(account *v2.AccountInfo) (invitation, error) {
	fields := account.GetProfile().GetFields()
	email, err := accountText(fields, accountEmail)
	if err != nil {
		return invitation{}, err
	}
	role, err := accountText(fields, accountRole)
	if err != nil {
		return invitation{}, err
	}
	projects, err := invitationProjects(fields[accountProjects])
	if err != nil {
		return invitation{}, err
	}
	return invitation{email: cmp.Or(email, ownEmail(account)), role: role, projects: projects}.normalized()
}

// ownEmail is the account's primary address, else its first one, else its login.
func ownEmail(account *v2.AccountInfo) string {
	first := ""
	for _, email := range account.GetEmails() {
		if email.GetIsPrimary() && email.GetAddress() != "" {
			return email.GetAddress()
		}
		first = cmp.Or(first, email.GetAddress())
	}
	return cmp.Or(first, account.GetLogin())
}

// accountText is "" for a field that is missing or null. One of another type would be passed over in silence.
func accountText(fields map[string]*structpb.Value, name string) (string, error) {
	switch value := fields[name].GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return "", nil
	case *structpb.Value_StringValue:
		return value.StringValue, nil
	default:
		return "", malformed("the %s is not text", name)
	}
}

// invitationProjects reads "<project id>" or "<project id>:<role>", in a list or separated by commas.
func invitationProjects(value *structpb.Value) ([]client.InviteProject, error) {
	var words []string
	switch value := value.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
	case *structpb.Value_ListValue:
		for _, element := range value.ListValue.GetValues() {
			words = append(words, element.GetStringValue())
		}
	case *structpb.Value_StringValue:
		if value.StringValue != "" {
			words = strings.Split(value.StringValue, ",")
		}
	default:
		return nil, malformed("the %s are not a list", accountProjects)
	}
	var projects []client.InviteProject
	for _, word := range words {
		id, role, named := strings.Cut(strings.TrimSpace(word), ":")
		if !named {
			role = slugMember
		}
		if id == "" || role != slugMember && role != slugOwner {
			return nil, malformed("%q is not a project to be invited to: write <project id> or <project id>:<role> with the role member or owner", word)
		}
		projects = append(projects, client.InviteProject{ID: id, Role: role})
	}
	return projects, nil
}

// Delete takes the user out of the organization.
func (b *userBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, deletion{
		resourceType: resourceTypeUser,
		check:        func(ctx context.Context) error { return checkDeletion(ctx, b.client, id.GetResource()) },
		remove:       func(ctx context.Context) error { return b.client.DeleteUser(ctx, id.GetResource()) },
		gone:         gone(func(ctx context.Context) (client.User, error) { return b.client.GetUser(ctx, id.GetResource()) }),
	}.run(ctx, b.patience, id)
}
