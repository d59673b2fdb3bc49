package connector_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// reading is a list of the API and the connector's call that turns it into rows.
type reading struct {
	route string
	rows  func(ctx context.Context, server types.ConnectorServer, token string) ([]proto.Message, string, annotations.Annotations, error)
}

func readingResources(route, resourceType string, parent *v2.Resource) reading {
	return reading{route, func(ctx context.Context, server types.ConnectorServer, token string) ([]proto.Message, string, annotations.Annotations, error) {
		page, err := server.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{
			ResourceTypeId: resourceType, ParentResourceId: parent.GetId(), PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		rows := make([]proto.Message, 0, len(page.GetList()))
		for _, row := range page.GetList() {
			rows = append(rows, row)
		}
		return rows, page.GetNextPageToken(), page.GetAnnotations(), err
	}}
}

func readingGrants(route string, of *v2.Resource) reading {
	return reading{route, func(ctx context.Context, server types.ConnectorServer, token string) ([]proto.Message, string, annotations.Annotations, error) {
		page, err := server.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{Resource: of, PageToken: token, ActiveSyncId: walkSyncID}.Build())
		rows := make([]proto.Message, 0, len(page.GetList()))
		for _, row := range page.GetList() {
			rows = append(rows, row)
		}
		return rows, page.GetNextPageToken(), page.GetAnnotations(), err
	}}
}

// readings are all lists of a sync.
func readings() []reading {
	organization := resource("organization", "organization", nil)
	project := resource("project", "proj_1", organization.GetId())
	user := resource("user", "user-1", organization.GetId())
	group := resource("group", "group_1", organization.GetId())
	return []reading{
		readingResources("GET /organization/users", "user", organization),
		readingResources("GET /organization/invites", "invitation", organization),
		readingResources("GET /organization/roles", "organization_role", organization),
		readingResources("GET /organization/groups", "group", organization),
		readingResources("GET /organization/projects", "project", organization),
		readingResources("GET /organization/admin_api_keys", "api_key", organization),
		readingResources("GET /projects/{project_id}/roles", "project_role", project),
		readingResources("GET /organization/projects/{project_id}/service_accounts", "service_account", project),
		readingResources("GET /organization/projects/{project_id}/api_keys", "api_key", project),
		readingGrants("GET /organization/users/{user_id}/roles", user),
		readingGrants("GET /organization/groups/{group_id}/users", group),
		readingGrants("GET /organization/groups/{group_id}/roles", group),
		readingGrants("GET /organization/projects/{project_id}/users", project),
		readingGrants("GET /organization/projects/{project_id}/groups", project),
		readingGrants("GET /projects/{project_id}/users/{user_id}/roles", project),
		readingGrants("GET /projects/{project_id}/groups/{group_id}/roles", project),
	}
}

// requireWhole checks that a row can be stored, and has the id of its resource.
func requireWhole(t *testing.T, row proto.Message) {
	t.Helper()
	_, err := proto.Marshal(row)
	require.NoError(t, err)
	ids := map[string]*v2.ResourceId{}
	switch row := row.(type) {
	case *v2.Resource:
		ids["resource"] = row.GetId()
		require.True(t, utf8.ValidString(row.GetDisplayName()))
		require.NotEmpty(t, row.GetDisplayName())
	case *v2.Grant:
		ids["entitlement's resource"], ids["principal"] = row.GetEntitlement().GetResource().GetId(), row.GetPrincipal().GetId()
		prefix := strings.Join([]string{row.GetEntitlement().GetResource().GetId().GetResourceType(), row.GetEntitlement().GetResource().GetId().GetResource(), ""}, ":")
		require.True(t, strings.HasPrefix(row.GetEntitlement().GetId(), prefix) && len(row.GetEntitlement().GetId()) > len(prefix), row)
	}
	for what, id := range ids {
		require.NotEmpty(t, id.GetResourceType(), what)
		require.NotEmpty(t, id.GetResource(), what)
		require.True(t, utf8.ValidString(id.GetResource()), what)
	}
}

// listBodies are answers to lists, with each type of row and with malformed ones.
var listBodies = []string{
	`{"object":"list","data":[],"has_more":false}`,
	`{"object":"list","data":[{"object":"organization.user","id":"user-9","added_at":1,"role":null,"user":{"enabled":false,"banned":true}}],"has_more":false,"last_id":"user-9"}`,
	`{"object":"list","data":[{"id":"user-9"},{"id":"user-9"}],"has_more":true,"last_id":"user-9","next":"MQ=="}`,
	`{"object":"list","data":[{"id":"user-1","role":"owner"},{"id":"svc_acct_1","role":"viewer"},{"id":"user-8","role":"dj"}],"has_more":false,"next":null}`,
	`{"data":[{"object":"organization.invite","id":"invite-9","email":"a@example.com","role":"reader","status":"lost","invited_at":1711471533,"projects":[{"id":"proj_1","role":"x"}]}],"has_more":false}`,
	`{"data":[{"id":"role-api-organization-owner__api-organization__org-2","name":"owner","predefined_role":true,"resource_type":"api.organization"}],"has_more":false,"next":null}`,
	`{"data":[{"id":"role_1","name":"owner","predefined_role":false,"assignment_sources":[{"principal_id":"group_1","principal_type":"group"}]}],"has_more":false,"next":null}`,
	`{"data":[{"id":"role_1","permissions":["api.groups.read",""],"description":"\u0000"}],"has_more":false,"next":null}`,
	`{"data":[{"id":"group_1","name":"","scim_managed":true,"group_type":"tenant_group"}],"has_more":false,"next":null}`,
	`{"data":[{"object":"project.group","project_id":"proj_1","group_id":"group_1","group_name":"Support"}],"has_more":false,"next":null}`,
	`{"data":[{"id":"proj_1","status":"archived"},{"id":"proj_2","name":"\ud800","status":""}],"has_more":false}`,
	`{"data":[{"id":"user-ohp0","name":"ci","role":"none","api_key":{"value":"sk-svcacct-Yx6Gc0Lh4SjD8Uq3zIn7"}}],"has_more":false}`,
	`{"data":[{"id":"key_1","redacted_value":"sk-proj-***abc","owner":{"type":"service_account","user":{"id":"user-1"}}}],"has_more":false}`,
	`{"data":[{"id":"key_2","redacted_value":"sk-admin...def","expires_at":1e12,"owner":{"type":"robot","id":"/"}}],"has_more":false}`,
	`{"data":[{"id":""}],"has_more":false}`, `{"data":[null],"has_more":false}`, `{"data":[{"id":7}],"has_more":false}`, `{"data":{},"has_more":false}`, `{"data":[]}`,
	`{"data":null,"has_more":false}`, `null`, `[]`, ``, `{"data":[{"id":"a"`, `{"data":[{"id":"../.."}],"has_more":false}`, `{"data":[{"id":"\u0000\u202e:/ "}],"has_more":false}`,
	`{"data":[{"id":"` + strings.Repeat("x", 1_024) + `"}],"has_more":false}`,
}

// FuzzAnswers answers each list with any body: the connector returns whole rows, or an error without rows.
func FuzzAnswers(f *testing.F) {
	all := readings()
	for _, body := range listBodies {
		for which := range all {
			f.Add(uint8(which), body)
		}
	}
	standIn := &openaitest.Server{Organization: pinned()}
	store := newMapSessionStore()
	server := serverOf(f, listen(f, standIn), store)
	for _, call := range pagedCalls() {
		_, err := call.call(f.Context(), server, "")
		require.NoError(f, err)
	}
	listed := maps.Clone(store.values)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		reading := all[int(which)%len(all)]
		// Each answer begins with the same session.
		store.values = maps.Clone(listed)
		if body == "" {
			body = " "
		}
		// The answer comes once. The calls after it get the real list.
		standIn.SetFault(reading.route, openaitest.Fault{Body: body, Times: 1})
		defer standIn.SetFault(reading.route, openaitest.Fault{})
		pages := 0
		err := follow(func(token string) (string, annotations.Annotations, error) {
			pages++
			if pages > 20 {
				return "", nil, nil
			}
			rows, next, annos, err := reading.rows(t.Context(), server, token)
			if err != nil {
				require.Empty(t, rows)
			}
			for _, row := range rows {
				requireWhole(t, row)
			}
			return next, annos, err
		})
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.Contains(t, err.Error(), "baton-openai: ")
		}
	})
}
