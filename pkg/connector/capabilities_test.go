package connector_test

import (
	"os"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// What can be changed is pinned, type by type: a capability that goes missing takes a button away from somebody, and one
// too many offers what fails. The committed file says the same as the connector.
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
		events    = v2.Capability_CAPABILITY_EVENT_FEED_V2
	)
	want := map[string][]v2.Capability{
		"organization":      {syncs, targeted, provision},
		"user":              {syncs, targeted, account, remove},
		"invitation":        {syncs, targeted, create, remove},
		"organization_role": {syncs, targeted, provision},
		"group":             {syncs, targeted, provision, create, remove},
		"project":           {syncs, targeted, provision},
		"project_role":      {syncs, targeted, provision},
		"service_account":   {syncs, targeted, remove},
		"api_key":           {syncs, targeted, remove},
		"security_insight":  {syncs, targeted},
	}

	// Which of the API's permissions a key needs for a type, so that somebody can tell from a refusal what will be missing.
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

	metadata, err := open(t, newOffice()).GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
	require.NoError(t, err)
	told := metadata.GetMetadata().GetCapabilities()
	require.ElementsMatch(t, []v2.Capability{syncs, targeted, provision, account, create, remove, service, events}, told.GetConnectorCapabilities())
	require.Len(t, told.GetResourceTypeCapabilities(), len(want))
	for _, of := range told.GetResourceTypeCapabilities() {
		id := of.GetResourceType().GetId()
		require.ElementsMatch(t, want[id], of.GetCapabilities(), id)
		needed := of.GetPermissions().GetPermissions()
		permissions := make([]string, 0, len(needed))
		for _, permission := range needed {
			permissions = append(permissions, permission.GetPermission())
		}
		require.Equal(t, wantPermissions[id], permissions, id)
	}
	require.Equal(t,
		[]v2.CapabilityDetailCredentialOption{v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD},
		told.GetCredentialDetails().GetCapabilityAccountProvisioning().GetSupportedCredentialOptions())

	text, err := os.ReadFile("../../baton_capabilities.json")
	require.NoError(t, err)
	var packed anypb.Any
	require.NoError(t, protojson.Unmarshal(text, &packed))
	var committed v2.ConnectorCapabilities
	require.NoError(t, packed.UnmarshalTo(&committed))
	require.True(t, proto.Equal(&committed, told), "baton_capabilities.json is not what the connector says")
}
