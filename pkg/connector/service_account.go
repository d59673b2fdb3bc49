package connector

import (
	"cmp"
	"context"
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

type serviceAccountBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *serviceAccountBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeServiceAccount
}

// List gives a page of a project's service accounts.
func (b *serviceAccountBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	projectID, ok := b.scope.listsProject(ctx, parent, resourceTypeServiceAccount)
	if !ok {
		return nil, nil, nil
	}
	return listProject(ctx, b.client, projectID, opts, "listing a project's service accounts",
		func(ctx context.Context, mem memory, cursor client.Cursor) ([]*v2.Resource, client.Cursor, error) {
			page, err := b.client.ListProjectServiceAccounts(ctx, projectID, cursor)
			if err != nil {
				return nil, client.Cursor{}, err
			}
			if err := mem.rememberServiceAccounts(ctx, projectID, page.Items); err != nil {
				return nil, client.Cursor{}, err
			}
			accounts, err := resourcesOf(page.Items, func(row client.ServiceAccount) (*v2.Resource, error) { return serviceAccountResource(parent, row) })
			return accounts, page.Next, err
		})
}

func serviceAccountResource(project *v2.ResourceId, row client.ServiceAccount) (*v2.Resource, error) {
	acc := account{
		status:      v2.UserTrait_Status_STATUS_ENABLED,
		accountType: v2.UserTrait_ACCOUNT_TYPE_SERVICE,
		createdAt:   row.CreatedAt,
		profile:     profile{}.text("project_id", project.GetResource()).text(profileRole, row.Role),
	}
	return newResource(resourceTypeServiceAccount, row.ID, row.ID, cmp.Or(row.Name, row.ID), project, acc.trait())
}

// Entitlements is not called: the type skips them.
func (b *serviceAccountBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants gives the service account's role in its project. Its row names the predefined role, or none; the assignment
// list is asked only for what no row tells: custom roles, and a role of another name.
func (b *serviceAccountBuilder) Grants(ctx context.Context, serviceAccount *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	project := serviceAccount.GetParentResourceId()
	if project.GetResourceType() != resourceTypeProject.GetId() {
		return nil, nil, refuse(codes.InvalidArgument, fmt.Errorf("the service account %q has no project as its parent", serviceAccount.GetId().GetResource()))
	}
	grants, results, err := b.grants(ctx, project, serviceAccount, opts)
	if err == nil {
		return grants, results, nil
	}
	archived, err := memory{opts.Session}.skipArchived(ctx, b.client, project.GetResource(), failed("listing a service account's roles", err))
	if archived {
		return nil, nil, nil
	}
	return nil, nil, err
}

// serviceAccountWithoutRole is the word for an account without access of its own.
const serviceAccountWithoutRole = "none"

func (b *serviceAccountBuilder) grants(
	ctx context.Context, project *v2.ResourceId, serviceAccount *v2.Resource, opts rs.SyncOpAttrs,
) ([]*v2.Grant, *rs.SyncOpResults, error) {
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	word := profileText(serviceAccount, profileRole)
	role := projectRoleName(word)
	var grants []*v2.Grant
	if role != "" && token.Cursor.IsZero() {
		grants = append(grants, newGrant(project, role, serviceAccount.GetId()))
	}
	roles, err := memory{opts.Session}.roleBook(ctx, project.GetResource())
	if err != nil {
		return nil, nil, err
	}
	roleKnown := role != "" || word == serviceAccountWithoutRole
	if roleKnown && !roles.hasCustom() {
		return grants, nil, nil
	}
	page, err := b.client.ListProjectUserRoles(ctx, project.GetResource(), serviceAccount.GetId().GetResource(), token.Cursor)
	if err != nil {
		return nil, nil, err
	}
	held := assignment{in: project.GetResource(), roles: roles, principal: serviceAccount.GetId(), roleKnown: roleKnown}
	return append(grants, held.grants(ctx, page.Items)...), token.then(page.Next), nil
}
