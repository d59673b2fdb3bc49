package connector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/client"
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
	wanted := invitation{email: cmp.Or(email, ownEmail(account)), role: role}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != accountEmail && name != accountRole && name != accountProjects {
			wanted.ignored = append(wanted.ignored, name)
		}
	}
	if wanted.projects, err = invitationProjects(fields[accountProjects]); err != nil {
		return invitation{}, err
	}
	return wanted.normalized()
}

// warnOfIgnored tells of keys of the profile that are none of the form, such as a misspelt one.
func (i invitation) warnOfIgnored(ctx context.Context) {
	if len(i.ignored) > 0 {
		warn(ctx, "nothing is done with these keys of the profile", zap.Strings("keys", i.ignored))
	}
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

// accountText is "" for a field that is missing or null, and without the spaces around it. One of another type would be
// passed over in silence.
func accountText(fields map[string]*structpb.Value, name string) (string, error) {
	switch value := fields[name].GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return "", nil
	case *structpb.Value_StringValue:
		return strings.TrimSpace(value.StringValue), nil
	default:
		return "", newError(codes.InvalidArgument, "the %s is not text", name)
	}
}

// invitationProjects reads "<project id>" or "<project id>:<role>", in a list or separated by commas. What is empty is left
// out, as a row of a form that nobody has filled in. It is nil if the field is missing or null, and not nil if it is empty.
func invitationProjects(value *structpb.Value) ([]client.InviteProject, error) {
	var words []string
	switch value := value.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return nil, nil
	case *structpb.Value_ListValue:
		for _, element := range value.ListValue.GetValues() {
			switch element.GetKind().(type) {
			case *structpb.Value_StringValue, *structpb.Value_NullValue:
				words = append(words, element.GetStringValue())
			default:
				return nil, newError(codes.InvalidArgument, "the %s are not a list of texts", accountProjects)
			}
		}
	case *structpb.Value_StringValue:
		words = strings.Split(value.StringValue, ",")
	default:
		return nil, newError(codes.InvalidArgument, "the %s are not a list of texts", accountProjects)
	}
	projects := []client.InviteProject{}
	roles := map[string]string{}
	for _, word := range words {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		project, err := invitationProject(word)
		if err != nil {
			return nil, err
		}
		if role, named := roles[project.ID]; named && role != project.Role {
			return nil, newError(codes.InvalidArgument, "the project %q is named twice, as %s and as %s: name it once", project.ID, role, project.Role)
		} else if !named {
			roles[project.ID] = project.Role
			projects = append(projects, project)
		}
	}
	return projects, nil
}

func invitationProject(word string) (client.InviteProject, error) {
	id, role, named := strings.Cut(word, ":")
	id, role = strings.TrimSpace(id), projectRoleName(strings.TrimSpace(role))
	if !named {
		role = slugMember
	}
	if isKeyValue(id) {
		return client.InviteProject{}, errKeyForID
	}
	if id == "" || role != slugMember && role != slugOwner {
		return client.InviteProject{}, newError(codes.InvalidArgument, "%q is not a project to be invited to: write <project id> or <project id>:<role> with the role member or owner", word)
	}
	return client.InviteProject{ID: id, Role: role}, nil
}
