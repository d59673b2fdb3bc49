package connector_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// If the plan or the key does not offer group members, no group has members, with one warning for each group. All other
// rows are there.
func TestPlanWithoutGroupMembers(t *testing.T) {
	t.Parallel()
	const notListed = "does not list the members"
	all := make([]warning, 0, 3)
	for id, name := range map[string]string{platformGroup: "Platform engineering", supportGroup: "Customer support", financeGroup: "Finance"} {
		all = append(all, warning{notListed, map[string]any{"group_id": id, "group": name}})
	}
	withoutMembers := func(o *openaitest.Organization) {
		for i := range o.Groups {
			o.Groups[i].MemberIDs = nil
		}
	}
	gate := func(status int, asMeant bool) quirk {
		return quirk{
			prepare: func(s *openaitest.Server) {
				s.GroupMembersUnavailable = status
				if asMeant {
					// Then nobody inherits a role, in the assignment lists either.
					withoutMembers(&s.Organization)
				}
			},
			effect: withoutMembers,
			warned: all,
		}
	}
	requireQuirks(t, map[string]quirk{
		"403":                  gate(http.StatusForbidden, false),
		"404":                  gate(http.StatusNotFound, false),
		"403, nobody inherits": gate(http.StatusForbidden, true),
	})
}

// A plan offers the members of all groups or of none. If one group lists its members, a refusal for another one is an
// error, in any order.
func TestGroupMembersOfOneGroupRefused(t *testing.T) {
	t.Parallel()
	for _, group := range openaitest.Sample().Groups {
		for _, refused := range []int{http.StatusForbidden, http.StatusNotFound} {
			t.Run(fmt.Sprintf("%s %d", group.ID, refused), func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: openaitest.Sample()}
				server.SetFault(groupMembersRoute, openaitest.Fault{PathContains: group.ID, Status: refused, Body: `{"error":"Upgrade your plan."}`})
				synced := runSync(t, server, syncOptions{})
				require.ErrorContains(t, synced.err, group.ID)
				requireNoFinishedSync(t, synced.store)
			})
		}
	}
}

// Only the first page of a group can show that the plan has no member lists. A refusal of a later page fails the sync.
func TestGroupMembersRefusedOnALaterPage(t *testing.T) {
	t.Parallel()
	users := many(rowsOfTwoPages, userRow)
	members := many(rowsOfTwoPages, func(i int) string { return userRow(i).ID })
	for _, refused := range []int{http.StatusForbidden, http.StatusNotFound} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			t.Parallel()
			organization := openaitest.Organization{Users: users, Groups: []openaitest.Group{{ID: "group_1", MemberIDs: members}}}
			server := twoPages(organization, map[string]openaitest.Fault{groupMembersRoute: {Status: refused, Body: object("", "Not on your plan."), After: 1}})
			synced := runSync(t, server, syncOptions{})
			require.ErrorContains(t, synced.err, groupMembersRoute)
			requireNoFinishedSync(t, synced.store)
			requireWarnings(t, synced.logs, nil)
		})
	}
}

// A member whose id is both a user's and a service account's is the user. One who is neither, or only in an archived
// project, is left out; one warning for each group counts them.
func TestGroupMembersOfEveryKind(t *testing.T) {
	t.Parallel()
	const leftOut = "members of this group are left out"
	requireQuirks(t, map[string]quirk{"members": {
		prepare: func(s *openaitest.Server) {
			o := &s.Organization
			o.Projects[2].ServiceAccounts = []openaitest.ServiceAccount{{ID: "svc_acct_archived", Role: "member"}}
			group(o, platformGroup).MemberIDs = []string{legacyUser, indexerAccount, idleAccount, tomas}
			group(o, supportGroup).MemberIDs = []string{"user-tenant1", diego, "user-tenant2", "user-tenant3"}
			group(o, financeGroup).MemberIDs = []string{"svc_acct_archived", lena}
		},
		warned: []warning{
			{leftOut, map[string]any{"group_id": supportGroup, "group": "Customer support", "members": 3}},
			{leftOut, map[string]any{"group_id": financeGroup, "group": "Finance", "members": 1}},
		},
		amend: func(f file) file {
			require.Contains(t, f.Grants, lines([]grantRow{{Entitlement: "group:" + platformGroup + ":member", Principal: "user:" + legacyUser, Direct: true}})[0])
			return f
		},
	}})
}

// Members who are left out are counted over all pages of a group, in one warning.
func TestGroupMembersLeftOutAreCountedOverPages(t *testing.T) {
	t.Parallel()
	members := make([]string, 0, 2001)
	for i := range 2001 {
		members = append(members, fmt.Sprintf("user-tenant%d", i))
	}
	members[700] = "user-0"
	requireQuirks(t, map[string]quirk{"2,000 of 2,001": {
		prepare: func(s *openaitest.Server) {
			s.Organization = openaitest.Organization{
				ID: "org-1", Users: many(1, userRow),
				Groups: []openaitest.Group{{ID: "group_1", Name: "Tenant", GroupType: "tenant_group", MemberIDs: members}},
			}
		},
		warned: []warning{{"members of this group are left out", map[string]any{"group_id": "group_1", "members": 2000}}},
	}})
}

// A group is SCIM-managed by either name of the flag. Without the flag, the profile does not have it and the members
// are not immutable. Names of groups may be missing, or the same.
func TestGroupProfiles(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		served, want openaitest.Group
		unsaid       []string
	}{
		"scim under the other name": {
			served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"is_scim_managed": openaitest.Absent{}, "scim_managed": true}},
			want:   openaitest.Group{Name: "A", IsSCIMManaged: true},
		},
		"not scim under the other name": {
			served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"is_scim_managed": openaitest.Absent{}, "scim_managed": false}},
			want:   openaitest.Group{Name: "A"},
		},
		"null, scim under the other name": {
			served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"is_scim_managed": nil, "scim_managed": true}},
			want:   openaitest.Group{Name: "A", IsSCIMManaged: true},
		},
		"scim under neither name": {
			served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"is_scim_managed": openaitest.Absent{}}},
			want:   openaitest.Group{Name: "A"},
			unsaid: []string{"is_scim_managed"},
		},
		"type absent": {
			served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"group_type": openaitest.Absent{}}},
			want:   openaitest.Group{Name: "A"},
			unsaid: []string{"group_type"},
		},
		"tenant's":             {served: openaitest.Group{Name: "A", GroupType: "tenant_group"}, want: openaitest.Group{Name: "A", GroupType: "tenant_group"}},
		"same name":            {served: openaitest.Group{Name: "Finance"}, want: openaitest.Group{Name: "Finance"}},
		"name null":            {served: openaitest.Group{Name: "A", JSON: openaitest.Fields{"name": nil}}, want: openaitest.Group{Name: "group_name null"}},
		"no members, no roles": {served: openaitest.Group{Name: "Empty"}, want: openaitest.Group{Name: "Empty"}},
	}
	requireQuirks(t, map[string]quirk{"groups": {
		prepare: func(s *openaitest.Server) {
			for name, test := range cases {
				test.served.ID = "group_" + name
				s.Organization.Groups = append(s.Organization.Groups, test.served)
			}
		},
		effect: func(o *openaitest.Organization) {
			for name, test := range cases {
				test.want.ID = "group_" + name
				if test.want.GroupType == "" {
					test.want.GroupType = "group"
				}
				o.Groups = append(o.Groups, test.want)
			}
		},
		amend: func(f file) file {
			for name, test := range cases {
				for _, key := range test.unsaid {
					f = f.withProfile("group:group_"+name, key, nil)
				}
			}
			return f
		},
	}})
}
