//go:build conformance

package openaitest_test

import (
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walkAuditLog reads the whole log with OpenAI's own client, in small pages.
func walkAuditLog(t *testing.T, client *openai.Client) []openai.AdminOrganizationAuditLogListResponse {
	t.Helper()
	list := client.Admin.Organization.AuditLogs.ListAutoPaging(t.Context(), openai.AdminOrganizationAuditLogListParams{
		Limit:       smallPage,
		EffectiveAt: openai.AdminOrganizationAuditLogListParamsEffectiveAt{Gte: openai.Int(1), Lt: openai.Int(writeTime + 1)},
	})
	return all(t, list, itself)
}

func TestOfficialClientWalksTheAuditLog(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	recordAll(t, standIn)
	want := standIn.Recorded()
	found := walkAuditLog(t, newOfficialClient(t, standIn))
	require.Len(t, found, len(want))
	assert.Empty(t, standIn.Unknown())
	for i, entry := range found {
		expected := want[len(want)-1-i]
		assert.Equal(t, []string{expected.ID, expected.Type, expected.ProjectID}, []string{entry.ID, string(entry.Type), entry.Project.ID})
		assert.Equal(t, expected.EffectiveAt, entry.EffectiveAt)
		if expected.Type == "role.assignment.created" {
			assert.Equal(t, expected.Details["principal_id"], entry.RoleAssignmentCreated.PrincipalID)
		}
	}
}

// TestDocumentOfAuditLog compares the log of all changes with the document.
func TestDocumentOfAuditLog(t *testing.T) {
	t.Parallel()
	checked := newValidator(newWritable(), loadDocument(t))
	recordAll(t, checked.standIn)
	assert.NotEmpty(t, walkAuditLog(t, newOfficialClient(t, checked)))
	assert.Empty(t, checked.failures)
	assert.Empty(t, checked.standIn.Unknown())
}
