package conductoronetest_test

import (
	"testing"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only the process that has requested the configuration can read it.
func TestConfigurationIsEncrypted(t *testing.T) {
	t.Parallel()
	h := newHostedPeer(t)
	client := v1.NewConnectorConfigServiceClient(h.calls)
	versions := map[string]bool{}
	for _, value := range []string{"one", "two"} {
		h.service.Configure(map[string]any{"field": value})
		answer, err := client.GetConnectorConfig(h.authorizedFor(v1.ConnectorConfigService_GetConnectorConfig_FullMethodName), &v1.GetConnectorConfigRequest{})
		require.NoError(t, err)
		versions[answer.GetConfigVersion()] = true
		assert.NotContains(t, string(answer.GetConfig()), value)
		text, err := jwk.DecryptED25519(h.own, answer.GetConfig())
		require.NoError(t, err)
		assert.JSONEq(t, `{"field":"`+value+`"}`, string(text))
	}
	assert.Len(t, versions, 2)
}
