package conductoronetest_test

import (
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// Credential returns the answer to the task, or an error if the answer does not fit the task.
func TestIssueAPIKey(t *testing.T) {
	t.Parallel()
	identity := v2.ResourceId_builder{ResourceType: "service_account", Resource: "bot"}.Build()
	recipients := []*v2.EncryptionConfig{v2.EncryptionConfig_builder{KeyId: "ann"}.Build(), v2.EncryptionConfig_builder{KeyId: "ben"}.Build()}
	for name, test := range map[string]struct {
		prepare func(*v2.IssueCredentialResponse)
		says    string
	}{
		"the key":         {func(*v2.IssueCredentialResponse) {}, ""},
		"another request": {func(r *v2.IssueCredentialResponse) { r.SetRequestId("another") }, `was answered for the request "another"`},
		"another type":    {func(r *v2.IssueCredentialResponse) { r.GetSecret().GetId().SetResourceType("user") }, "user key_1 is not what was to be issued"},
		"no key":          {func(r *v2.IssueCredentialResponse) { r.ClearSecret() }, "is not what was to be issued"},
		"one recipient":   {func(r *v2.IssueCredentialResponse) { r.SetEncryptedData(r.GetEncryptedData()[:1]) }, "nothing is encrypted for the recipient with the key ben"},
		"nothing for one": {func(r *v2.IssueCredentialResponse) { r.GetEncryptedData()[0].SetEncryptedBytes(nil) }, "nothing is encrypted for the recipient with the key ann"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, &conductoronetest.Service{})
			ctx := p.authorized()
			task := p.service.Enqueue(conductoronetest.IssueAPIKey(identity, "api_key", recipients...))
			assert.Equal(t, "issue a credential to service_account bot", task.String())
			given := p.getTask(ctx)
			assert.True(t, given.GetIssueCredential().GetCredentialOptions().HasApiKey())
			answer := v2.IssueCredentialResponse_builder{
				RequestId: given.GetId(),
				Secret:    v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: "api_key", Resource: "key_1"}.Build()}.Build(),
				EncryptedData: []*v2.EncryptedData{
					v2.EncryptedData_builder{KeyIds: []string{"ann"}, EncryptedBytes: []byte("a")}.Build(),
					v2.EncryptedData_builder{KeyIds: []string{"ben"}, EncryptedBytes: []byte("b")}.Build(),
				},
			}.Build()
			test.prepare(answer)
			response, err := anypb.New(answer)
			require.NoError(t, err)
			report := success(given.GetId())
			report.GetSuccess().SetResponse(response)
			_, err = p.FinishTask(ctx, report)
			require.NoError(t, err)

			got, err := task.Credential()
			if test.says != "" {
				require.ErrorContains(t, err, test.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "key_1", got.GetSecret().GetId().GetResource())
		})
	}
}
