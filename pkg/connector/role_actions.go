package connector

import (
	"context"

	"github.com/conductorone/baton-sdk/pkg/actions"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentRole        = "role"
	argumentDescription = "description"
	argumentPermissions = "permissions"

	returnHolders    = "holders"
	returnAllCounted = "all_counted"
)

// roleActions are those on custom roles, of the organization and of projects.
func (p provisioning) roleActions() []action {
	role := actionField{
		name: argumentRole, displayName: "Role", description: "The custom role, of the organization or of a project", kind: kindResourceID,
		types: types(resourceTypeOrganizationRole, resourceTypeProjectRole), required: true,
	}
	about := func(a actionArguments) string { return subjectOf(a.id(argumentRole)) }
	shown := []actionField{{name: argumentRole, displayName: "Role", description: "The role as it is now", kind: kindResource}}
	return []action{
		{
			name: "create_role", displayName: "Create role",
			description: "Makes a custom role of the organization, or of a project where one is given. Nobody holds it yet.",
			arguments: []actionField{
				{name: argumentName, displayName: "Name", description: "Its name, which no other custom role has there", required: true},
				{name: argumentPermissions, displayName: "Permissions", description: "What it allows, in OpenAI's words such as api.usage.read", kind: kindTexts, required: true},
				{name: argumentDescription, displayName: "Description", description: "What it is for"},
				{name: argumentProject, displayName: "Project", description: "The project that it is a role of; the organization if there is none", kind: kindResourceID, types: types(resourceTypeProject)},
			},
			returns: shown,
			doing:   "creating",
			subject: func(a actionArguments) string {
				about := "role named " + displayText(a.text(argumentName), maxNameBytes)
				if a.has(argumentProject) {
					about += " in the " + subjectOf(a.id(argumentProject))
				}
				return about
			},
			run: p.runCreateRole,
		},
		{
			name: "update_role", displayName: "Change role",
			description: "Gives a custom role another name, another description or other permissions, for everybody who holds it.",
			arguments: []actionField{
				role,
				{name: argumentName, displayName: "Name", description: "Its new name"},
				{name: argumentPermissions, displayName: "Permissions", description: "All of what it is to allow: what is not in the list is taken from it", kind: kindTexts},
				{name: argumentDescription, displayName: "Description", description: "Its new description"},
			},
			returns: shown,
			doing:   "changing",
			subject: about,
			run:     p.runUpdateRole,
		},
		{
			name: "delete_role", displayName: "Delete role",
			description: "Deletes a custom role, and takes it from everybody who holds it. Before that it asks each group and each user whether they do.",
			arguments:   []actionField{role},
			returns: []actionField{
				{name: returnHolders, displayName: "Holders", description: "How many users, service accounts and groups held it themselves", kind: kindNumber},
				{name: returnAllCounted, displayName: "All counted", description: "Whether there was time to ask everybody; if not, there may have been more", kind: kindYesNo},
			},
			doing:   "deleting",
			subject: about,
			run:     p.runDeleteRole,
		},
	}
}

// runCreateRole makes a role unless it is there already, as it is asked for.
func (p provisioning) runCreateRole(ctx context.Context, arguments actionArguments) (actionResult, error) {
	in := client.OrganizationScope()
	if project := arguments.id(argumentProject); project != nil {
		in = client.ProjectScope(project.GetResource())
	}
	role, already, err := p.createRole(ctx, in, roleFields(arguments))
	if err != nil {
		return actionResult{}, err
	}
	return resourceResult(argumentRole, role, roleResourceIn(in), already, zap.String("role_id", role.ID))
}

// runUpdateRole changes what is given of a role.
func (p provisioning) runUpdateRole(ctx context.Context, arguments actionArguments) (actionResult, error) {
	if !arguments.has(argumentName) && !arguments.has(argumentDescription) && !arguments.has(argumentPermissions) {
		return actionResult{}, newError(codes.InvalidArgument, "the action update_role needs the argument %s, %s or %s", argumentName, argumentPermissions, argumentDescription)
	}
	at, err := p.roleAddress(ctx, arguments.id(argumentRole))
	if err != nil {
		return actionResult{}, err
	}
	role, already, err := p.updateRole(ctx, at, roleFields(arguments))
	if err != nil {
		return actionResult{}, err
	}
	return resourceResult(argumentRole, role, roleResourceIn(at.in), already)
}

// runDeleteRole deletes a role that is there, and says what it has cost.
func (p provisioning) runDeleteRole(ctx context.Context, arguments actionArguments) (actionResult, error) {
	at, err := p.roleAddress(ctx, arguments.id(argumentRole))
	if err != nil {
		return actionResult{}, err
	}
	held, already, err := p.deleteRole(ctx, at)
	if err != nil {
		return actionResult{}, err
	}
	return actionResult{already: already, fields: []actions.ReturnField{
		actions.NewNumberReturnField(returnHolders, float64(held.count)),
		actions.NewBoolReturnField(returnAllCounted, held.isComplete || already),
	}, logged: []zap.Field{zap.Int(returnHolders, held.count)}}, nil
}

// roleFields are the fields of a role that the arguments give. An empty list of permissions is not given.
func roleFields(arguments actionArguments) client.RoleFields {
	return client.RoleFields{
		Name: arguments.text(argumentName), Description: arguments.text(argumentDescription), Permissions: arguments.texts(argumentPermissions),
	}
}
