package connector_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// changeValues are the values in the request for a change, of any origin.
type changeValues struct {
	whatType, what, slug, entitlementID, whoType, who string
}

func changeValuesOf(a access) changeValues {
	resource, principal := a.resource(), parseID(a.principal)
	return changeValues{
		whatType: resource.GetResourceType(), what: resource.GetResource(), slug: a.slug(), entitlementID: a.entitlement,
		whoType: principal.GetResourceType(), who: principal.GetResource(),
	}
}

func (a changeValues) entitlement() *v2.Entitlement {
	return v2.Entitlement_builder{
		Id: a.entitlementID, Slug: a.slug,
		Resource: v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: a.whatType, Resource: a.what}.Build()}.Build(),
	}.Build()
}

func (a changeValues) principal() *v2.Resource {
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: a.whoType, Resource: a.who}.Build()}.Build()
}

// ids are the ids in the request. The id of a project role has two.
func (a changeValues) ids() []string {
	return append(strings.Split(a.what, "/"), a.what, a.who)
}

// change grants, revokes or deletes, by the number. It returns false if the type does not support that.
func (a changeValues) change(t *testing.T, built *connector.Connector, change uint8) (bool, error) {
	t.Helper()
	for _, syncer := range built.ResourceSyncers(t.Context()) {
		if syncer.ResourceType(t.Context()).GetId() != a.whatType {
			continue
		}
		provisioner, grants := syncer.(connectorbuilder.ResourceProvisionerV2Limited)
		deleter, deletes := syncer.(connectorbuilder.ResourceDeleterV2Limited)
		switch {
		case change%3 == 0 && grants:
			_, _, err := provisioner.Grant(t.Context(), a.principal(), a.entitlement())
			return true, err
		case change%3 == 1 && grants:
			_, err := provisioner.Revoke(t.Context(), v2.Grant_builder{Principal: a.principal(), Entitlement: a.entitlement()}.Build())
			return true, err
		case change%3 == 2 && deletes:
			_, err := deleter.Delete(t.Context(), a.entitlement().GetResource().GetId(), nil)
			return true, err
		}
	}
	return false, nil
}

// requireOnlyTheseIDs checks that a write is to an id in the request and to nothing else. A deletion may have to search for
// the project of a resource.
func (a changeValues) requireOnlyTheseIDs(t *testing.T, write openaitest.Request, isDeletion bool) {
	t.Helper()
	nouns := []string{"users", "groups", "projects", "invites", "service_accounts", "api_keys", "admin_api_keys"}
	segments := strings.Split(write.Path, "/")
	if isDeletion {
		segments = segments[len(segments)-2:]
	}
	for i, segment := range segments[:len(segments)-1] {
		if !slices.Contains(nouns, segment) {
			continue
		}
		id, err := url.PathUnescape(segments[i+1])
		require.NoError(t, err)
		require.Contains(t, a.ids(), id, write.Path)
	}
	if len(write.Body) == 0 {
		return
	}
	var body map[string]any
	require.NoError(t, json.Unmarshal(write.Body, &body))
	for _, field := range []string{"user_id", "group_id"} {
		if id, ok := body[field].(string); ok {
			require.Contains(t, a.ids(), id, string(write.Body))
		}
	}
}

// unusualIDs are ids that have a meaning in addresses, or in the ids of ConductorOne.
var unusualIDs = []string{
	"", ".", "..", "/", "a/b", "../ann", "ann/../ben", "ann/", "/ann", "%61nn", "ann%2F..%2Fben", "ann?x=y", "ann#", "ann ", " ann", "ann\x00", "ann\n", "ANN", "аnn", "ann:owner", "a:b:c",
	"alpha/r-tune", "alpha/r-tune/", "alpha//r-tune", "alpha/../beta/r-tune", "alpha/r-tune/..", "\xff", "🔑", strings.Repeat("x", 1_024), strings.Repeat("é/", 512),
	"owner", "reader", "organization", "organization:organization", "role-api-project-member__api-project__alpha", "role-api-organization-owner__api-organization__org-small",
}

// FuzzProvisioningIDs makes changes with any values: a change is refused, or it is made to the ids in the request and
// to nothing else.
func FuzzProvisioningIDs(f *testing.F) {
	possible := []access{
		{"organization:organization:member", "user:ann"}, {"organization_role:owner:assigned", "user:ann"}, {"organization_role:reader:assigned", "group:team"},
		{"organization_role:r-bill:assigned", "group:team"}, {"group:team:member", "user:cem"}, {"group:team:member", "service_account:svc-2"},
		{"project:alpha:owner", "user:ben"}, {"project:alpha:viewer", "group:auditors"}, {"project:alpha:member", "service_account:svc-2"},
		{"project_role:alpha/r-tune:assigned", "user:ann"}, {"project_role:alpha/r-review:assigned", "group:team"}, {"service_account:svc-1:x", "user:ann"},
		{"api_key:key-ann:x", "user:ann"}, {"invitation:inv-pending:x", "user:ann"}, {"user:eva:x", "user:eva"},
	}
	for i, a := range possible {
		change := uint8(i % 3)
		values := changeValuesOf(a)
		f.Add(change, values.whatType, values.what, "", values.entitlementID, values.whoType, values.who)
		f.Add(uint8(0), values.whatType, values.what, values.slug, values.entitlementID, values.whoType, values.who)
		f.Add(uint8(1), values.whatType, values.what, values.slug, values.entitlementID, values.whoType, values.who)
		f.Add(uint8(2), values.whatType, values.what, values.slug, values.entitlementID, values.whoType, values.who)
		// These values contradict each other.
		other := changeValuesOf(possible[(i+1)%len(possible)])
		f.Add(uint8(0), values.whatType, values.what, other.slug, values.entitlementID, values.whoType, values.who)
		f.Add(uint8(0), values.whatType, values.what, values.slug, other.entitlementID, values.whoType, values.who)
		f.Add(uint8(0), values.whatType, other.what, "", values.entitlementID, values.whoType, values.who)
	}
	f.Add(uint8(0), "project", "alpha", "owner", "project:alpha:viewer", "user", "eva")
	for i, unusual := range unusualIDs {
		change := uint8(i % 3)
		values := changeValuesOf(possible[i%len(possible)])
		f.Add(change, values.whatType, unusual, values.slug, values.whatType+":"+unusual+":"+values.slug, values.whoType, values.who)
		f.Add(change, values.whatType, values.what, values.slug, values.entitlementID, values.whoType, unusual)
		f.Add(change, values.whatType, values.what, values.slug, values.entitlementID, unusual, values.who)
		f.Add(change, values.whatType, values.what, "", unusual, values.whoType, values.who)
		f.Add(change, values.whatType, values.what, unusual, values.whatType+":"+values.what+":"+unusual, values.whoType, values.who)
		f.Add(change, "project_role", "alpha/"+unusual, "assigned", "project_role:alpha/"+unusual+":assigned", "user", "ann")
	}
	standIn := newServer()
	builder, _, err := connector.New(f.Context(), &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: listen(f, standIn) + "/v1"}, nil)
	require.NoError(f, err)
	setRetryFor(f, builder, 0)
	built, ok := builder.(*connector.Connector)
	require.True(f, ok)
	built.SetConsistency()

	f.Fuzz(func(t *testing.T, change uint8, whatType, what, slug, entitlementID, whoType, who string) {
		values := changeValues{whatType: whatType, what: what, slug: slug, entitlementID: entitlementID, whoType: whoType, who: who}
		standIn.Update(func(o *openaitest.Organization) { *o = smallOrganization() })
		standIn.ResetRequests()
		possible, err := values.change(t, built, change)
		isDeletion := change%3 == 2
		for _, request := range standIn.Requests() {
			if request.Method != http.MethodGet {
				values.requireOnlyTheseIDs(t, request, isDeletion)
			}
			// Go's router does not match a segment that is one escaped slash.
			require.True(t, request.Route != "" || slices.Contains(strings.Split(request.Path, "/"), "%2F"), request.Path)
		}
		switch {
		case !possible:
			require.Empty(t, standIn.Requests())
		case err != nil:
			require.NotEqual(t, codes.Unknown, status.Code(err), err)
			require.Contains(t, err.Error(), "baton-openai: ")
			require.NotContains(t, err.Error(), "\n")
		case !isDeletion:
			require.True(t, strings.HasPrefix(entitlementID, whatType+":"+what+":"))
			require.Contains(t, []string{"", strings.TrimPrefix(entitlementID, whatType+":"+what+":")}, slug)
		}
	})
}
