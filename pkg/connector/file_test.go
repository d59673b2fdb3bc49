package connector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// file has all rows of a c1z file, each as a line of JSON, sorted: two files are the same if their lines are.
type file struct {
	Resources, Entitlements, Grants []string
}

// resourceRow has the fields of a resource that a reader of the file sees.
type resourceRow struct {
	ID, Parent, Name, RawID string
	Description             string         `json:",omitempty"`
	Status                  string         `json:",omitempty"`
	CreatedAt               string         `json:",omitempty"`
	Profile                 map[string]any `json:",omitempty"`
	Account                 *accountRow    `json:",omitempty"`
	Secret                  *secretRow     `json:",omitempty"`
	Trait                   string         `json:",omitempty"`
	Insight                 *insightRow    `json:",omitempty"`
}

type insightRow struct {
	Issue, Severity, About string
}

type accountRow struct {
	Type, Email, Login string
	// NonHuman is the type of a non-human identity.
	NonHuman string `json:",omitempty"`
}

type secretRow struct {
	Type, Detail, Identity, LastUsedAt, ExpiresAt string
}

type entitlementRow struct {
	ID, Name, Slug, Purpose string
	GrantableTo             []string
	Exclusion               string
	Order                   uint32
	Immutable               bool
}

type grantRow struct {
	Entitlement, Principal string
	// Direct is false for a grant that only comes from expansion; Via are the entitlements of its sources.
	Direct    bool
	Via       []string `json:",omitempty"`
	Expands   []string `json:",omitempty"`
	Immutable bool     `json:",omitempty"`
}

func lines[T any](rows []T) []string {
	text := make([]string, 0, len(rows))
	for _, row := range rows {
		text = append(text, line(row))
	}
	slices.Sort(text)
	return text
}

func line[T any](row T) string {
	text, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// asSQLiteShows is the file without expanded grants, which the sqlite engine stores apart from the others.
func (f file) asSQLiteShows() file {
	expands := regexp.MustCompile(`,"Expands":\[[^]]*\]`)
	grants := make([]string, 0, len(f.Grants))
	for _, line := range f.Grants {
		grants = append(grants, expands.ReplaceAllString(line, ""))
	}
	f.Grants = grants
	return f
}

// requireSame reports only the missing and unexpected rows of two files.
func requireSame(t *testing.T, want, got file) {
	t.Helper()
	require.Empty(t, differences(want.Resources, got.Resources), "resources: - missing, + unexpected")
	require.Empty(t, differences(want.Entitlements, got.Entitlements), "entitlements: - missing, + unexpected")
	require.Empty(t, differences(want.Grants, got.Grants), "grants: - missing, + unexpected")
}

func differences(want, got []string) []string {
	balance := map[string]int{}
	for _, line := range want {
		balance[line]++
	}
	for _, line := range got {
		balance[line]--
	}
	var found []string
	for line, count := range balance {
		switch {
		case count > 0:
			found = append(found, fmt.Sprintf("-%d %s", count, line))
		case count < 0:
			found = append(found, fmt.Sprintf("+%d %s", -count, line))
		}
	}
	slices.Sort(found)
	return found[:min(len(found), 20)]
}

// readFile reads the file as the baton CLI does.
func readFile(t *testing.T, path string) file {
	t.Helper()
	return readRows(t, openFile(t, path))
}

func readRows(t *testing.T, store c1zstore.Store) file {
	t.Helper()
	read := file{Resources: []string{}, Entitlements: []string{}, Grants: []string{}}
	eachRow(t, store, func(of rowsOfFile, line string) {
		rows := of(&read)
		*rows = append(*rows, line)
	})
	slices.Sort(read.Resources)
	slices.Sort(read.Entitlements)
	slices.Sort(read.Grants)
	return read
}

// rowsOfFile selects the lines for one kind of row.
type rowsOfFile func(*file) *[]string

// eachRow visits the rows one by one, since a large organization has millions.
func eachRow(t *testing.T, store c1zstore.Store, visit func(of rowsOfFile, line string)) {
	t.Helper()
	for token := ""; ; {
		page, err := store.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, resource := range page.GetList() {
			visit(func(f *file) *[]string { return &f.Resources }, line(readResource(t, resource)))
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		page, err := store.ListEntitlements(t.Context(), v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, entitlement := range page.GetList() {
			visit(func(f *file) *[]string { return &f.Entitlements }, line(readEntitlement(t, entitlement)))
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		page, err := store.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, grant := range page.GetList() {
			visit(func(f *file) *[]string { return &f.Grants }, line(readGrant(t, grant)))
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
}

func id(resource *v2.ResourceId) string {
	if resource == nil {
		return ""
	}
	return resource.GetResourceType() + ":" + resource.GetResource()
}

func when(at *timestamppb.Timestamp) string {
	if at == nil {
		return ""
	}
	return at.AsTime().UTC().Format(time.RFC3339)
}

// readResource also checks that the trait of a resource has the same values as the resource.
func readResource(t *testing.T, resource *v2.Resource) resourceRow {
	t.Helper()
	annos := annotations.Annotations(resource.GetAnnotations())
	rawID := &v2.RawId{}
	_, err := annos.Pick(rawID)
	require.NoError(t, err)
	row := resourceRow{
		ID:        id(resource.GetId()),
		Parent:    id(resource.GetParentResourceId()),
		Name:      resource.GetDisplayName(),
		RawID:     rawID.GetId(),
		CreatedAt: when(resource.GetCreatedAt()),
		Profile:   resource.GetProfile().AsMap(),

		Description: resource.GetDescription(),
	}
	if resource.HasStatus() {
		row.Status = resource.GetStatus().GetStatus().String() + "/" + resource.GetStatus().GetDetails()
	}

	sameProfile := func(trait *structpb.Struct) {
		require.Truef(t, proto.Equal(resource.GetProfile(), trait), "%s: the trait's profile is not the resource's", row.ID)
	}
	user, secret, group, role, insight := &v2.UserTrait{}, &v2.SecretTrait{}, &v2.GroupTrait{}, &v2.RoleTrait{}, &v2.SecurityInsightTrait{}
	switch {
	case pick(t, annos, user):
		sameProfile(user.GetProfile())                                                                         //nolint:staticcheck // the deprecated place is what older readers look at
		require.Equal(t, row.CreatedAt, when(user.GetCreatedAt()), row.ID)                                     //nolint:staticcheck // as above
		require.Equal(t, int32(resource.GetStatus().GetStatus()), int32(user.GetStatus().GetStatus()), row.ID) //nolint:staticcheck // as above
		row.Account = &accountRow{Type: user.GetAccountType().String(), Login: user.GetLogin()}
		for _, email := range user.GetEmails() {
			require.True(t, email.GetIsPrimary())
			row.Account.Email += email.GetAddress()
		}
		if nonHuman := (&v2.NonHumanIdentityTrait{}); pick(t, annos, nonHuman) {
			row.Account.NonHuman = nonHuman.GetNhiType().String() + " " + nonHuman.GetNhiDetail()
		}
	case pick(t, annos, secret):
		sameProfile(secret.GetProfile())                                     //nolint:staticcheck // as above
		require.Equal(t, row.CreatedAt, when(secret.GetCreatedAt()), row.ID) //nolint:staticcheck // as above
		row.Secret = &secretRow{
			Type:       secret.GetCredentialType().String(),
			Detail:     secret.GetCredentialDetail(),
			Identity:   id(secret.GetIdentityId()),
			LastUsedAt: when(secret.GetLastUsedAt()),
			ExpiresAt:  when(secret.GetExpiresAt()),
		}
	case pick(t, annos, group):
		sameProfile(group.GetProfile()) //nolint:staticcheck // as above
		row.Trait = "group"
	case pick(t, annos, role):
		sameProfile(role.GetProfile()) //nolint:staticcheck // as above
		row.Trait = "role"
	case pick(t, annos, insight):
		require.WithinDuration(t, time.Now(), insight.GetObservedAt().AsTime(), time.Hour)
		row.Insight = &insightRow{insight.GetIssue().GetValue(), insight.GetIssue().GetSeverity(), id(insight.GetResourceId())}
	}
	return row
}

func pick(t *testing.T, annos annotations.Annotations, into proto.Message) bool {
	t.Helper()
	found, err := annos.Pick(into)
	require.NoError(t, err)
	return found
}

func readEntitlement(t *testing.T, entitlement *v2.Entitlement) entitlementRow {
	t.Helper()
	annos := annotations.Annotations(entitlement.GetAnnotations())
	exclusion := &v2.EntitlementExclusionGroup{}
	pick(t, annos, exclusion)
	require.False(t, exclusion.GetIsDefault())
	row := entitlementRow{
		ID:        entitlement.GetId(),
		Name:      entitlement.GetDisplayName(),
		Slug:      entitlement.GetSlug(),
		Purpose:   entitlement.GetPurpose().String(),
		Exclusion: exclusion.GetExclusionGroupId(),
		Order:     exclusion.GetOrder(),
		Immutable: annos.Contains(&v2.EntitlementImmutable{}),
	}
	require.NotEmpty(t, entitlement.GetDescription())
	for _, resourceType := range entitlement.GetGrantableTo() {
		row.GrantableTo = append(row.GrantableTo, resourceType.GetId())
	}
	return row
}

func readGrant(t *testing.T, grant *v2.Grant) grantRow {
	t.Helper()
	annos := annotations.Annotations(grant.GetAnnotations())
	expandable := &v2.GrantExpandable{}
	pick(t, annos, expandable)
	entitlement := grant.GetEntitlement().GetId()
	row := grantRow{
		Entitlement: entitlement,
		Principal:   id(grant.GetPrincipal().GetId()),
		Expands:     expandable.GetEntitlementIds(),
		Immutable:   annos.Contains(&v2.GrantImmutable{}),
	}
	require.Equal(t, row.Entitlement+":"+row.Principal, grant.GetId())
	require.Contains(t, row.Entitlement, id(grant.GetEntitlement().GetResource().GetId())+":")
	sources := grant.GetSources().GetSources()
	_, row.Direct = sources[entitlement]
	row.Direct = row.Direct || len(sources) == 0
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		if source != entitlement {
			row.Via = append(row.Via, source)
		}
	}
	return row
}
