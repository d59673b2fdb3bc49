package conductoronetest

import (
	"fmt"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
)

// IssueAPIKey is the task to issue an API key for an identity. The answer has a resource of the secret type, and the value
// encrypted for each recipient.
func IssueAPIKey(identity *v2.ResourceId, secretType string, recipients ...*v2.EncryptionConfig) *v1.Task {
	return v1.Task_builder{IssueCredential: v1.Task_IssueCredentialTask_builder{
		IdentityId:        identity,
		CredentialOptions: v2.CredentialIssueOptions_builder{SecretResourceTypeId: secretType, ApiKey: &v2.CredentialIssueOptions_ApiKey{}}.Build(),
		EncryptionConfigs: recipients,
	}.Build()}.Build()
}

// Credential is the result of a task of [IssueAPIKey]. It is an error if the report does not belong to the task, or lacks the
// resource or the value for a recipient.
func (t *Task) Credential() (*v2.IssueCredentialResponse, error) {
	outcome, request := t.Outcome(), t.message.GetIssueCredential()
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
	if got := answer.GetSecret().GetId(); got.GetResource() == "" || got.GetResourceType() != request.GetCredentialOptions().GetSecretResourceTypeId() {
		return nil, fmt.Errorf("conductoronetest: %s is not what was to be issued", resourceName(got))
	}
	for _, recipient := range request.GetEncryptionConfigs() {
		if !slices.ContainsFunc(answer.GetEncryptedData(), func(data *v2.EncryptedData) bool {
			return slices.Contains(data.GetKeyIds(), recipient.GetKeyId()) && len(data.GetEncryptedBytes()) > 0
		}) {
			return nil, fmt.Errorf("conductoronetest: nothing is encrypted for the recipient with the key %s", recipient.GetKeyId())
		}
	}
	return answer, nil
}
