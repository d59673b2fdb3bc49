package conductoronetest

import (
	"fmt"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
)

// IssueAPIKey is the task to give an identity an API key, which is to come back as a resource of a type, and with its value
// encrypted for each of the recipients.
func IssueAPIKey(identity *v2.ResourceId, secretType string, recipients ...*v2.EncryptionConfig) *v1.Task {
	return v1.Task_builder{IssueCredential: v1.Task_IssueCredentialTask_builder{
		IdentityId:        identity,
		CredentialOptions: v2.CredentialIssueOptions_builder{SecretResourceTypeId: secretType, ApiKey: &v2.CredentialIssueOptions_ApiKey{}}.Build(),
		EncryptionConfigs: recipients,
	}.Build()}.Build()
}

// Credential is what the daemon has reported of a task of [IssueAPIKey]: an error unless it is the answer to this task, with
// the resource that was asked for and something for each recipient.
func (t *Task) Credential() (*v2.IssueCredentialResponse, error) {
	outcome, asked := t.Outcome(), t.message.GetIssueCredential()
	if !outcome.Succeeded() {
		return nil, fmt.Errorf("conductoronetest: %s: %w", t, outcome.Status.Err())
	}
	answer := &v2.IssueCredentialResponse{}
	if err := outcome.Response.UnmarshalTo(answer); err != nil {
		return nil, fmt.Errorf("conductoronetest: reading what was issued: %w", err)
	}
	if err := checkMessage(answer); err != nil {
		return nil, fmt.Errorf("conductoronetest: reading what was issued: %w", err)
	}
	if answer.GetRequestId() != t.ID {
		return nil, fmt.Errorf("conductoronetest: %s was answered for the request %q", t.ID, answer.GetRequestId())
	}
	if got := answer.GetSecret().GetId(); got.GetResource() == "" || got.GetResourceType() != asked.GetCredentialOptions().GetSecretResourceTypeId() {
		return nil, fmt.Errorf("conductoronetest: %s is not what was to be issued", named(got))
	}
	for _, recipient := range asked.GetEncryptionConfigs() {
		if !slices.ContainsFunc(answer.GetEncryptedData(), func(data *v2.EncryptedData) bool {
			return slices.Contains(data.GetKeyIds(), recipient.GetKeyId()) && len(data.GetEncryptedBytes()) > 0
		}) {
			return nil, fmt.Errorf("conductoronetest: nothing is encrypted for the recipient with the key %s", recipient.GetKeyId())
		}
	}
	return answer, nil
}
