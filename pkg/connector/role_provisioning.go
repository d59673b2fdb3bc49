package connector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleAddress is where a role is found: in the organization or in a project, by the API's id.
type roleAddress struct {
	in client.RoleScope
	id string
}

// roleAddress finds out where the role of a resource is. Owner and reader of the organization go by their names.
func (p provisioning) roleAddress(ctx context.Context, id *v2.ResourceId) (roleAddress, error) {
	if id.GetResourceType() == resourceTypeOrganizationRole.GetId() {
		if _, predefined := predefinedOrganizationRoles[id.GetResource()]; predefined {
			return roleAddress{}, refusePredefined(id.GetResource())
		}
		return roleAddress{client.OrganizationScope(), id.GetResource()}, nil
	}
	projectID, roleID, err := splitProjectRoleID(ctx, p.client, id.GetResource(), nil)
	return roleAddress{client.ProjectScope(projectID), roleID}, err
}

// getCustom gets a role unless it is one of OpenAI's.
func (p provisioning) getCustom(ctx context.Context, at roleAddress) (client.Role, error) {
	role, err := p.client.GetRole(ctx, at.in, at.id)
	if err == nil && isPredefined(role) {
		err = refusePredefined(at.id)
	}
	return role, err
}

func refusePredefined(role string) error {
	return newError(codes.FailedPrecondition, "%s is a role of OpenAI's own, which can be neither changed nor deleted: create a custom role instead", role)
}

// roleResourceIn makes the resource of a custom role, as a sync does.
func roleResourceIn(in client.RoleScope) func(client.Role) (*v2.Resource, error) {
	if in.ProjectID == "" {
		return organizationRoleResource
	}
	return func(role client.Role) (*v2.Resource, error) {
		return projectRoleResource(resourceID(resourceTypeProject, in.ProjectID), role)
	}
}

// describeRole says in words what a role has of the fields that are asked for. Permissions are a set.
func describeRole(has, asked client.RoleFields) string {
	var words []string
	if asked.Name != "" {
		words = append(words, fmt.Sprintf("the name %q", has.Name))
	}
	if asked.Description != "" {
		words = append(words, fmt.Sprintf("the description %q", has.Description))
	}
	if asked.Permissions != nil {
		words = append(words, "the permissions "+strings.Join(slices.Compact(slices.Sorted(slices.Values(has.Permissions))), ", "))
	}
	return strings.Join(words, ", ")
}

func roleFieldsOf(role client.Role) client.RoleFields {
	return client.RoleFields{Name: role.Name, Description: role.Description, Permissions: role.Permissions}
}

// createRole makes a custom role. Names are unique among the custom roles of one place: a role of the name with the
// requested fields is the requested role. So a lost answer makes no second role. True means that it existed.
func (p provisioning) createRole(ctx context.Context, in client.RoleScope, fields client.RoleFields) (client.Role, bool, error) {
	isMeant := func(role client.Role) bool { return !isPredefined(role) && role.Name == fields.Name }
	wanted := describeRole(fields, fields)
	there, err := p.findRole(ctx, in, isMeant)
	switch {
	case err != nil:
		return client.Role{}, false, err
	case there != nil && describeRole(roleFieldsOf(*there), fields) == wanted:
		return *there, true, nil
	case there != nil:
		return client.Role{}, false, newError(codes.FailedPrecondition, "there is a role with this name already, which is not the same: change it with update_role, or choose another name")
	}
	var made client.Role
	err = p.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			var err error
			made, err = p.client.CreateRole(ctx, in, fields)
			return err
		},
		read: func(ctx context.Context) (string, error) {
			var role *client.Role
			var err error
			if made.ID == "" {
				role, err = p.findRole(ctx, in, isMeant)
			} else {
				role, err = p.findMade(ctx, roleAddress{in, made.ID})
			}
			if err != nil || role == nil {
				return stateNotThere, err
			}
			made = *role
			return describeRole(roleFieldsOf(made), fields), nil
		},
		before: stateNotThere, wanted: wanted,
		meansDone: saysAlreadyThere,
	})
	return made, false, err
}

// findMade gives a role that was made a moment ago, nil where the API does not know it yet.
func (p provisioning) findMade(ctx context.Context, at roleAddress) (*client.Role, error) {
	role, err := p.client.GetRole(ctx, at.in, at.id)
	if isGone(err) {
		return nil, nil //nolint:nilnil // none is an answer, not an error
	}
	return &role, err
}

// updateRole changes the fields that are given, for everybody who holds the role. True means that it was so already.
func (p provisioning) updateRole(ctx context.Context, at roleAddress, fields client.RoleFields) (client.Role, bool, error) {
	role, err := p.getCustom(ctx, at)
	if err != nil {
		return client.Role{}, false, err
	}
	before, wanted := describeRole(roleFieldsOf(role), fields), describeRole(fields, fields)
	if before == wanted {
		return role, true, nil
	}
	err = p.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			_, err := p.client.ModifyRole(ctx, at.in, at.id, fields)
			return err
		},
		read: func(ctx context.Context) (string, error) {
			var err error
			role, err = p.client.GetRole(ctx, at.in, at.id)
			return describeRole(roleFieldsOf(role), fields), err
		},
		before: before, wanted: wanted,
	})
	return withFields(role, fields), false, err
}

// withFields is a role with the fields that it was given, which may show late.
func withFields(role client.Role, fields client.RoleFields) client.Role {
	role.Name = cmp.Or(fields.Name, role.Name)
	role.Description = cmp.Or(fields.Description, role.Description)
	if fields.Permissions != nil {
		role.Permissions = fields.Permissions
	}
	return role
}

// deleteRole deletes a custom role, and says how many it took it from. True means that it was gone.
func (p provisioning) deleteRole(ctx context.Context, at roleAddress) (assigneeCount, bool, error) {
	var held assigneeCount
	already, err := p.deleteChecked(ctx,
		func(ctx context.Context) error {
			_, err := p.getCustom(ctx, at)
			if err == nil {
				held, err = p.countAssignees(ctx, at)
			}
			return err
		},
		deletionOf(
			func(ctx context.Context) error { return p.client.DeleteRole(ctx, at.in, at.id) },
			func(ctx context.Context) (client.Role, error) { return p.client.GetRole(ctx, at.in, at.id) }))
	return held, already, err
}
