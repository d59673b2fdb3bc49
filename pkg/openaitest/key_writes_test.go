package openaitest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestServiceAccountWrites(t *testing.T) {
	t.Parallel()
	const accounts = "/organization/projects/p/service_accounts"
	account := func(id, name, role string, createdAt float64) map[string]any {
		return map[string]any{"object": "organization.project.service_account", "id": id, "name": name, "role": role, "created_at": createdAt}
	}
	key := func(id, name, value string) map[string]any {
		return map[string]any{
			"object": "organization.project.service_account.api_key", "id": id, "name": name, "created_at": float64(writeTime), "value": value,
		}
	}
	with := func(row, more map[string]any) map[string]any {
		row["api_key"] = nil
		if more != nil {
			row["api_key"] = more
		}
		return row
	}
	minted := func(o *openaitest.Organization, id, name, redacted, owner string) {
		o.Projects[0].APIKeys = append(o.Projects[0].APIKeys, openaitest.ProjectAPIKey{
			ID: id, Name: name, RedactedValue: redacted, CreatedAt: writeTime, OwnerProjectAccess: "active", OwnerType: "service_account", OwnerID: owner,
		})
	}
	made := func(o *openaitest.Organization, role string) {
		o.Projects[0].ServiceAccounts = append(o.Projects[0].ServiceAccounts, openaitest.ServiceAccount{
			ID: "user-Made000000000001", Name: "deploy", Role: role, CreatedAt: writeTime,
		})
	}
	deleted := func(o *openaitest.Organization) {
		o.Projects[0].ServiceAccounts = nil
		o.Projects[0].APIKeys = append(o.Projects[0].APIKeys[:1], o.Projects[0].APIKeys[2:]...)
		o.Groups[0].MemberIDs = []string{"cyd"}
	}
	requireWrites(t, map[string]write{
		"create": {
			route: "POST " + accounts, body: `{"name":"deploy"}`,
			answer: with(account("user-Made000000000001", "deploy", "member", writeTime), key("key_Made000000000003", "Secret Key", "sk-svcacct-StandInOpensNothing000000000002")),
			effect: func(o *openaitest.Organization) {
				made(o, "member")
				minted(o, "key_Made000000000003", "Secret Key", "sk-svcacct-***0002", "user-Made000000000001")
			},
		},
		"create the account only": {
			route: "POST " + accounts, body: `{"name":"deploy","create_service_account_only":true}`,
			answer: with(account("user-Made000000000001", "deploy", "none", writeTime), nil),
			effect: func(o *openaitest.Organization) { made(o, "none") },
		},
		"rename": {
			route: "POST " + accounts + "/sa", body: `{"name":"build"}`, answer: account("sa", "build", "member", 14),
			effect: func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts[0].Name = "build" },
		},
		"make owner": {
			route: "POST " + accounts + "/sa", body: `{"role":"owner"}`, answer: account("sa", "ci", "owner", 14),
			effect: func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts[0].Role = "owner" },
		},
		"change nothing": {route: "POST " + accounts + "/sa", body: `{}`},
		"delete": {
			route: "DELETE " + accounts + "/sa", answer: map[string]any{"object": "organization.project.service_account.deleted", "id": "sa", "deleted": true},
			effect: deleted,
		},
		"mint a key": {
			route: "POST " + accounts + "/sa/api_keys", body: `{"name":"night","scopes":["api.model.request"]}`,
			answer: key("key_Made000000000002", "night", "sk-svcacct-StandInOpensNothing000000000001"),
			effect: func(o *openaitest.Organization) {
				minted(o, "key_Made000000000002", "night", "sk-svcacct-***0001", "sa")
			},
		},
		"mint a key without a body": {
			route:  "POST " + accounts + "/sa/api_keys",
			effect: func(o *openaitest.Organization) { minted(o, "key_Made000000000002", "", "sk-svcacct-***0001", "sa") },
		},
	})
	requireRefusals(t, map[string]refusal{
		"create nameless":    {route: "POST " + accounts, body: `{}`, status: 400, code: "missing_required_parameter"},
		"create in archived": {route: "POST /organization/projects/old/service_accounts", body: `{"name":"x"}`, status: 400, code: "project_archived"},
		"viewer":             {route: "POST " + accounts + "/sa", body: `{"name":"x","role":"viewer"}`, status: 400, code: "invalid_value"},
		"no role":            {route: "POST " + accounts + "/sa", body: `{"role":"none"}`, status: 400, code: "invalid_value"},
		"modify nothing":     {route: "POST " + accounts + "/x", body: `{}`, status: 404, code: "service_account_not_found"},
		"delete nothing":     {route: "DELETE " + accounts + "/x", status: 404, code: "service_account_not_found"},
		"mint for nothing":   {route: "POST " + accounts + "/x/api_keys", status: 404, code: "service_account_not_found"},
		"mint in archived":   {route: "POST /organization/projects/old/service_accounts/sa/api_keys", status: 400, code: "project_archived"},
		"delete in archived": {route: "DELETE /organization/projects/old/service_accounts/sa", status: 400, code: "project_archived"},
	})

	standIn := newWritable()
	standIn.ServiceAccountDeleteReports404 = true
	want := writable()
	deleted(&want)
	assert.Equal(t, http.StatusNotFound, remove(t, standIn, accounts+"/sa").status)
	got := standIn.Snapshot()
	emptyToNil(&want)
	emptyToNil(&got)
	assert.Equal(t, want, got)
}

// A service account can come with a key that was not requested.
func TestServiceAccountThatComesWithAKey(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.ServiceAccountComesWithKey = true
	answer := post(t, standIn, "/organization/projects/p/service_accounts", `{"name":"deploy","create_service_account_only":true}`)
	assert.Equal(t, "member", answer.body["role"])
	assert.Contains(t, answer.body["api_key"], "value")
	assert.Len(t, standIn.Snapshot().Projects[0].APIKeys, len(writable().Projects[0].APIKeys)+1)
}

// TestDeletedServiceAccountThatIsAUser checks that the id stays in its groups, since the organization still has the
// user of the same id.
func TestDeletedServiceAccountThatIsAUser(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.Update(alsoAUser)
	assert.Equal(t, http.StatusOK, remove(t, standIn, "/organization/projects/p/service_accounts/sa").status)
	assert.Equal(t, []string{"cyd", "sa"}, standIn.Snapshot().Groups[0].MemberIDs)
}

func TestKeyWrites(t *testing.T) {
	t.Parallel()
	const projectKeys = "/organization/projects/p/api_keys"
	const value = "sk-admin-StandInOpensNothing000000000001"
	shown := func(expiresAt any) map[string]any {
		return map[string]any{
			"object": "organization.admin_api_key", "id": "key_Made000000000002", "name": "CI", "redacted_value": "sk-admin-***0001", "value": value,
			"created_at": float64(writeTime), "expires_at": expiresAt, "last_used_at": nil,
			"owner": map[string]any{"type": "user", "object": "organization.user", "id": "ada", "name": "Ada", "created_at": 1.0, "role": "owner"},
		}
	}
	made := func(expiresAt int64) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) {
			o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{
				ID: "key_Made000000000002", Name: "CI", RedactedValue: "sk-admin-***0001", Value: value, CreatedAt: writeTime, ExpiresAt: expiresAt,
				OwnerType: "user", OwnerID: "ada",
			})
		}
	}
	requireWrites(t, map[string]write{
		"delete a person's key": {
			route: "DELETE " + projectKeys + "/key_cyd", answer: map[string]any{"object": "organization.project.api_key.deleted", "id": "key_cyd", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Projects[0].APIKeys = o.Projects[0].APIKeys[1:] },
		},
		"delete a forgotten key": {
			route: "DELETE " + projectKeys + "/key_gone", effect: func(o *openaitest.Organization) { o.Projects[0].APIKeys = o.Projects[0].APIKeys[:2] },
		},
		"create an admin key": {route: "POST /organization/admin_api_keys", body: `{"name":"CI"}`, answer: shown(nil), effect: made(0)},
		"create one that expires": {
			route: "POST /organization/admin_api_keys", body: `{"name":"CI","expires_in_seconds":60}`, answer: shown(float64(writeTime + 60)), effect: made(writeTime + 60),
		},
		"delete an admin key": {
			route: "DELETE /organization/admin_api_keys/admin", answer: map[string]any{"object": "organization.admin_api_key.deleted", "id": "admin", "deleted": true},
			effect: func(o *openaitest.Organization) { o.AdminKeys = nil },
		},
	})
	requireRefusals(t, map[string]refusal{
		"service account's key":  {route: "DELETE " + projectKeys + "/key_sa", status: 400, message: "API keys cannot be deleted for service accounts, please delete the service account"},
		"no key":                 {route: "DELETE " + projectKeys + "/admin", status: 404, code: "api_key_not_found"},
		"key in archived":        {route: "DELETE /organization/projects/old/api_keys/key_cyd", status: 400, code: "project_archived"},
		"nameless admin key":     {route: "POST /organization/admin_api_keys", body: `{}`, status: 400, code: "missing_required_parameter"},
		"expired when it begins": {route: "POST /organization/admin_api_keys", body: `{"name":"CI","expires_in_seconds":0}`, status: 400, code: "invalid_value"},
		"for more than a year":   {route: "POST /organization/admin_api_keys", body: `{"name":"CI","expires_in_seconds":31536001}`, status: 400, code: "invalid_value"},
		"no admin key":           {route: "DELETE /organization/admin_api_keys/key_cyd", status: 404, code: "api_key_not_found"},
	})
}

// TestAccountWithSeveralKeys checks that the project lists all keys of a service account, and none of them after its
// deletion.
func TestAccountWithSeveralKeys(t *testing.T) {
	t.Parallel()
	const keys = "/organization/projects/p/api_keys"
	standIn := newWritable()
	post(t, standIn, "/organization/projects/p/service_accounts/sa/api_keys", `{"name":"day"}`)
	post(t, standIn, "/organization/projects/p/service_accounts/sa/api_keys", `{"name":"night","scopes":["api.model.request"]}`)
	listed := get(t, standIn, keys)
	assert.Equal(t, []string{"key_cyd", "key_sa", "key_gone", "key_Made000000000002", "key_Made000000000004"}, listed.ids())
	for _, id := range []string{"key_sa", "key_Made000000000002", "key_Made000000000004"} {
		owner, _ := listed.row(t, id)["owner"].(map[string]any)
		account, _ := owner["service_account"].(map[string]any)
		assert.Equal(t, []any{"service_account", "sa"}, []any{owner["type"], account["id"]})
	}
	remove(t, standIn, "/organization/projects/p/service_accounts/sa")
	assert.Equal(t, []string{"key_cyd", "key_gone"}, get(t, standIn, keys).ids())
}

// TestSecretsAreSeenOnce lists the keys after they were created.
func TestSecretsAreSeenOnce(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	admin := post(t, standIn, "/organization/admin_api_keys", `{"name":"CI"}`)
	account := post(t, standIn, "/organization/projects/p/service_accounts", `{"name":"deploy"}`)
	minted := post(t, standIn, "/organization/projects/p/service_accounts/sa/api_keys", "")
	accountKey, _ := account.body["api_key"].(map[string]any)
	admins, keys := get(t, standIn, "/organization/admin_api_keys").text, get(t, standIn, "/organization/projects/p/api_keys").text
	for _, value := range []any{admin.body["value"], accountKey["value"], minted.body["value"]} {
		assert.Contains(t, value, "StandInOpensNothing")
		assert.NotContains(t, admins+keys, value)
	}
	standIn.LeakKeyValues = true
	assert.Contains(t, get(t, standIn, "/organization/admin_api_keys").text, admin.body["value"])
}
