package connector_test

import (
	"os"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/connector"
)

// The capabilities of each type are pinned. Without one, users of ConductorOne lose an operation; with one too many,
// ConductorOne offers an operation that fails. The committed file has the same capabilities.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	const (
		syncs     = v2.Capability_CAPABILITY_SYNC
		provision = v2.Capability_CAPABILITY_PROVISION
		account   = v2.Capability_CAPABILITY_ACCOUNT_PROVISIONING
		create    = v2.Capability_CAPABILITY_RESOURCE_CREATE
		remove    = v2.Capability_CAPABILITY_RESOURCE_DELETE
		targeted  = v2.Capability_CAPABILITY_TARGETED_SYNC
		service   = v2.Capability_CAPABILITY_SERVICE_MODE_TARGETED_SYNC
		issue     = v2.Capability_CAPABILITY_CREDENTIAL_ISSUE
		events    = v2.Capability_CAPABILITY_EVENT_FEED_V2
		acts      = v2.Capability_CAPABILITY_ACTIONS
	)
	want := map[string][]v2.Capability{
		"organization":      {syncs, targeted, provision},
		"user":              {syncs, targeted, account, remove},
		"invitation":        {syncs, targeted, create, remove},
		"organization_role": {syncs, targeted, provision},
		"group":             {syncs, targeted, provision, create, remove},
		"project":           {syncs, targeted, provision},
		"project_role":      {syncs, targeted, provision},
		"service_account":   {syncs, targeted, issue, remove},
		"api_key":           {syncs, targeted, remove},
		"security_insight":  {syncs, targeted},
	}

	// The permissions of each type tell operators what a sync lacks after a refusal.
	const management, groups = "api.management.read", "api.groups.read"
	wantPermissions := map[string][]string{
		"organization":      {management, "api.audit_logs.read"},
		"user":              {management},
		"invitation":        {management},
		"organization_role": {management, groups},
		"group":             {groups, "api.groups.write"},
		"project":           {management},
		"project_role":      {management},
		"service_account":   {management},
		"api_key":           {management},
		"security_insight":  {management, groups},
	}

	metadata, err := connect(t, newServer()).GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
	require.NoError(t, err)
	got := metadata.GetMetadata().GetCapabilities()
	require.ElementsMatch(t, []v2.Capability{syncs, targeted, provision, account, create, remove, issue, service, events, acts}, got.GetConnectorCapabilities())
	require.Len(t, got.GetResourceTypeCapabilities(), len(want))
	for _, of := range got.GetResourceTypeCapabilities() {
		id := of.GetResourceType().GetId()
		require.ElementsMatch(t, want[id], of.GetCapabilities(), id)
		needed := of.GetPermissions().GetPermissions()
		permissions := make([]string, 0, len(needed))
		for _, permission := range needed {
			permissions = append(permissions, permission.GetPermission())
		}
		require.Equal(t, wantPermissions[id], permissions, id)
		require.Equal(t, id == "service_account", of.HasCredentialIssue(), id)
	}
	require.Equal(t,
		[]v2.CapabilityDetailCredentialOption{v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD},
		got.GetCredentialDetails().GetCapabilityAccountProvisioning().GetSupportedCredentialOptions())

	requireCommitted(t, got)
}

// The options of issuing a key for a service account are pinned: one API key that the next sync shows, with any scopes
// and without an expiry.
func TestKeysThatCanBeIssued(t *testing.T) {
	t.Parallel()
	details, _, err := builderOf[connectorbuilder.CredentialIssuerLimited](t.Context(), connect(t, newServer()), "service_account").IssueCapabilityDetails(t.Context())
	require.NoError(t, err)
	const kind = v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_API_KEY
	require.True(t, proto.Equal(v2.CredentialDetailsCredentialIssue_builder{
		PreferredOption: kind,
		Options: []*v2.CredentialIssueOptionDescriptor{v2.CredentialIssueOptionDescriptor_builder{
			Option: kind, ResourceMode: v2.CredentialResourceMode_CREDENTIAL_RESOURCE_MODE_DISCOVERABLE, SecretResourceTypeId: "api_key",
			CustomScopesAllowed: true, Preferred: true,
		}.Build()},
	}.Build(), details), details)
}

// A connector without a configuration returns the same capabilities each time. The SDK uses the first of several
// possible builders.
func TestCapabilitiesAreAlwaysTheSame(t *testing.T) {
	t.Parallel()
	for range 40 {
		built, err := connectorbuilder.NewConnector(t.Context(), &connector.Connector{})
		require.NoError(t, err)
		metadata, err := built.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
		require.NoError(t, err)
		requireCommitted(t, metadata.GetMetadata().GetCapabilities())
	}
}

// requireCommitted compares the committed file with the capabilities.
func requireCommitted(t *testing.T, got *v2.ConnectorCapabilities) {
	t.Helper()
	text, err := os.ReadFile("../../baton_capabilities.json")
	require.NoError(t, err)
	var packed anypb.Any
	require.NoError(t, protojson.Unmarshal(text, &packed))
	var committed v2.ConnectorCapabilities
	require.NoError(t, packed.UnmarshalTo(&committed))
	require.True(t, proto.Equal(&committed, got), "baton_capabilities.json is not what the connector says")
}
