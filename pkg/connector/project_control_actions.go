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

// projectReturn is the project of an action.
func projectReturn() actionField {
	return actionField{name: argumentProject, displayName: "Project", description: "The project", kind: kindResource}
}

func projectSubject(a actionArguments) string { return subjectOf(a.id(argumentProject)) }

// changeInProject makes a change of something of a project that is there and not archived, unless it reads as made already. The
// change is put together when the project has been found.
func (p provisioning) changeInProject(ctx context.Context, id *v2.ResourceId, changeIn func(context.Context, client.Project) (change, error)) (actionResult, error) {
	project, err := p.client.GetProject(ctx, id.GetResource())
	if err != nil {
		return actionResult{}, err
	}
	if project.Status == client.ProjectArchived {
		return actionResult{}, newError(codes.FailedPrecondition, "the project %s is archived, which cannot be undone: nothing of it can be changed", project.ID)
	}
	wanted, err := changeIn(ctx, project)
	if err != nil {
		return actionResult{}, err
	}
	already, err := p.consistency.ensure(ctx, wanted)
	if err != nil {
		return actionResult{}, err
	}
	return resourceResult(argumentProject, project, projectResource, already)
}
