package connector_test

import (
	"context"
	"encoding/json"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createInvite = "POST /organization/invites"
	deleteInvite = "DELETE /organization/invites/{invite_id}"
	week         = 7 * 24 * 3600
)

func accountInfo(t *testing.T, profile map[string]any) *v2.AccountInfo {
	t.Helper()
	values, err := structpb.NewStruct(profile)
	require.NoError(t, err)
	return v2.AccountInfo_builder{Profile: values}.Build()
}

// createAccount creates an account as the command line does, which always requests a random password.
func (d testConnector) createAccount(ctx context.Context, account *v2.AccountInfo) (*v2.CreateAccountResponse, error) {
	return d.CreateAccount(ctx, v2.CreateAccountRequest_builder{
		AccountInfo: account,
		CredentialOptions: v2.CredentialOptions_builder{
			RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 20}.Build(),
		}.Build(),
	}.Build())
}

// createInvitation creates the invitation as a resource.
func (d testConnector) createInvitation(ctx context.Context, resource *v2.Resource) (*v2.CreateResourceResponse, error) {
	resource.SetId(parseID("invitation:new"))
	return d.CreateResource(ctx, v2.CreateResourceRequest_builder{Resource: resource}.Build())
}

// sentInvite is the body of the only invitation that was sent.
func sentInvite(t *testing.T, server *openaitest.Server) map[string]any {
	t.Helper()
	require.Equal(t, []string{createInvite}, writes(server))
	for _, request := range server.Requests() {
		if request.Route == createInvite {
			var body map[string]any
			require.NoError(t, json.Unmarshal(request.Body, &body))
			return body
		}
	}
	return nil
}

// newInvite is the only invite that the small organization does not have.
func newInvite(t *testing.T, server *openaitest.Server) openaitest.Invite {
	t.Helper()
	after := server.Snapshot()
	require.Len(t, after.Invites, len(smallOrganization().Invites)+1)
	made := after.Invites[len(after.Invites)-1]
	after.Invites = after.Invites[:len(after.Invites)-1]
	require.Empty(t, differences(state(smallOrganization()), state(after)))
	return made
}

// An account is created as an invitation. The list of projects is always sent, since the API adds the default project
// without it.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	email := func(address string, primary bool) *v2.AccountInfo_Email {
		return v2.AccountInfo_Email_builder{Address: address, IsPrimary: primary}.Build()
	}
	const someone = "new@example.com"
	tests := map[string]struct {
		profile map[string]any
		login   string
		emails  []*v2.AccountInfo_Email
		body    map[string]any
	}{
		"email alone":           {profile: map[string]any{"email": someone}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"email in spaces":       {profile: map[string]any{"email": " new@example.com "}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"login alone":           {login: someone, body: map[string]any{"role": "reader", "projects": []any{}}},
		"one email, no primary": {emails: []*v2.AccountInfo_Email{email(someone, false)}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"the primary email": {
			emails: []*v2.AccountInfo_Email{email("other@example.com", false), email(someone, true)}, login: "login@example.com",
			body: map[string]any{"role": "reader", "projects": []any{}},
		},
		"the profile's email before all others": {
			profile: map[string]any{"email": someone}, emails: []*v2.AccountInfo_Email{email("other@example.com", true)}, login: "login",
			body: map[string]any{"role": "reader", "projects": []any{}},
		},
		"owner":              {profile: map[string]any{"email": someone, "role": "owner"}, body: map[string]any{"role": "owner", "projects": []any{}}},
		"owner in capitals":  {profile: map[string]any{"email": someone, "role": "Owner"}, body: map[string]any{"role": "owner", "projects": []any{}}},
		"empty role":         {profile: map[string]any{"email": someone, "role": ""}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"empty project list": {profile: map[string]any{"email": someone, "projects": []any{}}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"null project list":  {profile: map[string]any{"email": someone, "projects": nil}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"projects in a list": {
			profile: map[string]any{"email": someone, "projects": []any{"alpha", "beta:owner"}},
			body: map[string]any{"role": "reader", "projects": []any{
				map[string]any{"id": "alpha", "role": "member"}, map[string]any{"id": "beta", "role": "owner"},
			}},
		},
		"projects between commas": {
			profile: map[string]any{"email": someone, "projects": "alpha:owner, beta:member"},
			body: map[string]any{"role": "reader", "projects": []any{
				map[string]any{"id": "alpha", "role": "owner"}, map[string]any{"id": "beta", "role": "member"},
			}},
		},
		"spaces, and rows that nobody has filled in": {
			profile: map[string]any{"email": someone, "role": "reader ", "projects": []any{"", " alpha : Owner ", nil, "  "}},
			body:    map[string]any{"role": "reader", "projects": []any{map[string]any{"id": "alpha", "role": "owner"}}},
		},
		"only rows that nobody has filled in": {profile: map[string]any{"email": someone, "projects": []any{""}}, body: map[string]any{"role": "reader", "projects": []any{}}},
		"a comma after the last, and a project twice": {
			profile: map[string]any{"email": someone, "projects": "alpha,alpha:member,"},
			body:    map[string]any{"role": "reader", "projects": []any{map[string]any{"id": "alpha", "role": "member"}}},
		},
		"one project": {
			profile: map[string]any{"email": someone, "projects": "alpha"},
			body:    map[string]any{"role": "reader", "projects": []any{map[string]any{"id": "alpha", "role": "member"}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			account := accountInfo(t, test.profile)
			account.SetLogin(test.login)
			account.SetEmails(test.emails)
			answer, err := d.createAccount(t.Context(), account)
			require.NoError(t, err)
			test.body["email"] = someone
			require.Equal(t, test.body, sentInvite(t, server))
			require.Equal(t, 1, calls(server)["GET /organization/users"])
			made := newInvite(t, server)
			require.Len(t, test.body["projects"], len(made.Projects))
			d.requireOneLine(t, someone)

			success := answer.GetSuccess()
			require.NotNil(t, success)
			require.True(t, success.GetIsCreateAccountResult())
			require.EqualValues(t, now+week, success.GetInvitationExpiresAt().GetSeconds())
			require.Empty(t, answer.GetEncryptedData())
			row := readResource(t, success.GetResource())
			require.Contains(t, expected(server.Snapshot()).Resources, lines([]resourceRow{row})[0])
			require.Empty(t, server.Unknown())

			server.ResetRequests()
			again, err := d.createAccount(t.Context(), account)
			require.NoError(t, err)
			require.Equal(t, made.ID, again.GetSuccess().GetResource().GetId().GetResource())
			require.Empty(t, writes(server))
			d.requireOneLine(t, someone)
		})
	}
}

// A member already has the account, in any spelling of the address.
func TestCreateAccountOfAMember(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			answer, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": email, "role": "owner"}))
			require.NoError(t, err)
			require.Equal(t, "user:ann", id(answer.GetAlreadyExists().GetResource().GetId()))
			require.True(t, answer.GetAlreadyExists().GetIsCreateAccountResult())
			requireState(t, smallOrganization(), server)
			require.Empty(t, writes(server))
			d.requireOneLine(t, email)
		})
	}
}

// If the row has the address only in the account within it, that address is used, as in a sync.
func TestCreateAccountOfAMemberWithoutEmailInTheRow(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) { user(o, "ann").JSON = openaitest.Fields{"email": nil} })
	answer, err := connect(t, server).createAccount(t.Context(), accountInfo(t, map[string]any{"email": "ann@example.com"}))
	require.NoError(t, err)
	require.Equal(t, "user:ann", id(answer.GetAlreadyExists().GetResource().GetId()))
	require.Empty(t, writes(server))
}

// An expired invitation is replaced. An accepted invitation of a user who has left does not prevent a new one.
func TestCreateAccountAfterAnInvitation(t *testing.T) {
	t.Parallel()
	for email, prepare := range map[string]func(*openaitest.Organization){
		"ivo@example.com": nil,
		"ann@example.com": leave("ann"),
	} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			server := newServer(prepare)
			d := connect(t, server)
			answer, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": email}))
			require.NoError(t, err)
			require.NotContains(t, []string{"inv-expired", "inv-accepted"}, answer.GetSuccess().GetResource().GetId().GetResource())
			require.Equal(t, email, sentInvite(t, server)["email"])
			require.Len(t, server.Snapshot().Invites, 4)
		})
	}
}

// Creating the resource invitation does the same as creating the account.
func TestCreateInvitation(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.CreatedStatus = 201
	d := connect(t, server)
	profile, err := structpb.NewStruct(map[string]any{"role": "owner", "projects": []any{"alpha"}})
	require.NoError(t, err)
	wanted := v2.Resource_builder{DisplayName: "new@example.com", Profile: profile}.Build()
	answer, err := d.createInvitation(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"email": "new@example.com", "role": "owner", "projects": []any{map[string]any{"id": "alpha", "role": "member"}},
	}, sentInvite(t, server))
	made := newInvite(t, server)
	require.Equal(t, "invitation:"+made.ID, id(answer.GetCreated().GetId()))
	d.requireOneLine(t, "new@example.com")

	server.ResetRequests()
	answer, err = d.createInvitation(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, "invitation:"+made.ID, id(answer.GetCreated().GetId()))
	require.Empty(t, writes(server))
}

func invited(t *testing.T, profile map[string]any) func(context.Context, testConnector) error {
	t.Helper()
	account := accountInfo(t, profile)
	return func(ctx context.Context, d testConnector) error {
		_, err := d.createAccount(ctx, account)
		return err
	}
}

func TestRefusedAccounts(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"unknown project": {
			do: invited(t, map[string]any{"email": "new@example.com", "projects": []any{"alpha", "delta"}}), says: []string{"there is no project delta", "invite without it"},
		},
		"archived project": {
			do: invited(t, map[string]any{"email": "new@example.com", "projects": []any{"gone:owner"}}), says: []string{"the project gone is archived", "invite without it"},
		},
	})
}

// Without a payment method, the error has the API's own words.
func TestCreateAccountWithoutPaymentMethod(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.PaymentMethodMissing = true
	d := connect(t, server)
	_, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": "new@example.com"}))
	requireRefusal(t, err, "payment_method_required", "POST /organization/invites: 400")
	requireState(t, smallOrganization(), server)
	d.requireOneLine(t, "new@example.com")
}

// An account that is invalid for any organization is an invalid argument, without a call.
func TestMalformedAccounts(t *testing.T) {
	t.Parallel()
	tests := map[string]map[string]any{
		"nothing":                       nil,
		"no email":                      {"role": "reader"},
		"no address":                    {"email": "new"},
		"an address with a name":        {"email": "New <new@example.com>"},
		"two addresses":                 {"email": "new@example.com, old@example.com"},
		"email that is no text":         {"email": 5},
		"unknown role":                  {"email": "new@example.com", "role": "admin"},
		"unknown role in a project":     {"email": "new@example.com", "projects": []any{"alpha:viewer"}},
		"empty role in a project":       {"email": "new@example.com", "projects": []any{"alpha:"}},
		"role without project":          {"email": "new@example.com", "projects": []any{":owner"}},
		"project twice, with two roles": {"email": "new@example.com", "projects": []any{"alpha:owner", "beta", "alpha"}},
		"project that is no text":       {"email": "new@example.com", "projects": []any{5}},
		"projects that are no list":     {"email": "new@example.com", "projects": true},
		"projects that are an object":   {"email": "new@example.com", "projects": map[string]any{"alpha": "owner"}},
		"role that is no text":          {"email": "new@example.com", "role": true},
		"key in place of the address":   {"email": "sk-proj-Secret"},
		"key in place of a project":     {"email": "new@example.com", "projects": []any{"sk-proj-Secret:member"}},
		"key in place of a role in one": {"email": "new@example.com", "projects": "alpha:sk-proj-Secret"},
	}
	for name, profile := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			_, err := d.createAccount(t.Context(), accountInfo(t, profile))
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			requireMessage(t, err)
			require.NotContains(t, err.Error(), "Secret")
			require.Empty(t, server.Requests())
		})
	}
}

// The form in ConductorOne has an address, and optionally a role and projects.
func TestAccountCreationSchema(t *testing.T) {
	t.Parallel()
	d := connect(t, newServer())
	metadata, err := d.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
	require.NoError(t, err)
	fields := metadata.GetMetadata().GetAccountCreationSchema().GetFieldMap()
	require.Len(t, fields, 3)
	require.True(t, fields["email"].GetRequired())
	require.NotNil(t, fields["email"].GetStringField())
	require.False(t, fields["role"].GetRequired())
	require.NotNil(t, fields["role"].GetStringField())
	require.False(t, fields["projects"].GetRequired())
	require.NotNil(t, fields["projects"].GetStringListField())
	for _, field := range fields {
		require.NotEmpty(t, field.GetDisplayName())
		require.NotEmpty(t, field.GetDescription())
	}
}

// A member is found under another spelling of the address, even if OpenAI's search does not find it.
func TestMemberUnderAnotherSpelling(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) { user(o, "ann").Email = "Ann.Other@Example.COM" })
	server.EmailsMatchCase = true
	before := server.Snapshot()
	answer, err := connect(t, server).createAccount(t.Context(), v2.AccountInfo_builder{Login: "ann.OTHER@example.com"}.Build())
	require.NoError(t, err)
	require.Equal(t, "user:ann", id(answer.GetAlreadyExists().GetResource().GetId()))
	requireState(t, before, server)
}

// inviteDirectly creates the account without the SDK.
func (d testConnector) inviteDirectly(ctx context.Context, profile map[string]any) error {
	values, err := structpb.NewStruct(profile)
	if err != nil {
		return err
	}
	_, _, _, err = builderOf[connectorbuilder.AccountManagerLimited](ctx, d, "user").CreateAccount(ctx, v2.AccountInfo_builder{Profile: values}.Build(), nil)
	return err
}
