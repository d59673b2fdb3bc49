package connector_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createGroup       = "POST /organization/groups"
	deleteGroup       = "DELETE /organization/groups/{group_id}"
	addGroupMember    = "POST /organization/groups/{group_id}/users"
	removeGroupMember = "DELETE /organization/groups/{group_id}/users/{user_id}"
	teamMember        = "group:team:member"
)

func setMembers(id string, members ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { group(o, id).MemberIDs = members }
}

var groupGrants = map[string]grantCase{
	"a user": {
		access: access{teamMember, "user:ann"}, effect: setMembers("team", "ben", "dora", "svc-1", "ann"), sends: []string{addGroupMember},
	},
	"a service account": {
		access: access{teamMember, "service_account:svc-2"}, effect: setMembers("team", "ben", "dora", "svc-1", "svc-2"), sends: []string{addGroupMember},
	},
	"the first member": {
		access: access{"group:empty:member", "user:ann"}, effect: setMembers("empty", "ann"), sends: []string{addGroupMember},
	},
	"a member":                              {access: access{teamMember, "user:ben"}},
	"a member of a group that SCIM manages": {access: access{"group:directory:member", "user:ben"}},
}

var groupRevocations = map[string]revokeCase{
	"a user":                              {access: access{teamMember, "user:ben"}, effect: setMembers("team", "dora", "svc-1"), sends: []string{removeGroupMember}},
	"a service account":                   {access: access{teamMember, "service_account:svc-1"}, effect: setMembers("team", "ben", "dora"), sends: []string{removeGroupMember}},
	"the last member":                     {access: access{"group:admins:member", "user:dora"}, effect: setMembers("admins"), sends: []string{removeGroupMember}},
	"a group gone":                        {access: access{"group:nobody:member", "user:ben"}},
	"nobody in it":                        {access: access{teamMember, "user:ann"}},
	"nobody in a group that SCIM manages": {access: access{"group:directory:member", "user:ann"}},
}

func TestGrantInGroups(t *testing.T) {
	t.Parallel()
	requireGranted(t, groupGrants)
}

// On a plan without member lists nobody reads as a member. So a revocation is sent without a read, even if there is
// nothing to do, and a 404 is a success.
func TestRevokeInGroups(t *testing.T) {
	t.Parallel()
	for name, test := range groupRevocations {
		for shapeName, in := range shapes {
			t.Run(name+", "+shapeName, func(t *testing.T) {
				t.Parallel()
				server := newServer()
				d := connect(t, server)
				want := server.Snapshot()
				if test.effect != nil {
					test.effect(&want)
				}
				for attempt := range 2 {
					answer, err := d.revoke(t.Context(), in, test.access)
					require.NoError(t, err)
					require.Equal(t, attempt > 0 || test.effect == nil, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyRevoked{}))
					requireState(t, want, server)
					d.requireOneLine(t, test.entitlement)
				}
				require.Empty(t, server.Unknown())
			})
		}
	}
}

func TestRefusedInGroups(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"into a group that SCIM manages":   {do: granted("group:directory:member", "user:ann"), says: []string{"directory is managed by SCIM", "change it in the identity provider"}},
		"out of a group that SCIM manages": {do: revoked("group:directory:member", "user:ben"), says: []string{"directory is managed by SCIM", "change it in the identity provider"}},
		"deleting a group that SCIM manages": {
			do: deleted("group:directory", ""), says: []string{"directory is managed by SCIM", "change it in the identity provider"},
		},
	})
}

// An added principal is a member, whether or not the plan shows members.
func TestGroupsOnAPlanWithoutMemberLists(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault("GET /organization/groups/{group_id}/users/{user_id}", openaitest.Fault{Status: 404})
	d := connect(t, server)
	_, err := d.grant(t.Context(), shapes["full"], access{teamMember, "user:ann"})
	require.NoError(t, err)
	_, err = d.revoke(t.Context(), shapes["full"], access{teamMember, "user:ben"})
	require.NoError(t, err)
	after := server.Snapshot()
	require.Equal(t, []string{"dora", "svc-1", "ann"}, group(&after, "team").MemberIDs)
}

// If the plan has no group members at all, a 404 is neither an absent membership nor a problem of the key.
func TestGroupsWhoseMembersAreNotOffered(t *testing.T) {
	t.Parallel()
	says := []string{"OpenAI does not offer the members of groups to this key on this plan", "in OpenAI's own pages"}
	tests := map[string]struct {
		do   func(context.Context, testConnector) error
		says []string
	}{
		"add a user":                       {granted(teamMember, "user:ann"), says},
		"add a member":                     {granted(teamMember, "user:ben"), says},
		"take a member out":                {revoked(teamMember, "user:ben"), says},
		"take somebody else out":           {revoked(teamMember, "user:ann"), says},
		"take out of a group of SCIM's":    {revoked("group:directory:member", "user:ben"), []string{"is managed by SCIM"}},
		"take nobody out of one of SCIM's": {revoked("group:directory:member", "user:ann"), []string{"is managed by SCIM"}},
	}
	for name, test := range tests {
		for _, code := range []int{403, 404} {
			t.Run(fmt.Sprintf("%s, %d", name, code), func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.GroupMembersUnavailable = code
				d := connect(t, server)
				err := test.do(t.Context(), d)
				requireRefusal(t, err, test.says...)
				require.NotContains(t, err.Error(), adviceForKeys)
				requireState(t, smallOrganization(), server)
				d.requireOneLine(t)
			})
		}
	}
}

func newGroup(name string) func(context.Context, testConnector) (*v2.CreateResourceResponse, error) {
	return func(ctx context.Context, d testConnector) (*v2.CreateResourceResponse, error) {
		return d.CreateResource(ctx, v2.CreateResourceRequest_builder{Resource: v2.Resource_builder{
			Id: parseID("group:new"), DisplayName: name,
		}.Build()}.Build())
	}
}

// A group is created under its display name, and returned as a sync shows it.
func TestCreateGroup(t *testing.T) {
	t.Parallel()
	for _, created := range []int{200, 201} {
		t.Run(strconv.Itoa(created), func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.CreatedStatus = created
			requireGroupCreated(t, server)
		})
	}
}

func requireGroupCreated(t *testing.T, server *openaitest.Server) {
	t.Helper()
	d := connect(t, server)
	answer, err := newGroup(" Night shift ")(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, []string{createGroup}, writes(server))
	groups := server.Snapshot().Groups
	made := groups[len(groups)-1]
	require.Equal(t, "Night shift", made.Name)
	require.EqualValues(t, now, made.CreatedAt)
	d.requireOneLine(t, made.ID)

	want := server.Snapshot()
	want.Groups = groups[:len(groups)-1]
	require.Empty(t, differences(state(smallOrganization()), state(want)))
	row := readResource(t, answer.GetCreated())
	require.Contains(t, expected(server.Snapshot()).Resources, lines([]resourceRow{row})[0])
}

func TestCreateGroupWithoutName(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	for _, name := range []string{"", " "} {
		_, err := newGroup(name)(t.Context(), d)
		require.Equal(t, codes.InvalidArgument, status.Code(err), err)
		requireMessage(t, err, "display name")
	}
	require.Empty(t, server.Requests())
}

// If the answer to a creation is lost, the created group is the new one of its name; an older one of the same name is
// not.
func TestGroupWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, fault := range badAnswers {
		fault.AfterEffect = true
		for _, lag := range []int{0, 2} {
			if (fault.Status == 400 || fault.Status == 409) && lag > 0 {
				continue // after such a refusal, the state is read only once
			}
			t.Run(fmt.Sprintf("%s, %d", name, lag), func(t *testing.T) {
				t.Parallel()
				server := newServer(func(o *openaitest.Organization) { group(o, "empty").Name = "Night shift" })
				server.WriteLag = lag
				server.SetFault(createGroup, fault)
				d := connect(t, server)
				answer, err := newGroup("Night shift")(t.Context(), d)
				require.NoError(t, err)
				require.Equal(t, []string{createGroup}, writes(server))
				groups := server.Snapshot().Groups
				require.Len(t, groups, len(smallOrganization().Groups)+1)
				require.Equal(t, groups[len(groups)-1].ID, answer.GetCreated().GetId().GetResource())
			})
		}
	}
}

// If no group was created, another one of the same name is not taken for it, and neither is one of two.
func TestGroupThatWasNotMade(t *testing.T) {
	t.Parallel()
	lost := openaitest.Fault{Status: 500}
	server := newServer(func(o *openaitest.Organization) { group(o, "empty").Name = "Night shift" })
	server.SetFault(createGroup, lost)
	_, err := newGroup("Night shift")(t.Context(), connect(t, server))
	require.Equal(t, codes.Unavailable, status.Code(err), err)
	requireMessage(t, err, mayBeMade)
	require.Equal(t, []string{createGroup}, writes(server))

	server = newServer()
	lost.AfterEffect, lost.Twice = true, true
	server.SetFault(createGroup, lost)
	_, err = newGroup("Night shift")(t.Context(), connect(t, server))
	require.Equal(t, codes.Unavailable, status.Code(err), err)
	requireMessage(t, err, mayBeMade)

	server = newServer()
	server.SetFault(createGroup, openaitest.Fault{Status: 400})
	_, err = newGroup("Night shift")(t.Context(), connect(t, server))
	requireRefusal(t, err)
	require.NotContains(t, err.Error(), mayBeMade)
}

const mayBeMade = "OpenAI may have made one of this name all the same: look for it before you ask again"
