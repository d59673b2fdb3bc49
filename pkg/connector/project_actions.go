package connector

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentProject       = "project"
	argumentConfirmName   = "confirm_name"
	argumentResidency     = "residency"
	argumentExternalKeyID = "external_key_id"
)

// projectArgument is the argument that names the project of an action.
func projectArgument() actionField {
	return actionField{
		name: argumentProject, displayName: "Project", description: "The project", kind: kindResourceID, required: true, types: types(resourceTypeProject),
	}
}

func (p provisioning) projectActions() []action {
	externalKey := actionField{
		name: argumentExternalKeyID, displayName: "External key ID", description: "The organization's own encryption key that the project's data is encrypted with",
	}
	returns := []actionField{{name: argumentProject, displayName: "Project", description: "The project as it is now", kind: kindResource}}
	return []action{
		{
			name: "create_project", displayName: "Create project",
			description: "Creates a project without members: the owners of the organization own it. Another project may have the same name.",
			arguments: []actionField{
				{name: argumentName, displayName: "Name", description: "The project's name", required: true},
				{name: argumentResidency, displayName: "Residency", description: "Where the project's data stays, of the regions that the organization has access to"},
				externalKey,
			},
			returns: returns, doing: "creating",
			subject: func(a actionArguments) string {
				return "project named " + displayText(a.text(argumentName), maxNameBytes)
			},
			run: p.createProject,
		},
		{
			name: "archive_project", displayName: "Archive project",
			description: "Archives a project for good: it cannot be used any more, nor its keys, and OpenAI has no way back.",
			arguments: []actionField{
				projectArgument(),
				{name: argumentConfirmName, displayName: "Name of the project", description: "The project's name once more, as it is in OpenAI", required: true},
			},
			returns: returns, doing: "archiving", subject: projectSubject, run: p.archiveProject,
		},
		{
			name: "update_project", displayName: "Update project",
			description: "Gives a project another name, another external key, or both. What is left out stays as it is.",
			arguments: []actionField{
				projectArgument(), {name: argumentName, displayName: "Name", description: "The project's new name"}, externalKey,
			},
			returns: returns, doing: "updating", subject: projectSubject, run: p.updateProject,
		},
	}
}

func (p provisioning) createProject(ctx context.Context, arguments actionArguments) (actionResult, error) {
	wanted := client.NewProject{
		Name: arguments.text(argumentName), Residency: arguments.text(argumentResidency), ExternalKeyID: arguments.text(argumentExternalKeyID),
	}
	project, err := createNamed(ctx, p.consistency, creation[client.Project]{
		name:     wanted.Name,
		list:     func(ctx context.Context) ([]client.Project, error) { return listAll(ctx, p.client.ListProjects) },
		create:   func(ctx context.Context) (client.Project, error) { return p.client.CreateProject(ctx, wanted) },
		get:      p.client.GetProject,
		identify: func(project client.Project) (string, string) { return project.ID, project.Name },
	})
	if err != nil {
		return actionResult{}, err
	}
	done, err := resourceResult(argumentProject, project, projectResource, false, zap.String("project_id", project.ID))
	if err != nil {
		return done, err
	}
	for _, field := range []struct{ name, asked, shown string }{
		{argumentResidency, wanted.Residency, project.Residency}, {argumentExternalKeyID, wanted.ExternalKeyID, project.ExternalKeyID},
	} {
		switch {
		case strings.EqualFold(field.asked, field.shown) || field.asked == "":
		case field.shown == "":
			warn(ctx, "OpenAI has made the project and does not show what was asked for: look whether it has it before it is used",
				zap.String("project_id", project.ID), zap.String(field.name, field.asked))
		default:
			return done, newError(codes.FailedPrecondition, "OpenAI made the project %s with the %s %s where %s was asked for: archive it, or keep it as it is",
				project.ID, field.name, field.shown, field.asked)
		}
	}
	return done, nil
}

// defaultProject is the name by which alone the API lets the organization's default project be told. It is never archived.
const defaultProject = "Default project"

// archiveProject archives the project if the request repeats its name, as it is or as a sync shows it: a wrong id archives nothing.
func (p provisioning) archiveProject(ctx context.Context, arguments actionArguments) (actionResult, error) {
	id := arguments.id(argumentProject).GetResource()
	project, err := p.client.GetProject(ctx, id)
	if err != nil {
		return actionResult{}, err
	}
	confirmed := arguments.text(argumentConfirmName)
	switch {
	case confirmed != strings.TrimSpace(project.Name) && confirmed != strings.TrimSpace(profile{}.name(id, project.Name)):
		return actionResult{}, newError(codes.FailedPrecondition, "the project %s has another name than %s says: look which project it is, and repeat its name exactly", id, argumentConfirmName)
	case project.Status == client.ProjectArchived:
		return resourceResult(argumentProject, project, projectResource, true)
	case project.Name == defaultProject:
		return actionResult{}, newError(codes.FailedPrecondition, "the project %s is called %s, as the one is that OpenAI does not archive", id, defaultProject)
	}
	err = p.consistency.apply(ctx, change{
		write: func(ctx context.Context) error { return p.client.ArchiveProject(ctx, id) },
		read: func(ctx context.Context) (string, error) {
			now, err := p.client.GetProject(ctx, id)
			return now.Status, err
		},
		before: project.Status, wanted: client.ProjectArchived,
		meansDone: func(err error) bool { return kindOf(err) == client.KindProjectArchived },
	})
	if err != nil {
		return actionResult{}, err
	}
	project.Status = client.ProjectArchived
	return resourceResult(argumentProject, project, projectResource, false)
}

func (p provisioning) updateProject(ctx context.Context, arguments actionArguments) (actionResult, error) {
	if !arguments.has(argumentName) && !arguments.has(argumentExternalKeyID) {
		return actionResult{}, newError(codes.InvalidArgument, "the action update_project needs the argument %s or %s", argumentName, argumentExternalKeyID)
	}
	id := arguments.id(argumentProject).GetResource()
	project, err := p.client.GetProject(ctx, id)
	if err != nil {
		return actionResult{}, err
	}
	to := client.ProjectChange{Name: arguments.text(argumentName), ExternalKeyID: arguments.text(argumentExternalKeyID)}
	wanted := project
	wanted.Name, wanted.ExternalKeyID = cmp.Or(to.Name, project.Name), cmp.Or(to.ExternalKeyID, project.ExternalKeyID)
	if wanted != project {
		err = p.consistency.apply(ctx, change{
			write: func(ctx context.Context) error {
				_, err := p.client.ModifyProject(ctx, id, to)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				now, err := p.client.GetProject(ctx, id)
				return describeProject(now), err
			},
			before: describeProject(project), wanted: describeProject(wanted),
		})
	}
	if err != nil {
		return actionResult{}, err
	}
	return resourceResult(argumentProject, wanted, projectResource, wanted == project)
}

// describeProject describes the fields of a project that can be changed.
func describeProject(project client.Project) string {
	return fmt.Sprintf("the name %q and the external key %q", project.Name, project.ExternalKeyID)
}
