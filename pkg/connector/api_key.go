package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
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
	builder
	noEntitlements
	noGrants
}

// List gives a page of the admin keys below the organization, and of a project's keys below the project. A row of the admin
// keys that repeats a project's key is left to the project, so that each key is there once.
func (b *apiKeyBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	known := syncMembers{b.reader, opts}
	if parent.GetResourceType() == resourceTypeProject.GetId() {
		return listProject(ctx, b.builder, parent, opts, projectKeysList, "listing a project's API keys",
			func(key client.ProjectAPIKey) (*v2.Resource, error) {
				return projectKey(parent.GetResource(), key).resource(ctx, known)
			})
	}
	return listOrganization(ctx, b.builder, parent, opts, adminKeysList(), "listing the admin API keys",
		func(key client.AdminAPIKey) (*v2.Resource, error) {
			if key.IsProjectKey() {
				return nil, nil //nolint:nilnil // it is left out
			}
			return adminKey(key).resource(ctx, known)
		})
}

// Get gives an admin key, or a key of an active project. An owner whose access the key does not show is asked for as well.
func (b *apiKeyBuilder) Get(ctx context.Context, id, parent *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		return getWithKey(ctx, b.client, id.GetResource(), parent, func(key apiKey) (*v2.Resource, error) {
			return key.resource(ctx, apiMembers{b.reader, b.client})
		})
	})
}

// getWithKey finds a key and makes a resource of it. Where the parent is not given, the admin keys come first, then all
// projects are looked through.
//
// GET /organization/admin_api_keys/{key_id}, GET /organization/projects/{project_id}/api_keys/{api_key_id}.
func getWithKey(
	ctx context.Context, api *client.Client, id string, parent *v2.ResourceId, made func(apiKey) (*v2.Resource, error),
) (*v2.Resource, error) {
	if parent.GetResourceType() != resourceTypeProject.GetId() {
		key, err := api.GetAdminAPIKey(ctx, id)
		switch {
		case err == nil && !key.IsProjectKey():
			return made(adminKey(key))
		case err != nil && !isGone(err):
			return nil, err
		case parent.GetResourceType() == resourceTypeOrganization.GetId():
			return nil, errNotThere
		}
	}
	return getInProject(ctx, api, parent, func(ctx context.Context, project *v2.ResourceId) (*v2.Resource, error) {
		key, err := api.GetProjectAPIKey(ctx, project.GetResource(), id)
		if err != nil {
			return nil, err
		}
		return made(projectKey(project.GetResource(), key))
	})
}

// StaticEntitlements gives none. It is called once everything has been listed.
func (b *apiKeyBuilder) StaticEntitlements(ctx context.Context, opts rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, b.warnWithoutProjects(ctx, opts)
}

// apiKey has the fields that both kinds of key share.
type apiKey struct {
	id, name      string
	redactedValue client.RedactedValue
	detail        string
	// projectID is "" for a key of the organization.
	projectID  string
	createdAt  client.Timestamp
	lastUsedAt client.Timestamp
	expiresAt  client.Timestamp
	ownerType  string
	ownerID    string
	// access is that of the owner to the project, in the API's word; "" for a key of the organization.
	access string
}

func projectKey(projectID string, key client.ProjectAPIKey) apiKey {
	return apiKey{
		id: key.ID, name: key.Name, redactedValue: key.RedactedValue, detail: detailProjectKey, projectID: projectID,
		createdAt: key.CreatedAt, lastUsedAt: key.LastUsedAt, expiresAt: key.ExpiresAt,
		ownerType: key.Owner.OwnerType(), ownerID: key.Owner.OwnerID(), access: key.OwnerProjectAccess,
	}
}

func adminKey(key client.AdminAPIKey) apiKey {
	detail := detailAdminKey
	if key.IsUserKey() {
		detail = detailUserKey
	}
	return apiKey{
		id: key.ID, name: key.Name, redactedValue: key.RedactedValue, detail: detail,
		createdAt: key.CreatedAt, lastUsedAt: key.LastUsedAt, expiresAt: key.ExpiresAt,
		ownerType: key.Owner.OwnerType(), ownerID: key.Owner.ID,
	}
}

// parent is the project of the key, or the organization.
func (k apiKey) parent() *v2.ResourceId {
	if k.projectID == "" {
		return organizationResourceID()
	}
	return resourceID(resourceTypeProject, k.projectID)
}

// displayName gives the display name. The profile may get the whole name.
func (k apiKey) displayName(p profile) string { return p.name(k.id, k.name, k.redactedValue.String()) }

func (k apiKey) resource(ctx context.Context, known memberLookup) (*v2.Resource, error) {
	state, err := k.ownerState(ctx, known)
	if err != nil {
		return nil, err
	}
	p := profile{}.
		text("redacted_value", k.redactedValue.String()).
		text("project_id", k.projectID).
		text("owner_id", k.ownerID).
		text("owner_type", k.ownerType).
		text("owner_project_access", k.access).
		text(profileOwnerState, state)
	options := []rs.SecretTraitOption{
		rs.WithSecretType(v2.SecretTrait_CREDENTIAL_TYPE_STATIC_SECRET),
		rs.WithSecretDetail(k.detail),
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
	return newResource(resourceTypeAPIKey, k.id, k.id, k.displayName(p), k.parent(), secretTrait(p, k.createdAt, options...))
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
