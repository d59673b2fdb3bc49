package client

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// realShapes are objects in the forms that the API documents or was seen to send, current and older ones, with invented
// values.
var realShapes = []string{
	`{"object":"organization.user","id":"user-uK3","name":"Ada","email":"ada@example.com","role":"owner","added_at":1670089719,"is_default":false,
		"created":1670089000,"is_service_account":false,"is_scim_managed":true,"api_key_last_used_at":1755000000,"technical_level":null,
		"user":{"object":"user","id":"user-uK3","email":"ada@example.com","name":"Ada","picture":null,"enabled":true,"banned":false,"banned_at":null},
		"projects":{"object":"list","data":[{"id":"proj_1","name":"P","role":"owner"}]}}`,
	`{"object":"organization.user","id":"user-uK4","added_at":1670089719,"name":null,"email":null,"role":null,"disabled":true}`,
	`{"object":"organization.invite","id":"invite-abc","email":"a@example.com","role":"reader","status":"pending","created_at":1711471533,
		"expires_at":1711471533,"accepted_at":null,"projects":[{"id":"proj_1","role":"member"}]}`,
	`{"object":"organization.invite","id":"invite-old","email":"a@example.com","role":"owner","status":"accepted","invited_at":1711471533,"accepted_at":1711471534}`,
	`{"id":"role_01J1","name":"Key manager","description":"…","permissions":["api.groups.read","api.groups.write"],"resource_type":"api.organization",
		"predefined_role":false,"created_at":1711471533,"created_by":"user_abc","created_by_user_obj":{},"metadata":{},
		"assignment_sources":[{"principal_id":"group_01J1","principal_type":"group"}]}`,
	`{"id":"role-api-project-member__api-project__proj_1","name":"member","description":null,"permissions":null,"resource_type":"api.project",
		"predefined_role":true,"assignment_sources":null}`,
	`{"id":"group_01J1","name":"Support","created_at":1711471533,"is_scim_managed":false,"group_type":"group"}`,
	`{"id":"group_01J2","name":"Tenant","created_at":1711471533,"scim_managed":true,"group_type":"tenant_group"}`,
	`{"id":"user_abc","name":"Ada","email":null,"picture":null,"is_service_account":true,"user_type":"tenant_user"}`,
	`{"id":"proj_abc","object":"organization.project","name":"Prod","created_at":1711471533,"archived_at":null,"status":"active","external_key_id":null,"residency":null}`,
	`{"object":"organization.project.user","id":"user-abc","name":"Ada","email":"ada@example.com","role":"viewer","added_at":1711471533}`,
	`{"object":"project.group","project_id":"proj_abc","group_id":"group_01J1","group_name":"Support","group_type":"group","created_at":1711471533}`,
	`{"object":"organization.project.service_account","id":"user-ohp0","name":"ci","role":"none","created_at":1743941099,
		"api_key":{"value":"sk-svcacct-Yx6Gc0Lh4SjD8Uq3zIn7","name":"Secret Key","created_at":1743941099,"id":"key_x"}}`,
	`{"object":"organization.project.api_key","id":"key_iegh","redacted_value":"sk-proj-***abc","name":"","created_at":1743941100,"last_used_at":null,
		"owner_project_access":"inactive","owner":{"type":"service_account","service_account":{"id":"user-ohp0","name":"ci","created_at":1743941099,"role":"member"}}}`,
	`{"object":"organization.project.api_key","id":"key_iegi","redacted_value":"sk-proj-Tw5Ea9Nf3RiB7Oy2xKm8","value":"sk-proj-Tw5Ea9Nf3RiB7Oy2xKm8","owner":{"type":"user","user":null}}`,
	`{"object":"organization.admin_api_key","id":"key_abc","name":"Main","redacted_value":"sk-admin...def","created_at":1711471533,"expires_at":null,
		"last_used_at":1711471534,"owner":{"type":"user","object":"organization.user","id":"user-abc","name":"Ada","created_at":1711471533,"role":"owner"}}`,
	`{"object":"organization.admin_api_key","id":"key_abd","redacted_value":null,"owner":null}`,
	`{"object":"project.model_permissions","mode":"allow_list","model_ids":["gpt-4.1","o3"]}`, `{"object":"project.model_permissions","mode":null,"model_ids":null}`,
	`{"file_search":{"enabled":true},"web_search":{"enabled":true},"image_generation":{"enabled":false},"mcp":{"enabled":true},"code_interpreter":{"enabled":true}}`,
	`{"object":"project.rate_limit","id":"rl-ada","model":"ada","max_requests_per_1_minute":600,"max_tokens_per_1_minute":150000,"max_images_per_1_minute":null}`,
	`{"object":"project.spend_limit","threshold_amount":10000,"currency":"USD","interval":"month","enforcement":{"status":"enforcing"}}`,
	`{"object":"organization.invite.deleted","id":"invite-abc","deleted":true}`,
	`{"id":"audit_log-1","type":"role.assignment.created","effective_at":1711471533,"project":{"id":"proj_1","name":"P"},
		"actor":{"type":"session","session":{"user":{"id":"user-1","email":"a@example.com"},"ip_address":"203.0.113.7"}},
		"role.assignment.created":{"id":"role_assignment_role_1_user-1","principal_id":"user-1","principal_type":"user","resource_id":"proj_1","resource_type":"api.project"}}`,
	`{"ID":"user-1","Id":7}`, `{"id":1e999}`, `{"id":{}}`, `{"id":null}`, `[]`, `null`, ``, `{"id":"a","added_at":"2024-01-01T00:00:00Z"}`,
	`{"id":"user-1","user":[]}`, `{"id":"\ud800"}`, "{\"id\":\"\xff\"}", `{"id":"a","permissions":[null,"b"]}`, `{"id":"a","assignment_sources":[null]}`,
}

// decoders decode each type of object as the client does: alone, and as a row of a list.
var decoders = []func(t *testing.T, body []byte){
	decodes[User], decodes[Invite], decodes[Group], decodes[GroupUser], decodes[Role], decodes[AssignedRole], decodes[Project], decodes[ProjectUser],
	decodes[ProjectGroup], decodes[ServiceAccount], decodes[NewServiceAccount], decodes[ProjectAPIKey], decodes[AdminAPIKey], decodes[ServiceAccountKey], decodes[AuditLog],
	decodes[ModelPermissions], decodes[HostedTools], decodes[RateLimit], decodes[SpendLimit],
}

// decodes checks any object of any body: it has an id or is an error, its text is valid, and it has no usable key.
func decodes[T item](t *testing.T, body []byte) {
	t.Helper()
	var object T
	_, failure := decode(body, &object)
	if failure == nil {
		object, err := identified(&Client{}, object, http.MethodGet, "/organization/things/{id}")
		if err != nil {
			require.Zero(t, object)
		} else {
			requireValid(t, object)
		}
	} else {
		require.NotContains(t, failure.Error(), "\n")
	}

	list := append(append([]byte(`{"object":"list","has_more":false,"data":[`), body...), `]}`...)
	var rows envelope[T]
	if _, err := decode(list, &rows); err != nil {
		return
	}
	page, err := rows.page(lastID100, Cursor{})
	if err != nil {
		require.Empty(t, page.Items)
		return
	}
	for _, row := range page.Items {
		requireValid(t, row)
	}
}

func requireValid[T item](t *testing.T, object T) {
	t.Helper()
	require.NotEmpty(t, object.itemID())
	text, err := json.Marshal(object)
	require.NoError(t, err)
	require.True(t, utf8.Valid(text))
	for _, value := range redactedValues(object) {
		require.True(t, value == "" || strings.ContainsAny(value, "*…•") || strings.Contains(value, "...") || keyKind.FindString(value) == value, value)
	}
}

// redactedValues returns the redacted key values of an object.
func redactedValues(object any) []string {
	var found []string
	value := reflect.ValueOf(object)
	for _, field := range reflect.VisibleFields(value.Type()) {
		if redacted, ok := reflect.TypeAssert[RedactedValue](value.FieldByIndex(field.Index)); ok {
			found = append(found, redacted.String())
		}
	}
	return found
}

// The seeds of the fuzz target are useful: at least one type accepts each of them, alone and as a row.
func TestRealShapesAreUnderstood(t *testing.T) {
	t.Parallel()
	understood := 0
	for _, shape := range realShapes {
		var user User
		var group ProjectGroup
		_, userErr := decode([]byte(shape), &user)
		_, groupErr := decode([]byte(shape), &group)
		if userErr == nil && user.ID != "" || groupErr == nil && group.GroupID != "" {
			understood++
		}
		for _, decodes := range decoders {
			decodes(t, []byte(shape))
		}
	}
	assert.Greater(t, understood, 16)
}

// FuzzObjects decodes any body as any type of object.
func FuzzObjects(f *testing.F) {
	for _, shape := range realShapes {
		f.Add([]byte(shape))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		t.Parallel()
		for _, decodes := range decoders {
			decodes(t, body)
		}
	})
}
