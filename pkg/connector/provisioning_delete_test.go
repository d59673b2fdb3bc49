package connector_test

import (
	"context"
	"slices"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	deleteServiceAccount = "DELETE /organization/projects/{project_id}/service_accounts/{service_account_id}"
	deleteProjectKey     = "DELETE /organization/projects/{project_id}/api_keys/{api_key_id}"
	deleteAdminKey       = "DELETE /organization/admin_api_keys/{key_id}"
)

// deleteCase is a deletion that succeeds.
type deleteCase struct {
	id, parent string
	prepare    func(*openaitest.Organization)
	// effect changes the organization as the deletion does; nil if nothing changes. sends are the routes of the writes.
	effect func(*openaitest.Organization)
	sends  []string
}

func withoutInvite(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.Invites = slices.DeleteFunc(o.Invites, func(i openaitest.Invite) bool { return i.ID == id })
	}
}

func withoutGroup(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.Groups = slices.DeleteFunc(o.Groups, func(g openaitest.Group) bool { return g.ID == id })
		for i := range o.Projects {
			o.Projects[i].Groups = slices.DeleteFunc(o.Projects[i].Groups, func(g openaitest.ProjectGroup) bool { return g.GroupID == id })
		}
	}
}

// withoutAccount also removes the account's keys and group memberships.
func withoutAccount(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		for i := range o.Projects {
			p := &o.Projects[i]
			p.ServiceAccounts = slices.DeleteFunc(p.ServiceAccounts, func(a openaitest.ServiceAccount) bool { return a.ID == id })
			p.APIKeys = slices.DeleteFunc(p.APIKeys, func(k openaitest.ProjectAPIKey) bool { return k.OwnerID == id })
		}
		for i := range o.Groups {
			o.Groups[i].MemberIDs = without(o.Groups[i].MemberIDs, id)
		}
	}
}

func withoutKey(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.AdminKeys = slices.DeleteFunc(o.AdminKeys, func(k openaitest.AdminAPIKey) bool { return k.ID == id })
		for i := range o.Projects {
			o.Projects[i].APIKeys = slices.DeleteFunc(o.Projects[i].APIKeys, func(k openaitest.ProjectAPIKey) bool { return k.ID == id })
		}
	}
}

var deletions = map[string]deleteCase{
	"a user":                               {id: "user:ann", effect: leave("ann"), sends: []string{deleteUser}},
	"a user, with parent":                  {id: "user:ann", parent: "organization:organization", effect: leave("ann"), sends: []string{deleteUser}},
	"an owner who is not the last":         {id: "user:ole", effect: leave("ole"), sends: []string{deleteUser}},
	"a user gone":                          {id: "user:nobody"},
	"a pending invitation":                 {id: "invitation:inv-pending", effect: withoutInvite("inv-pending"), sends: []string{deleteInvite}},
	"an expired invitation":                {id: "invitation:inv-expired", parent: "organization:organization", effect: withoutInvite("inv-expired"), sends: []string{deleteInvite}},
	"an invitation gone":                   {id: "invitation:nothing"},
	"a group":                              {id: "group:team", effect: withoutGroup("team"), sends: []string{deleteGroup}},
	"a group, with parent":                 {id: "group:empty", parent: "organization:organization", effect: withoutGroup("empty"), sends: []string{deleteGroup}},
	"a group gone":                         {id: "group:nothing"},
	"a service account":                    {id: "service_account:svc-1", effect: withoutAccount("svc-1"), sends: []string{deleteServiceAccount}},
	"a service account, with parent":       {id: "service_account:svc-1", parent: "project:alpha", effect: withoutAccount("svc-1"), sends: []string{deleteServiceAccount}},
	"a service account of a later project": {id: "service_account:svc-9", effect: withoutAccount("svc-9"), sends: []string{deleteServiceAccount}},
	"a service account gone":               {id: "service_account:nothing"},
	"a service account gone, with parent":  {id: "service_account:svc-9", parent: "project:alpha"},
	"a project's key":                      {id: "api_key:key-ann", effect: withoutKey("key-ann"), sends: []string{deleteProjectKey}},
	"a project's key, with parent":         {id: "api_key:key-ann", parent: "project:alpha", effect: withoutKey("key-ann"), sends: []string{deleteProjectKey}},
	"an admin key":                         {id: "api_key:key-other", effect: withoutKey("key-other"), sends: []string{deleteAdminKey}},
	"an admin key, with parent":            {id: "api_key:key-other", parent: "organization:organization", effect: withoutKey("key-other"), sends: []string{deleteAdminKey}},
	"a key gone":                           {id: "api_key:nothing"},
	"a key gone, with parent":              {id: "api_key:nothing", parent: "project:alpha"},
	"an admin key gone, with parent":       {id: "api_key:nothing", parent: "organization:organization"},
	"a key whose owner is gone": {
		id: "api_key:key-ann", prepare: leave("ann"), effect: withoutKey("key-ann"), sends: []string{deleteProjectKey},
	},
}

// A deletion deletes the resource and, repeated, nothing. The id alone is enough.
func TestDelete(t *testing.T) {
	t.Parallel()
	for name, test := range deletions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			d := connect(t, server)
			want := server.Snapshot()
			if test.effect != nil {
				test.effect(&want)
			}
			require.NoError(t, d.delete(t.Context(), test.id, test.parent))
			requireState(t, want, server)
			require.Equal(t, test.sends, writes(server))
			d.requireOneLine(t, parseID(test.id).GetResource())

			server.ResetRequests()
			require.NoError(t, d.delete(t.Context(), test.id, test.parent))
			requireState(t, want, server)
			require.Empty(t, writes(server))
			d.requireOneLine(t)
			require.Empty(t, server.Unknown())
		})
	}
}

// A project key that the list of admin keys repeats is deleted as a project key.
func TestDeleteAProjectKeyThatTheAdminListRepeats(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.AdminListRepeatsProjectKeys = true
	server.SetFault("GET /organization/admin_api_keys/{key_id}", openaitest.Fault{
		Body: `{"object":"organization.admin_api_key","id":"key-ann","redacted_value":"sk-proj-***aaaa","created_at":19}`,
	})
	d := connect(t, server)
	want := server.Snapshot()
	withoutKey("key-ann")(&want)
	require.NoError(t, d.delete(t.Context(), "api_key:key-ann", ""))
	requireState(t, want, server)
	require.Equal(t, []string{deleteProjectKey}, writes(server))
}

// If OpenAI deletes single keys of service accounts, so does the connector. A repeated deletion is a success.
func TestDeleteServiceAccountKeyThatMayGo(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountKeysMayGo = true
	d := connect(t, server)
	want := server.Snapshot()
	withoutKey("key-svc")(&want)
	for range 2 {
		require.NoError(t, d.delete(t.Context(), "api_key:key-svc", ""))
		requireState(t, want, server)
	}
	require.Equal(t, []string{deleteProjectKey}, writes(server))
}

// A service account is deleted although the API answers 404.
func TestDeleteServiceAccountThatReports404(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountDeleteReports404 = true
	d := connect(t, server)
	want := server.Snapshot()
	withoutAccount("svc-1")(&want)
	require.NoError(t, d.delete(t.Context(), "service_account:svc-1", ""))
	requireState(t, want, server)
}

func TestRefusedDeletions(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"the last owner": {do: deleted("user:ola", ""), prepare: oneOwner, says: []string{"ola is the last owner", "make somebody else an owner first"}},
		"an accepted invitation": {
			do: deleted("invitation:inv-accepted", ""), says: []string{"has been accepted", "delete the user instead"},
		},
		"a service account's key": {
			do: deleted("api_key:key-svc", ""), says: []string{"service account svc-1", "delete the service account to end its keys"}, sends: []string{deleteProjectKey},
		},
		"a service account's key, with parent": {
			do: deleted("api_key:key-svc", "project:alpha"), says: []string{"service account svc-1", "400 Bad Request"}, sends: []string{deleteProjectKey},
		},
		"the connector's own key": {do: deleted("api_key:key-own", ""), says: []string{"the connector itself uses", "give the connector another key first"}},
		"the connector's own key, with parent": {
			do: deleted("api_key:key-own", "organization:organization"), says: []string{"the connector itself uses"},
		},
		// If nothing of the connector's own key is visible, any key may be its own.
		"an admin key that shows nothing": {
			do: deleted("api_key:key-other", ""), says: []string{"the connector itself uses"},
			prepare: func(o *openaitest.Organization) { o.AdminKeys[1].RedactedValue = "***" },
		},
		"a service account of an archived project": {do: deleted("service_account:svc-1", "project:gone"), says: []string{"is archived"}},
		"a key of an archived project":             {do: deleted("api_key:key-ann", "project:gone"), says: []string{"is archived"}},
	})
}

// A deletion without an id is refused without a call.
func TestMalformedDeletions(t *testing.T) {
	t.Parallel()
	for _, resourceType := range []string{"user", "invitation", "group", "service_account", "api_key"} {
		t.Run(resourceType, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			for _, id := range []string{resourceType + ":", resourceType + ":ann ", resourceType + ": ann", resourceType + ":ann\n", resourceType + ":sk-proj-Secret"} {
				_, err := builderOf[connectorbuilder.ResourceDeleterV2Limited](t.Context(), d, resourceType).Delete(t.Context(), parseID(id), nil)
				require.Equal(t, codes.InvalidArgument, status.Code(err), err)
				requireMessage(t, err)
				require.NotContains(t, err.Error(), "Secret")
			}
			require.Empty(t, server.Requests())
		})
	}
}

// An address is not the id of a person: OpenAI would not know it, and the person would count as deleted.
func TestDeletionByAddress(t *testing.T) {
	t.Parallel()
	for id, do := range map[string]func(context.Context, testConnector) error{
		"user": deleted("user:ben@example.com", ""), "invitation": deleted("invitation:pia@example.com", ""),
		"action": invoked("delete_user_keys", keysOf("ben@example.com")),
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			err := do(t.Context(), connect(t, server))
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			requireMessage(t, err, "email address", "give the id, which a sync shows")
			require.Empty(t, server.Requests())
		})
	}
}

// The older deletion interface, which knows no parent, does the same.
func TestDeleteWithTheOlderInterface(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		id     string
		effect func(*openaitest.Organization)
	}{
		{"user:ann", leave("ann")}, {"group:team", withoutGroup("team")}, {"api_key:key-ann", withoutKey("key-ann")},
	} {
		t.Run(test.id, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			want := server.Snapshot()
			test.effect(&want)
			_, err := d.DeleteResource(t.Context(), v2.DeleteResourceRequest_builder{ResourceId: parseID(test.id)}.Build())
			require.NoError(t, err)
			requireState(t, want, server)
		})
	}
}
