package connector

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentMode     = "mode"
	argumentModelIDs = "model_ids"

	// modeAll is ours: the API has no mode for a project that may use every model, but deletes what is set.
	modeAll = "all"
)

// stateEveryModel is the word for a project whose models nobody has set.
const stateEveryModel = "every model"

func (p provisioning) projectModelsActions() []action {
	return []action{{
		name: "set_project_models", displayName: "Set project models",
		description: "Says which models a project may use: those of a list only, all but those of a list, or every one.",
		arguments: []actionField{
			projectArgument(),
			{
				name: argumentMode, displayName: "Mode", required: true,
				description: "allow_list for the models of the list only, deny_list for all other models, all for every model",
			},
			{
				name: argumentModelIDs, displayName: "Models", kind: kindTexts,
				description: "The ids of the models, such as gpt-4.1, in place of those that were set before; none with the mode all",
			},
		},
		returns: []actionField{projectReturn()},
		doing:   "setting the models of",
		subject: projectSubject,
		run:     p.setProjectModels,
	}}
}

// setProjectModels leaves it to the API which models there are: it takes those that the organization sees, fine-tuned ones
// included, which no list of the Admin API has. https://developers.openai.com/api/docs/guides/admin-apis
func (p provisioning) setProjectModels(ctx context.Context, arguments actionArguments) (actionResult, error) {
	wanted, err := requestedModels(arguments)
	if err != nil {
		return actionResult{}, err
	}
	return p.changeInProject(ctx, arguments.id(argumentProject), func(_ context.Context, project client.Project) (change, error) {
		return change{
			write: func(ctx context.Context) error {
				if wanted.Mode == "" {
					return p.client.DeleteProjectModelPermissions(ctx, project.ID)
				}
				_, err := p.client.ModifyProjectModelPermissions(ctx, project.ID, wanted.Mode, wanted.ModelIDs)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				models, err := p.client.GetProjectModelPermissions(ctx, project.ID)
				return describeModels(models), ignoreGone(err)
			},
			wanted: describeModels(wanted),
		}, nil
	})
}

// requestedModels are the models that an action asks for; without a mode, every model.
func requestedModels(arguments actionArguments) (client.ModelPermissions, error) {
	mode, ids := arguments.text(argumentMode), arguments.texts(argumentModelIDs)
	for _, id := range ids {
		if !isPrintable(id) {
			return client.ModelPermissions{}, newError(codes.InvalidArgument, "%s has an id with a character that no id has", argumentModelIDs)
		}
	}
	switch mode {
	case modeAll:
		if len(ids) > 0 {
			return client.ModelPermissions{}, newError(codes.InvalidArgument, "the mode %s is for every model: leave %s out, or give the mode %s or %s",
				modeAll, argumentModelIDs, client.ModelsAllowed, client.ModelsDenied)
		}
		return client.ModelPermissions{}, nil
	case client.ModelsAllowed, client.ModelsDenied:
		if len(ids) == 0 {
			return client.ModelPermissions{}, newError(codes.InvalidArgument, "the mode %s needs the models in %s; for every model give the mode %s", mode, argumentModelIDs, modeAll)
		}
		return client.ModelPermissions{Mode: mode, ModelIDs: sortedSet(ids)}, nil
	default:
		return client.ModelPermissions{}, newError(codes.InvalidArgument, "there is no such mode: give %s, %s or %s", client.ModelsAllowed, client.ModelsDenied, modeAll)
	}
}

// describeModels disregards the order, of which the API promises none.
func describeModels(models client.ModelPermissions) string {
	if models.Mode == "" {
		return stateEveryModel
	}
	return models.Mode + " of " + strings.Join(sortedSet(models.ModelIDs), ", ")
}

func sortedSet(texts []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}
