package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The kinds of key, as the details of a secret.
const (
	detailProjectKey = "openai_project_api_key"
	detailAdminKey   = "openai_admin_api_key"
	detailUserKey    = "openai_user_api_key"
)

type apiKeyBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *apiKeyBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeAPIKey
}

// List gives a page of the admin keys below the organization, and of a project's keys below the project.
func (b *apiKeyBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if b.scope.listsOrganization(parent) {
		return b.adminKeys(ctx, parent, opts)
	}
	projectID, ok := b.scope.listsProject(ctx, parent, resourceTypeAPIKey)
	if !ok {
		return nil, nil, nil
	}
	return listProject(ctx, b.client, client.RouteProjectAPIKeys, projectID, opts, "listing a project's API keys",
		func(ctx context.Context, _ memory, cursor client.Cursor) ([]*v2.Resource, client.Cursor, error) {
			page, err := b.client.ListProjectAPIKeys(ctx, projectID, cursor)
			if err != nil {
				return nil, client.Cursor{}, err
			}
			keys, err := resourcesOf(page.Items, func(key client.ProjectAPIKey) (*v2.Resource, error) { return projectKeyResource(parent, key) })
			return keys, page.Next, err
		})
}

// adminKeys gives a page of the admin keys. A row that repeats a project's key is left to the project, so that each key
// is there once.
func (b *apiKeyBuilder) adminKeys(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	const doing = "listing the admin API keys"
	token, err := parseListToken(opts)
	if err != nil {
		return nil, nil, err
	}
	if token.Cursor.IsZero() {
		b.scope.warnWithoutProjects(ctx, parent, resourceTypeAPIKey)
	}
	page, err := b.client.ListAdminAPIKeys(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	own := make([]client.AdminAPIKey, 0, len(page.Items))
	for _, key := range page.Items {
		if !key.IsProjectKey() {
			own = append(own, key)
		}
	}
	keys, err := resourcesOf(own, adminKeyResource)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return keys, token.then(page.Next), nil
}

// apiKey is what both kinds of key have in common.
type apiKey struct {
	id, name      string
	redactedValue client.RedactedValue
	createdAt     client.Timestamp
	lastUsedAt    client.Timestamp
	expiresAt     client.Timestamp
	ownerType     string
	ownerID       string
}

func projectKeyResource(project *v2.ResourceId, key client.ProjectAPIKey) (*v2.Resource, error) {
	return apiKey{
		id: key.ID, name: key.Name, redactedValue: key.RedactedValue,
		createdAt: key.CreatedAt, lastUsedAt: key.LastUsedAt, expiresAt: key.ExpiresAt,
		ownerType: key.Owner.OwnerType(), ownerID: key.Owner.OwnerID(),
	}.resource(project, detailProjectKey, profile{}.
		text("project_id", project.GetResource()).
		text("owner_project_access", key.OwnerProjectAccess))
}

func adminKeyResource(key client.AdminAPIKey) (*v2.Resource, error) {
	detail := detailAdminKey
	if key.IsUserKey() {
		detail = detailUserKey
	}
	return apiKey{
		id: key.ID, name: key.Name, redactedValue: key.RedactedValue,
		createdAt: key.CreatedAt, lastUsedAt: key.LastUsedAt, expiresAt: key.ExpiresAt,
		ownerType: key.Owner.OwnerType(), ownerID: key.Owner.ID,
	}.resource(theOrganization(), detail, profile{})
}

func (k apiKey) resource(parent *v2.ResourceId, detail string, p profile) (*v2.Resource, error) {
	p.text("redacted_value", k.redactedValue.String()).text("owner_id", k.ownerID).text("owner_type", k.ownerType)
	options := []rs.SecretTraitOption{
		rs.WithSecretType(v2.SecretTrait_CREDENTIAL_TYPE_STATIC_SECRET),
		rs.WithSecretDetail(detail),
	}
	if at, ok := k.lastUsedAt.Time(); ok {
		options = append(options, rs.WithSecretLastUsedAt(at))
	}
	if at, ok := k.expiresAt.Time(); ok {
		options = append(options, rs.WithSecretExpiresAt(at))
	}
	if owner := k.owner(); owner != nil {
		options = append(options, rs.WithSecretIdentityID(owner))
	}
	name := cmp.Or(k.name, k.redactedValue.String(), k.id)
	return newResource(resourceTypeAPIKey, k.id, k.id, name, parent, secretTrait(p, k.createdAt, options...))
}

// owner is who uses the key; nil if the API does not say, or names a kind of owner that is not known. The owner may
// have left the organization: the key outlives it.
func (k apiKey) owner() *v2.ResourceId {
	switch {
	case k.ownerID == "":
		return nil
	case k.ownerType == client.OwnerUser:
		return resourceID(resourceTypeUser, k.ownerID)
	case k.ownerType == client.OwnerServiceAccount:
		return resourceID(resourceTypeServiceAccount, k.ownerID)
	default:
		return nil
	}
}

// Entitlements is not called: the type skips them.
func (b *apiKeyBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants is not called: the type skips them.
func (b *apiKeyBuilder) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
