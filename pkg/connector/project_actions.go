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

// theProject is the argument of what is done to a project, or in one.
func theProject() actionField {
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
			about: func(a actionArguments) string {
				return "project named " + presentable(a.text(argumentName), maxNameBytes)
			},
			run: p.createProject,
		},
		{
			name: "archive_project", displayName: "Archive project",
			description: "Archives a project for good: it cannot be used any more, nor its keys, and OpenAI has no way back.",
			arguments: []actionField{
				theProject(),
				{name: argumentConfirmName, displayName: "Name of the project", description: "The project's name once more, as it is in OpenAI", required: true},
			},
			returns: returns, doing: "archiving", about: aboutProject, run: p.archiveProject,
		},
		{
			name: "update_project", displayName: "Update project",
			description: "Gives a project another name, another external key, or both. What is left out stays as it is.",
			arguments: []actionField{
				theProject(), {name: argumentName, displayName: "Name", description: "The project's new name"}, externalKey,
			},
			returns: returns, doing: "updating", about: aboutProject, run: p.updateProject,
		},
	}
}

func (p provisioning) createProject(ctx context.Context, arguments actionArguments) (returned, error) {
	wanted := client.NewProject{
		Name: arguments.text(argumentName), Residency: arguments.text(argumentResidency), ExternalKeyID: arguments.text(argumentExternalKeyID),
	}
	project, err := createNamed(ctx, p.consistency, creation[client.Project]{
		name:   wanted.Name,
		list:   func(ctx context.Context) ([]client.Project, error) { return listAll(ctx, p.client.ListProjects) },
		create: func(ctx context.Context) (client.Project, error) { return p.client.CreateProject(ctx, wanted) },
		get:    p.client.GetProject,
		is:     func(project client.Project) (string, string) { return project.ID, project.Name },
	})
	if err != nil {
		return returned{}, err
	}
	return returning(argumentProject, project, projectResource, false, zap.String("project_id", project.ID))
}

// defaultProject is the name by which alone the API lets the organization's default project be told. It is never archived.
const defaultProject = "Default project"

// archiveProject archives what is called as the request says, so that nobody archives another project than they think.
func (p provisioning) archiveProject(ctx context.Context, arguments actionArguments) (returned, error) {
	id := arguments.id(argumentProject).GetResource()
	project, err := p.client.GetProject(ctx, id)
	if err != nil {
		return returned{}, err
	}
	switch {
	case strings.TrimSpace(project.Name) != arguments.text(argumentConfirmName):
		return returned{}, newError(codes.FailedPrecondition, "the project %s has another name than %s says: look which project it is, and repeat its name exactly", id, argumentConfirmName)
	case project.Status == client.ProjectArchived:
		return returning(argumentProject, project, projectResource, true)
	case project.Name == defaultProject:
		return returned{}, newError(codes.FailedPrecondition, "the project %s is called %s, as the one is that OpenAI does not archive", id, defaultProject)
	}
	err = p.consistency.apply(ctx, change{
		write: func(ctx context.Context) error { return p.client.ArchiveProject(ctx, id) },
		read: func(ctx context.Context) (string, error) {
			now, err := p.client.GetProject(ctx, id)
			return now.Status, err
		},
		before: project.Status, wanted: client.ProjectArchived,
		saysDone: func(err error) bool { return kindOf(err) == client.KindProjectArchived },
	})
	if err != nil {
		return returned{}, err
	}
	project.Status = client.ProjectArchived
	return returning(argumentProject, project, projectResource, false)
}

func (p provisioning) updateProject(ctx context.Context, arguments actionArguments) (returned, error) {
	if !arguments.has(argumentName) && !arguments.has(argumentExternalKeyID) {
		return returned{}, newError(codes.InvalidArgument, "the action update_project needs the argument %s or %s", argumentName, argumentExternalKeyID)
	}
	id := arguments.id(argumentProject).GetResource()
	project, err := p.client.GetProject(ctx, id)
	if err != nil {
		return returned{}, err
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
				return changeable(now), err
			},
			before: changeable(project), wanted: changeable(wanted),
		})
	}
	if err != nil {
		return returned{}, err
	}
	return returning(argumentProject, wanted, projectResource, wanted == project)
}

// changeable is what of a project can be changed, in a word.
func changeable(project client.Project) string {
	return fmt.Sprintf("the name %q and the external key %q", project.Name, project.ExternalKeyID)
}
