package connector_test

import (
	"encoding/json"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// Ids are opaque: any character of an id is kept.
func TestIDsOfEveryKindAreKept(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long-", 60) // longer than the 256 bytes up to which the session store uses a key unchanged
	organization := openaitest.Organization{ID: "org-1"}
	for _, odd := range []string{
		"a/b//c/", "a:b::c:", "a b  c", "ключ-鍵-🔑-é", "a%2Fb%c?d#e&f=g+h", `a"b'c\d<e>`, "..a",
		"role-api-organization-owner__api-organization__x", long, "owner",
	} {
		o := pinnedWith(t, odd)
		organization.Users = append(organization.Users, o.Users...)
		organization.Invites = append(organization.Invites, o.Invites...)
		organization.Roles = append(organization.Roles, o.Roles...)
		organization.Groups = append(organization.Groups, o.Groups...)
		organization.Projects = append(organization.Projects, o.Projects...)
		organization.AdminKeys = append(organization.AdminKeys, o.AdminKeys...)
	}
	requireSyncedWhole(t, organization)
}

// pinnedWith is the pinned organization with ids that begin with the prefix.
func pinnedWith(t *testing.T, prefix string) openaitest.Organization {
	t.Helper()
	text, err := json.Marshal(pinned())
	require.NoError(t, err)
	replaced := string(text)
	for _, id := range []string{"user-1", "invite-1", "role_1", "role_2", "group_1", "proj_1", "svc_acct_1", "key_1", "key_2"} {
		quoted, err := json.Marshal(prefix + "-" + id)
		require.NoError(t, err)
		replaced = strings.ReplaceAll(replaced, `"`+id+`"`, string(quoted))
	}
	var organization openaitest.Organization
	require.NoError(t, json.Unmarshal([]byte(replaced), &organization))
	return organization
}

// A custom role with the id owner would look like the predefined role. The sync fails, so no access is shown as an owner's.
func TestCustomRoleWithTheIDOwner(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{
		ID:    "org-1",
		Users: []openaitest.User{{ID: "user-0", Role: "owner", AddedAt: 1}, {ID: "user-1", Role: "reader", AddedAt: 1, RoleIDs: []string{"owner"}}},
		Roles: []openaitest.Role{{ID: "owner", Name: "Billing"}},
	}
	for name, options := range map[string]syncOptions{
		"full":     {},
		"targeted": {targets: []*v2.Resource{target("user:user-1", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synced := runSync(t, &openaitest.Server{Organization: organization}, options)
			require.Equal(t, codes.FailedPrecondition, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, `a role with the id "owner" that is not its predefined role`)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// requireSyncedWhole syncs the organization and checks that the file has every row, without a warning.
func requireSyncedWhole(t *testing.T, organization openaitest.Organization) {
	t.Helper()
	server := &openaitest.Server{Organization: organization}
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	require.Empty(t, server.Unknown())
	requireWarnings(t, synced.logs, nil)
	requireSame(t, expected(organization), readRows(t, synced.store))
}

// Long ids that differ only at the end stay different.
func TestLongIDsStayDistinct(t *testing.T) {
	t.Parallel()
	long := "user-" + strings.Repeat("x", 600)
	requireQuirks(t, map[string]quirk{"long": {
		prepare: func(s *openaitest.Server) {
			o := &s.Organization
			o.Users = append(o.Users, openaitest.User{ID: long + "1", Role: "reader"})
			group(o, financeGroup).MemberIDs = []string{long + "1", long + "2"}
		},
		warned: []warning{{"members of this group are left out", map[string]any{"group_id": financeGroup, "members": 1}}},
	}})
}

// longIDs is pinned with ids of the given lengths, by type.
func longIDs(t *testing.T, bytes map[string]int) openaitest.Organization {
	t.Helper()
	text, err := json.Marshal(pinned())
	require.NoError(t, err)
	replaced := string(text)
	for id, length := range bytes {
		replaced = strings.ReplaceAll(replaced, `"`+id+`"`, `"`+id+strings.Repeat("-", length-len(id))+`"`)
	}
	var organization openaitest.Organization
	require.NoError(t, json.Unmarshal([]byte(replaced), &organization))
	return organization
}

// Ids of ConductorOne's maximal length are kept. The id of a project role consists of two ids and a slash.
func TestIDsOf1024BytesAreKept(t *testing.T) {
	t.Parallel()
	organization := longIDs(t, map[string]int{
		"user-1": 1_024, "invite-1": 1_024, "role_1": 1_024, "group_1": 1_024, "svc_acct_1": 1_024, "key_1": 1_024, "key_2": 1_024, "proj_1": 511, "role_2": 512,
	})
	require.Len(t, organization.Users[0].ID, 1_024)
	requireSyncedWhole(t, organization)
}

// A longer id fails the sync, since a missing row would read as lost access. The message names its resource type.
func TestLongerIDsFailTheSync(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes map[string]int
		want  string
	}{
		"user":         {map[string]int{"user-1": 1_025}, `the id of the user "user-1---`},
		"project role": {map[string]int{"proj_1": 512, "role_2": 512}, `the id of the project_role "proj_1---`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synced := runSync(t, &openaitest.Server{Organization: longIDs(t, test.bytes)}, syncOptions{})
			require.ErrorContains(t, synced.err, "baton-openai: ")
			require.ErrorContains(t, synced.err, test.want)
			require.ErrorContains(t, synced.err, "… has 1025 bytes, and 1024 can be stored")
		})
	}
}
