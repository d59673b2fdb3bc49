package connector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The details of keys in the list of admin keys.
const (
	detailOfAdminKeys = "openai_admin_api_key"
	detailOfUserKeys  = "openai_user_api_key"
)

// owned sets the owner in a key's row; "" is none.
func owned(row *resourceRow, ownerType, id, identity, state string) {
	row.Profile["owner_type"], row.Profile["owner_id"], row.Profile["owner_state"] = ownerType, id, state
	row.Profile = known(row.Profile)
	row.Secret.Identity = identity
}

// keyCase is an unusual key, with the difference in its row.
type keyCase struct {
	fields openaitest.Fields
	amend  func(*resourceRow)
}

// requireKeys syncs the keys as project keys and as admin keys.
func requireKeys(t *testing.T, inProject, admin map[string]keyCase) {
	t.Helper()
	add := func(o *openaitest.Organization, served bool) {
		p := project(o, searchProject)
		for name, test := range inProject {
			key := openaitest.ProjectAPIKey{
				ID: "key_" + name, Name: "Key", RedactedValue: "sk-proj-***1234", CreatedAt: 1_740_000_000, OwnerProjectAccess: "active", OwnerType: "user", OwnerID: diego,
			}
			if served {
				key.JSON = test.fields
			}
			p.APIKeys = append(p.APIKeys, key)
		}
		for name, test := range admin {
			key := openaitest.AdminAPIKey{ID: "key_admin_" + name, Name: "Key", RedactedValue: "sk-admin-***1234", CreatedAt: 1_740_000_000, OwnerType: "user", OwnerID: diego}
			if served {
				key.JSON = test.fields
			}
			o.AdminKeys = append(o.AdminKeys, key)
		}
	}
	requireQuirks(t, map[string]quirk{"keys": {
		prepare: func(s *openaitest.Server) { add(&s.Organization, true) },
		effect:  func(o *openaitest.Organization) { add(o, false) },
		amend: func(f file) file {
			for name, test := range inProject {
				f = f.withResource("api_key:key_"+name, test.amend)
			}
			for name, test := range admin {
				f = f.withResource("api_key:key_admin_"+name, test.amend)
			}
			return f
		},
	}})
}

// A key is kept, whatever is known of its owner. The owner is its identity if both the type and the id are known.
func TestKeyOwners(t *testing.T) {
	t.Parallel()
	owner := func(fields map[string]any) openaitest.Fields { return openaitest.Fields{"owner": fields} }
	block := func(id string) map[string]any { return map[string]any{"id": id, "name": "somebody"} }
	shows := func(ownerType, id, identity, state string) func(*resourceRow) {
		return func(row *resourceRow) { owned(row, ownerType, id, identity, state) }
	}
	requireKeys(t, map[string]keyCase{
		"owner absent":                {openaitest.Fields{"owner": openaitest.Absent{}}, shows("", "", "", "no_owner")},
		"owner null":                  {openaitest.Fields{"owner": nil}, shows("", "", "", "no_owner")},
		"owner empty":                 {owner(map[string]any{}), shows("", "", "", "no_owner")},
		"id only":                     {owner(map[string]any{"id": diego}), shows("", diego, "", "active")},
		"type only":                   {owner(map[string]any{"type": "user"}), shows("user", "", "", "no_owner")},
		"block only, user":            {owner(map[string]any{"user": block(diego)}), shows("user", diego, "user:"+diego, "active")},
		"block only, account":         {owner(map[string]any{"service_account": block(idleAccount)}), shows("service_account", idleAccount, "service_account:"+idleAccount, "active")},
		"id next to the type":         {owner(map[string]any{"type": "user", "id": diego}), shows("user", diego, "user:"+diego, "active")},
		"unknown type":                {owner(map[string]any{"type": "robot", "user": block(diego)}), shows("robot", diego, "", "active")},
		"service account, user block": {owner(map[string]any{"type": "service_account", "user": block(idleAccount)}), shows("service_account", idleAccount, "service_account:"+idleAccount, "active")},
		"user, account block":         {owner(map[string]any{"type": "user", "service_account": block(diego)}), shows("user", diego, "user:"+diego, "active")},
		"two blocks, account": {
			owner(map[string]any{"type": "service_account", "user": block(diego), "service_account": block(idleAccount)}),
			shows("service_account", idleAccount, "service_account:"+idleAccount, "active"),
		},
		"gone": {owner(map[string]any{"type": "user", "user": block("user-gone")}), shows("user", "user-gone", "user:user-gone", "active")},
	}, map[string]keyCase{
		"owner absent": {openaitest.Fields{"owner": openaitest.Absent{}}, shows("", "", "", "no_owner")},
		"owner null":   {openaitest.Fields{"owner": nil}, shows("", "", "", "no_owner")},
		"id only":      {owner(map[string]any{"id": diego}), shows("", diego, "", "active")},
		"type only":    {owner(map[string]any{"type": "user"}), shows("user", "", "", "no_owner")},
		"unknown type": {owner(map[string]any{"type": "robot", "id": diego}), shows("robot", diego, "", "active")},
		// An admin key does not have the project of its service account.
		"service account": {owner(map[string]any{"type": "service_account", "id": idleAccount}), shows("service_account", idleAccount, "service_account:"+idleAccount, "")},
		"gone":            {owner(map[string]any{"type": "user", "id": "user-gone"}), shows("user", "user-gone", "user:user-gone", "left_organization")},
	})
}

// The display name of a key is its name, else its redacted value, else its id.
func TestKeyNames(t *testing.T) {
	t.Parallel()
	named := func(name string) func(*resourceRow) { return func(row *resourceRow) { row.Name = name } }
	unredacted := func(name string) func(*resourceRow) {
		return func(row *resourceRow) {
			row.Name = name
			delete(row.Profile, "redacted_value")
		}
	}
	// Without a value, only the owner tells the kind of key; a reader has no admin key.
	ofNoKind := func(name string) func(*resourceRow) {
		return func(row *resourceRow) {
			unredacted(name)(row)
			row.Secret.Detail = detailOfUserKeys
		}
	}
	accessible := func(access, state any) func(*resourceRow) {
		return func(row *resourceRow) {
			row.Profile["owner_project_access"], row.Profile["owner_state"] = access, state
			maps.DeleteFunc(row.Profile, func(_ string, value any) bool { return value == nil })
		}
	}
	none := openaitest.Absent{}
	requireKeys(t, map[string]keyCase{
		"empty name":        {openaitest.Fields{"name": ""}, named("sk-proj-***1234")},
		"name null":         {openaitest.Fields{"name": nil}, named("sk-proj-***1234")},
		"redacted absent":   {openaitest.Fields{"redacted_value": none}, unredacted("Key")},
		"redacted null":     {openaitest.Fields{"redacted_value": nil}, unredacted("Key")},
		"neither":           {openaitest.Fields{"name": nil, "redacted_value": none}, unredacted("key_neither")},
		"access absent":     {openaitest.Fields{"owner_project_access": none}, accessible(nil, nil)},
		"access lost":       {openaitest.Fields{"owner_project_access": "inactive"}, accessible("inactive", "left_project")},
		"access unknown":    {openaitest.Fields{"owner_project_access": "some"}, accessible("some", nil)},
		"expires":           {openaitest.Fields{"expires_at": 1_750_000_000}, func(row *resourceRow) { row.Secret.ExpiresAt = "2025-06-15T15:06:40Z" }},
		"last used":         {openaitest.Fields{"last_used_at": 1_750_000_000}, func(row *resourceRow) { row.Secret.LastUsedAt = "2025-06-15T15:06:40Z" }},
		"dots for the rest": {openaitest.Fields{"redacted_value": "sk-proj-...ab"}, func(row *resourceRow) { row.Profile["redacted_value"] = "sk-proj-...ab" }},
	}, map[string]keyCase{
		"name null":     {openaitest.Fields{"name": nil}, named("sk-admin-***1234")},
		"redacted null": {openaitest.Fields{"redacted_value": nil}, ofNoKind("Key")},
		"neither":       {openaitest.Fields{"name": nil, "redacted_value": nil}, ofNoKind("key_admin_neither")},
		"expires":       {openaitest.Fields{"expires_at": 1_750_000_000}, func(row *resourceRow) { row.Secret.ExpiresAt = "2025-06-15T15:06:40Z" }},
	})
}

// A project key that the list of admin keys repeats is there once, below its project. Keys of archived projects are
// left out.
func TestAdminListThatRepeatsProjectKeys(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"repeated": {prepare: func(s *openaitest.Server) {
		s.AdminListRepeatsProjectKeys = true
		s.Organization.Projects[2].APIKeys = []openaitest.ProjectAPIKey{{ID: "key_archived", RedactedValue: "sk-proj-***9", OwnerType: "user", OwnerID: diego}}
	}}})
}

// secrets are usable values of keys.
var secrets = map[string]string{
	"value":    "sk-admin-LEAKEDvalueLEAKEDvalueLEAKEDvalue",
	"admin":    "sk-admin-LEAKEDadminLEAKEDadminLEAKEDadmin",
	"project":  "sk-proj-LEAKEDprojectLEAKEDprojectLEAKED",
	"account":  "sk-svcacct-LEAKEDaccountLEAKEDaccountLEAKED",
	"older":    "sk-LEAKEDolderLEAKEDolderLEAKEDolder",
	"nameless": "sk-proj-LEAKEDnamelessLEAKEDnamelessLEAKED",
	// In the names that people give, a key is told by its length, or by the mark of OpenAI's keys.
	"name":  "sk-proj-" + strings.Repeat("LEAKED_name-", 10),
	"title": "sk-LEAKEDtitleLEAKEDtitlT3BlbkFJLEAKEDtitleLEAKEDtitl",
}

// leaky serves secrets in every field of a key that can have one, and in names and descriptions.
func leaky() *openaitest.Server {
	server := &openaitest.Server{Organization: openaitest.Sample(), LeakKeyValues: true}
	o := &server.Organization
	o.AdminKeys[0].Value = secrets["value"]
	o.AdminKeys[1].RedactedValue = secrets["admin"]
	project(o, searchProject).Name = secrets["title"] + " of search"
	role(o, billingRole).Description = "For " + secrets["name"]
	group(o, financeGroup).Name, user(o, diego).Name = secrets["name"], secrets["title"]
	keys := project(o, searchProject).APIKeys
	keys[0].RedactedValue, keys[0].Name = secrets["account"], secrets["name"]
	keys[0].JSON = openaitest.Fields{"value": secrets["value"], "api_key": map[string]any{"value": secrets["value"]}}
	keys[1].RedactedValue = secrets["project"]
	keys[2].RedactedValue = secrets["older"]
	project(o, assistantProject).APIKeys[0].RedactedValue = secrets["nameless"] // without a name, the value would be the display name
	return server
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, text, "LEAKED")
	require.NotContains(t, text, testKey)
}

// A secret in the API's answers is not in the file.
func TestLeakedSecretsAreNotInTheFile(t *testing.T) {
	t.Parallel()
	synced := runSync(t, leaky(), syncOptions{})
	require.NoError(t, synced.err)
	read := readRows(t, synced.store)
	for _, rows := range [][]string{read.Resources, read.Entitlements, read.Grants} {
		requireNoSecret(t, strings.Join(rows, "\n"))
	}
	keys, err := synced.store.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "api_key"}.Build())
	require.NoError(t, err)
	require.Len(t, keys.GetList(), 6)
	text, err := protojson.Marshal(keys)
	require.NoError(t, err)
	requireNoSecret(t, string(text))
	// A value that is not redacted leaves only the kind of key.
	for id, kind := range map[string]string{"key_AdminTerraform": "sk-admin", "key_CatalogueIndexer": "sk-svcacct", "key_HanaNotebook": "sk-proj"} {
		require.Contains(t, strings.Join(read.Resources, "\n"), fmt.Sprintf(`"redacted_value":%q`, kind), id)
	}
}

// A secret in the API's answers is neither in the log at the level debug nor in an error.
func TestLeakedSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	quoting := `{"error":{"message":"Incorrect API key provided: ` + testKey + ` or ` + secrets["admin"] + `.","type":"` + testKey + `","code":"` + testKey + `"}}`
	for name, fault := range map[string]openaitest.Fault{
		"":         {},
		"quoted":   {Status: 401, Body: quoting},
		"no JSON":  {Status: 500, Body: "<p>" + testKey + " " + secrets["project"] + "</p>"},
		"bare":     {Status: 403, Body: `{"error":"` + testKey + ` ` + secrets["account"] + `"}`},
		"cut off":  {Truncate: true},
		"no shape": {Body: `{"data":[{"id":"` + testKey + `","name":5}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := leaky()
			if name != "" {
				server.SetFault("GET /organization/admin_api_keys", fault)
			}
			_, logs, err := walkServer(t, server, zap.DebugLevel)
			if name == "" {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
				requireNoSecret(t, err.Error())
			}
			require.NotZero(t, logs.FilterMessageSnippet("OpenAI Admin API").Len(), "the requests are logged")
			for _, entry := range logs.All() {
				text, err := json.Marshal(entry.ContextMap())
				require.NoError(t, err)
				requireNoSecret(t, entry.Message+" "+string(text))
			}
		})
	}
}

// A legacy user key in the list of admin keys is recognized by its mask, or else by its owner.
func TestUserKeysAmongTheAdminKeys(t *testing.T) {
	t.Parallel()
	shown := func(redacted, role string) openaitest.Fields {
		return openaitest.Fields{"redacted_value": redacted, "owner.role": role}
	}
	as := func(redacted, detail string) func(*resourceRow) {
		return func(row *resourceRow) { row.Profile["redacted_value"], row.Secret.Detail = redacted, detail }
	}
	requireKeys(t, nil, map[string]keyCase{
		"of no owner":    {shown("sk-admin-***5678", "reader"), as("sk-admin-***5678", detailOfAdminKeys)},
		"user":           {shown("sk-None-***5678", "owner"), as("sk-None-***5678", detailOfUserKeys)},
		"old":            {shown("sk-Tw5E***5678", "owner"), as("sk-Tw5E***5678", detailOfUserKeys)},
		"hidden, owner":  {shown("sk-***5678", "owner"), as("sk-***5678", detailOfAdminKeys)},
		"hidden, reader": {shown("sk-***5678", "reader"), as("sk-***5678", detailOfUserKeys)},
	})
}

// If an admin key's owner has no type, the field object decides.
func TestOwnerOfAnAdminKeyWithoutType(t *testing.T) {
	t.Parallel()
	without := func(object, id string) openaitest.Fields {
		return openaitest.Fields{"owner.type": openaitest.Absent{}, "owner.object": object, "owner.id": id}
	}
	requireKeys(t, nil, map[string]keyCase{
		"user":            {without("organization.user", diego), func(row *resourceRow) { owned(row, "user", diego, "user:"+diego, "active") }},
		"service account": {without("organization.project.service_account", idleAccount), func(row *resourceRow) { owned(row, "service_account", idleAccount, "service_account:"+idleAccount, "") }},
		"something else":  {without("organization.robot", diego), func(row *resourceRow) { owned(row, "", diego, "", "active") }},
	})
}
