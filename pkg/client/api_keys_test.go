package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestOwnerOfAProjectKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ owner, wantType, wantID string }{
		"user":                      {`{"type":"user","user":{"id":"user-1"}}`, "user", "user-1"},
		"service account":           {`{"type":"service_account","service_account":{"id":"user-2"}}`, "service_account", "user-2"},
		"block of the other":        {`{"type":"service_account","user":{"id":"user-1"}}`, "service_account", "user-1"},
		"block of the other, again": {`{"type":"user","service_account":{"id":"user-2"}}`, "user", "user-2"},
		"both blocks, user":         {`{"type":"user","user":{"id":"user-1"},"service_account":{"id":"user-2"}}`, "user", "user-1"},
		"both blocks, account":      {`{"type":"service_account","user":{"id":"user-1"},"service_account":{"id":"user-2"}}`, "service_account", "user-2"},
		"empty block":               {`{"type":"user","user":{},"id":"user-3"}`, "user", "user-3"},
		"no type, user":             {`{"user":{"id":"user-1"}}`, "user", "user-1"},
		"no type, account":          {`{"service_account":{"id":"user-2"}}`, "service_account", "user-2"},
		"no type, id":               {`{"id":"user-3"}`, "", "user-3"},
		"unknown type":              {`{"type":"robot","id":"user-3"}`, "robot", "user-3"},
		"nulls":                     {`{"type":"user","user":null,"service_account":null}`, "user", ""},
		"empty":                     {`{}`, "", ""},
		"null":                      {`null`, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"key_1","owner":`+tt.owner+`}],"has_more":false}`)))
			page, err := c.ListProjectAPIKeys(t.Context(), "proj_1", client.Cursor{})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			assert.Equal(t, tt.wantType, page.Items[0].Owner.OwnerType())
			assert.Equal(t, tt.wantID, page.Items[0].Owner.OwnerID())
		})
	}
}

func TestRedactedValue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json, want   string
		isProjectKey bool
	}{
		"stars":                  {`"sk-admin-***abcd"`, "sk-admin-***abcd", false},
		"dots":                   {`"sk-proj-...abcd"`, "sk-proj-...abcd", true},
		"ellipsis":               {`"sk-svcacct…abcd"`, "sk-svcacct…abcd", true},
		"bullets":                {`"sk-proj-••••abcd"`, "sk-proj-••••abcd", true},
		"whole admin key":        {`"sk-admin-0123456789abcdef"`, "sk-admin", false},
		"whole project key":      {`"sk-proj-0123456789abcdef"`, "sk-proj", true},
		"whole account key":      {`"sk-svcacct-0123456789abcdef"`, "sk-svcacct", true},
		"whole key of old":       {`"sk-0123456789abcdef"`, "", false},
		"whole user key":         {`"sk-None-0123456789abcdef"`, "sk-None", false},
		"whole key of else":      {`"0123456789abcdef"`, "", false},
		"whole key, one dot":     {`"sk-proj-0123456789.abcdef"`, "sk-proj", true},
		"a kind inside the text": {`"x-sk-proj-0123456789abcdef"`, "", false},
		"empty":                  {`""`, "", false},
		"null":                   {`null`, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"key_1","redacted_value":`+tt.json+`}],"has_more":false}`)))
			admin, err := c.ListAdminAPIKeys(t.Context(), client.Cursor{})
			require.NoError(t, err)
			require.Len(t, admin.Items, 1)
			assert.Equal(t, tt.want, admin.Items[0].RedactedValue.String())
			assert.Equal(t, tt.isProjectKey, admin.Items[0].IsProjectKey())
		})
	}
}

func TestRedactedValueThatIsNoTextIsAnError(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"key_1","redacted_value":{"value":"sk-proj-abc"}}],"has_more":false}`)))
	_, err := c.ListProjectAPIKeys(t.Context(), "proj_1", client.Cursor{})
	requireCode(t, codes.Internal, err)
}

func TestProjectKeysAmongTheAdminKeysAreKnown(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(2, openaitest.Size{Users: 20, AdminKeys: 10})
	projectKeys := 0
	for _, project := range organization.Projects {
		projectKeys += len(project.APIKeys)
	}
	standIn := &openaitest.Server{Organization: organization, AdminListRepeatsProjectKeys: true}
	page, err := newClient(t, start(t, standIn)).ListAdminAPIKeys(t.Context(), client.Cursor{})
	require.NoError(t, err)
	found := 0
	for _, key := range page.Items {
		if key.IsProjectKey() {
			found++
		}
	}
	require.Positive(t, projectKeys)
	assert.Equal(t, projectKeys, found)
	assert.Len(t, page.Items, projectKeys+10)
}

// A legacy user key in the list of admin keys is recognized by the visible part of its value, or else by its owner.
func TestUserKeysAmongTheAdminKeysAreKnown(t *testing.T) {
	t.Parallel()
	const (
		owner   = `{"type":"user","object":"organization.user","id":"user-1","role":"owner"}`
		reader  = `{"type":"user","object":"organization.user","id":"user-1","role":"reader"}`
		account = `{"type":"service_account","id":"svc-1","role":"owner"}`
	)
	tests := map[string]struct {
		value, owner string
		want         bool
	}{
		"admin key of an owner":        {"sk-admin-***abcd", owner, false},
		"admin key of a reader":        {"sk-admin...abcd", reader, false},
		"admin key of nobody":          {"sk-admin…abcd", `null`, false},
		"project key":                  {"sk-proj-***abcd", reader, false},
		"user key of a reader":         {"sk-None-***abcd", reader, true},
		"user key of an owner":         {"sk-None-***abcd", owner, true},
		"key of old, of an owner":      {"sk-Tw5E***abcd", owner, true},
		"hidden, of an owner":          {"sk-***abcd", owner, false},
		"hidden, of a reader":          {"sk-***abcd", reader, true},
		"hidden, of a service account": {"sk-***abcd", account, true},
		"hidden, of nobody":            {"sk-...abcd", `null`, true},
		"all hidden, of an owner":      {"********", owner, false},
		"a part, of an owner":          {"sk-ad***abcd", owner, false},
		"a part, of a reader":          {"sk-ad***abcd", reader, true},
		"no value, of an owner":        {"", owner, false},
		"no value, of a reader":        {"", reader, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := `{"data":[{"id":"key_1","redacted_value":"` + tt.value + `","owner":` + tt.owner + `}],"has_more":false}`
			page, err := newClient(t, start(t, answer(http.StatusOK, row))).ListAdminAPIKeys(t.Context(), client.Cursor{})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			assert.Equal(t, tt.want, page.Items[0].IsUserKey())
		})
	}
}

// If the type of an admin key's owner is missing, the field object decides.
func TestOwnerOfAnAdminKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ owner, want string }{
		"type":                           {`{"type":"user","id":"a"}`, client.OwnerUser},
		"type before object":             {`{"type":"service_account","object":"organization.user","id":"a"}`, client.OwnerServiceAccount},
		"object of a user":               {`{"object":"organization.user","id":"a"}`, client.OwnerUser},
		"object of an account":           {`{"object":"organization.project.service_account","id":"a"}`, client.OwnerServiceAccount},
		"object of an account, misspelt": {`{"object":"object: organization.project.service_account","id":"a"}`, client.OwnerServiceAccount},
		"another object":                 {`{"object":"organization.robot","id":"a"}`, ""},
		"type null":                      {`{"type":null,"object":"organization.user","id":"a"}`, client.OwnerUser},
		"null":                           {`null`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"key_1","owner":`+tt.owner+`}],"has_more":false}`)))
			page, err := c.ListAdminAPIKeys(t.Context(), client.Cursor{})
			require.NoError(t, err)
			assert.Equal(t, tt.want, page.Items[0].Owner.OwnerType())
		})
	}
}
