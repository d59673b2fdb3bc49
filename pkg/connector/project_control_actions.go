package connector

import (
	"context"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// projectControlActions set what a project may use and spend. Nothing of that is part of a sync.
func (p provisioning) projectControlActions() []action {
	return slices.Concat(p.projectModelsActions(), p.projectToolsActions(), p.projectRateLimitActions(), p.spendLimitActions())
}

// projectReturned is the project of an action.
func projectReturned() actionField {
	return actionField{name: argumentProject, displayName: "Project", description: "The project", kind: kindResource}
}

func aboutProject(a actionArguments) string { return aboutPrincipal(a.id(argumentProject)) }

// setInProject makes a change of something of a project that is there and not archived, unless it reads as made already. The
// change is put together when the project has been found.
func (p provisioning) setInProject(ctx context.Context, id *v2.ResourceId, changeIn func(context.Context, client.Project) (change, error)) (returned, error) {
	project, err := p.client.GetProject(ctx, id.GetResource())
	if err != nil {
		return returned{}, err
	}
	if project.Status == client.ProjectArchived {
		return returned{}, newError(codes.FailedPrecondition, "the project %s is archived, which cannot be undone: nothing of it can be changed", project.ID)
	}
	wanted, err := changeIn(ctx, project)
	if err != nil {
		return returned{}, err
	}
	already, err := p.consistency.ensure(ctx, wanted)
	if err != nil {
		return returned{}, err
	}
	return returning(argumentProject, project, projectResource, already)
}
