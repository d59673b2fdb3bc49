package connector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createKey = "POST /organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys"
	// The stand-in derives a key's value and id from two successive numbers.
	firstKeyValue = "sk-svcacct-StandInOpensNothing000000000001"
	firstKeyID    = "key_Made000000000002"
	// valuePart is in each value of the stand-in.
	valuePart = "OpensNothing"

	keyRequestID = "task00000000000000000000001"
	keyName      = "c1-" + keyRequestID
)

// recipient is one for whom a key is encrypted.
type recipient struct {
	config *v2.EncryptionConfig
	key    *jose.JSONWebKey
}

func newRecipient(t *testing.T) recipient {
	t.Helper()
	config, key, err := (&jwk.JWKEncryptionProvider{}).GenerateKey(t.Context())
	require.NoError(t, err)
	return recipient{config, key}
}

func (r recipient) connect(t *testing.T, data *v2.EncryptedData) string {
	t.Helper()
	require.Equal(t, r.config.GetKeyId(), data.GetKeyIds()[0])
	plain, err := (&jwk.JWKEncryptionProvider{}).Decrypt(t.Context(), data, r.key)
	require.NoError(t, err)
	require.Equal(t, "api_key", plain.GetName())
	return string(plain.GetBytes())
}

// newKeyRequest is a request of ConductorOne for a key.
func newKeyRequest(account string, to recipient, scopes ...string) *v2.IssueCredentialRequest {
	return v2.IssueCredentialRequest_builder{
		IdentityId: parseID("service_account:" + account),
		RequestId:  keyRequestID,
		CredentialOptions: v2.CredentialIssueOptions_builder{
			SecretResourceTypeId: "api_key", ApiKey: v2.CredentialIssueOptions_ApiKey_builder{Scopes: scopes}.Build(),
		}.Build(),
		EncryptionConfigs: []*v2.EncryptionConfig{to.config},
	}.Build()
}

// issueDirectly gives svc-1 a key without the SDK, which checks the request and encrypts the value.
func (d testConnector) issueDirectly(ctx context.Context) (*connectorbuilder.CredentialIssueOutput, error) {
	return builderOf[connectorbuilder.CredentialIssuerLimited](ctx, d, "service_account").Issue(ctx, &connectorbuilder.CredentialIssueInput{
		IdentityID: parseID("service_account:svc-1"), RequestID: keyRequestID,
		CredentialOptions: v2.CredentialIssueOptions_builder{ApiKey: &v2.CredentialIssueOptions_ApiKey{}}.Build(),
	})
}

// withIssuedKey adds the key that a request creates.
func withIssuedKey(project int, id, account string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := &o.Projects[project]
		p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{
			ID: id, Name: keyName, RedactedValue: "sk-svcacct-***0001", CreatedAt: now,
			OwnerType: "service_account", OwnerID: account, OwnerProjectAccess: "active",
		})
	}
}

// requireNoValue checks that the value of a key is neither in the log nor in the connector's answer.
func (d testConnector) requireNoValue(t *testing.T, answer proto.Message, err error) {
	t.Helper()
	require.NotContains(t, fmt.Sprintf("%v %+v %s", err, err, status.Convert(err).Proto()), valuePart)
	for _, entry := range d.logs.All() {
		require.NotContains(t, fmt.Sprintf("%s %v", entry.Message, entry.ContextMap()), valuePart)
	}
	text, marshalErr := protojson.Marshal(answer)
	require.NoError(t, marshalErr)
	require.NotContains(t, string(text), valuePart)
}

// rowOfKey is the key in the next sync.
func (d testConnector) rowOfKey(t *testing.T, project, id string) *v2.Resource {
	t.Helper()
	answer, err := d.GetResource(t.Context(), v2.ResourceGetterServiceGetResourceRequest_builder{
		ResourceId: parseID("api_key:" + id), ParentResourceId: parseID("project:" + project),
	}.Build())
	require.NoError(t, err)
	return answer.GetResource()
}

// bodyOf is the body of the last request to the route.
func bodyOf(server *openaitest.Server, route string) string {
	body := ""
	for _, request := range server.Requests() {
		if request.Route == route {
			body = string(request.Body)
		}
	}
	return body
}

func TestIssueAKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		account, project string
		at               int
		scopes           []string
	}{
		"for a member":                      {account: "svc-1", project: "alpha"},
		"for an account without a role":     {account: "svc-2", project: "alpha"},
		"for an account of a later project": {account: "svc-9", project: "beta", at: 1},
		"with scopes":                       {account: "svc-3", project: "alpha", scopes: []string{"api.model.request", "whatever OpenAI has next"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			want := server.Snapshot()
			withIssuedKey(test.at, firstKeyID, test.account)(&want)
			d, first, second := connect(t, server), newRecipient(t), newRecipient(t)
			request := newKeyRequest(test.account, first, test.scopes...)
			request.SetEncryptionConfigs([]*v2.EncryptionConfig{first.config, second.config})
			answer, err := d.IssueCredential(t.Context(), request)
			require.NoError(t, err)
			requireState(t, want, server)
			require.Equal(t, []string{createKey}, writes(server))
			sent, err := json.Marshal(map[string]any{"name": keyName})
			if test.scopes != nil {
				sent, err = json.Marshal(map[string]any{"name": keyName, "scopes": test.scopes})
			}
			require.NoError(t, err)
			require.JSONEq(t, string(sent), bodyOf(server, createKey))
			d.requireNoValue(t, answer, nil)
			d.requireOneLine(t, test.account, firstKeyID, "done")

			require.Equal(t, keyRequestID, answer.GetRequestId())
			require.Equal(t, v2.CredentialResourceMode_CREDENTIAL_RESOURCE_MODE_DISCOVERABLE, answer.GetResourceMode())
			require.Len(t, answer.GetEncryptedData(), 2)
			require.Equal(t, firstKeyValue, first.connect(t, answer.GetEncryptedData()[0]))
			require.Equal(t, firstKeyValue, second.connect(t, answer.GetEncryptedData()[1]))
			require.Empty(t, differences([]string{protojson.Format(d.rowOfKey(t, test.project, firstKeyID))}, []string{protojson.Format(answer.GetSecret())}))
			require.Empty(t, server.Unknown())
		})
	}
}

// A repeated request never creates a second key, and does not return the first one's value again.
func TestKeyThatWasIssuedBefore(t *testing.T) {
	t.Parallel()
	server := newServer()
	d, to := connect(t, server), newRecipient(t)
	_, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", to))
	require.NoError(t, err)
	before := server.Snapshot()
	server.ResetRequests()
	d.logs.TakeAll()
	answer, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", to))
	require.Equal(t, codes.AlreadyExists, status.Code(err), err)
	requireMessage(t, err, "has made the key "+firstKeyID+" already", "delete it, and ask for another one")
	d.requireNoValue(t, answer, err)
	requireState(t, before, server)
	require.Empty(t, writes(server))
	d.requireOneLine(t, "failed: AlreadyExists")

	another := newKeyRequest("svc-1", to)
	another.SetRequestId("another")
	_, err = d.IssueCredential(t.Context(), another)
	require.NoError(t, err)
}

// A key of the same name that belongs to another owner is ignored.
func TestKeyOfAnotherOwnerWithTheName(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) { o.Projects[0].APIKeys[0].Name = keyName })
	_, err := connect(t, server).IssueCredential(t.Context(), newKeyRequest("svc-1", newRecipient(t)))
	require.NoError(t, err)
	require.Len(t, server.Snapshot().Projects[0].APIKeys, 3)
}

// Two deliveries of one request at the same time create one key.
func TestKeyIsIssuedOnceAtATime(t *testing.T) {
	t.Parallel()
	server := newServer()
	d, to := connect(t, server), newRecipient(t)
	const deliveries = 4
	outcomes := make(chan error, deliveries)
	for range deliveries {
		go func() {
			_, err := d.IssueCredential(context.WithoutCancel(t.Context()), newKeyRequest("svc-1", to))
			outcomes <- err
		}()
	}
	count := map[codes.Code]int{}
	for range deliveries {
		count[status.Code(<-outcomes)]++
	}
	require.Equal(t, map[codes.Code]int{codes.OK: 1, codes.AlreadyExists: deliveries - 1}, count)
	require.Equal(t, []string{createKey}, writes(server))
}

func issued(account string, prepare func(*v2.IssueCredentialRequest)) func(context.Context, testConnector) error {
	return func(ctx context.Context, d testConnector) error {
		config, _, err := (&jwk.JWKEncryptionProvider{}).GenerateKey(ctx)
		if err != nil {
			return err
		}
		request := newKeyRequest(account, recipient{config: config})
		if prepare != nil {
			prepare(request)
		}
		_, err = d.IssueCredential(ctx, request)
		return err
	}
}

func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	noAccount := []string{"no active project has a service account", "sync again to see what there is"}
	requireAllRefused(t, map[string]refusedCase{
		"a user":                   {do: issued("ann", nil), says: noAccount},
		"a user that is a service": {do: issued("bot", nil), says: noAccount},
		"nobody":                   {do: issued("nobody", nil), says: noAccount},
		"an account of an archived project": {
			do: issued("svc-1", nil), says: noAccount,
			prepare: func(o *openaitest.Organization) { o.Projects[0].Status = "archived" },
		},
	})
}

// The SDK refuses requests that the connector's capabilities do not allow, and the connector refuses others. Nothing is
// read or created.
func TestMalformedKeyRequests(t *testing.T) {
	t.Parallel()
	soon := timestamppb.New(time.Now().Add(time.Hour))
	for name, test := range map[string]struct {
		prepare func(*v2.IssueCredentialRequest)
		says    string
	}{
		"an expiry":    {func(r *v2.IssueCredentialRequest) { r.SetExpiresAt(soon) }, "does not support caller-selected expiry"},
		"another type": {func(r *v2.IssueCredentialRequest) { r.GetCredentialOptions().SetSecretResourceTypeId("user") }, "does not produce secret resource type"},
		"no recipient": {func(r *v2.IssueCredentialRequest) { r.SetEncryptionConfigs(nil) }, "at least one encryption config"},
		"a wrong recipient": {func(r *v2.IssueCredentialRequest) {
			r.GetEncryptionConfigs()[0].GetJwkPublicKeyConfig().SetPubKey([]byte("{}"))
		}, "invalid encryption config"},
		"no request id": {func(r *v2.IssueCredentialRequest) { r.SetRequestId("") }, "RequestId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			err := issued("svc-1", test.prepare)(t.Context(), connect(t, server))
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			require.ErrorContains(t, err, test.says)
			require.Empty(t, server.Requests())
		})
	}
	apiKey := v2.CredentialIssueOptions_builder{ApiKey: &v2.CredentialIssueOptions_ApiKey{}}.Build()
	flagged := parseID("service_account:svc-1")
	flagged.SetBatonResource(true)
	for name, input := range map[string]*connectorbuilder.CredentialIssueInput{
		"does not let an API key of a service account expire": {IdentityID: parseID("service_account:svc-1"), RequestID: "r", CredentialOptions: apiKey, ExpiresAt: soon},
		"can only be given an API key":                        {IdentityID: parseID("service_account:svc-1"), RequestID: "r", CredentialOptions: &v2.CredentialIssueOptions{}},
		"has no id, by which":                                 {IdentityID: parseID("service_account:svc-1"), CredentialOptions: apiKey},
		`"ann" is not the id of something of the type`:        {IdentityID: parseID("user:ann"), RequestID: "r", CredentialOptions: apiKey},
		`"" is not the id of something of the type`:           {IdentityID: parseID("service_account:"), RequestID: "r", CredentialOptions: apiKey},
		`"svc-1" is not the id of something of the type`:      {IdentityID: flagged, RequestID: "r", CredentialOptions: apiKey},
		`"svc-1 " is not the id of something of the type`:     {IdentityID: parseID("service_account:svc-1 "), RequestID: "r", CredentialOptions: apiKey},
		"looks like the value of an API key":                  {IdentityID: parseID("service_account:sk-svcacct-" + valuePart), RequestID: "r", CredentialOptions: apiKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			_, err := builderOf[connectorbuilder.CredentialIssuerLimited](t.Context(), connect(t, server), "service_account").Issue(t.Context(), input)
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			requireMessage(t, err, name)
			require.NotContains(t, err.Error(), valuePart)
			require.Empty(t, server.Requests())
		})
	}
}

// If the SDK prints answers, no key is created, since its value would be printed.
func TestNoKeyWhileAnswersArePrinted(t *testing.T) {
	t.Setenv("BATON_DEBUG_PRINT_RESPONSE_BODY", "1")
	server := newServer()
	err := issued("svc-1", nil)(t.Context(), connect(t, server))
	requireRefusal(t, err, "BATON_DEBUG_PRINT_RESPONSE_BODY is set", "run the connector without it")
	require.Empty(t, server.Requests())
}
