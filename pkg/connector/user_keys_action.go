package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/actions"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentUser         = "user"
	argumentAfterProject = "after_project"
)

func (p provisioning) userKeysActions() []action {
	return []action{{
		name: "delete_user_keys", displayName: "Delete a user's API keys",
		description: "Deletes every API key that a user owns, the admin keys and then those of each project, also where the user has left. " +
			"The connector's own key stays. In an organization of many projects it takes more than one run.",
		arguments: []actionField{
			{name: argumentUser, displayName: "User", description: "The user, who need not be there any more", kind: kindResourceID, required: true, types: types(resourceTypeUser)},
			{name: argumentAfterProject, displayName: "After project", description: "The last project that an earlier run was through with, as it returned it"},
		},
		returns: []actionField{
			{name: "deleted", displayName: "Deleted", description: "How many keys were deleted", kind: kindNumber},
			{name: "not_deleted", displayName: "Not deleted", description: "How many keys could not be deleted", kind: kindNumber},
			{name: argumentAfterProject, displayName: "After project", description: "The last project that it was through with, where it did not come to the end"},
		},
		doing:   "deleting",
		subject: func(a actionArguments) string { return "keys of the " + subjectOf(a.id(argumentUser)) },
		run:     p.deleteUserKeys,
	}}
}

// userKeys is how far the deletion of a user's keys has come.
type userKeys struct {
	provisioning

	userID string
	// isUser says whether the organization has the user; nil before it is asked.
	isUser  *bool
	deleted int
	// failed are the keys that could not be deleted, firstError is the error of the first one.
	failed     []string
	firstError error
	// ownerless are the keys of which OpenAI does not say whose they are.
	ownerless []string
	// afterProject is the last project that is done.
	afterProject string
}

// deleteUserKeys goes on where one key cannot be deleted, and not where keys cannot be listed. The projects go by their ids, so
// that the next run can go on behind one of them.
func (p provisioning) deleteUserKeys(ctx context.Context, arguments actionArguments) (actionResult, error) {
	keys := &userKeys{
		provisioning: p, userID: arguments.id(argumentUser).GetResource(), afterProject: arguments.text(argumentAfterProject),
	}
	err := keys.deleteAll(ctx)
	if len(keys.ownerless) > 0 {
		warn(ctx, "OpenAI does not say whose these API keys are: they stay, and may be the user's", zap.Strings("api_key_ids", keys.ownerless))
	}
	fields := []actions.ReturnField{
		actions.NewNumberReturnField("deleted", float64(keys.deleted)),
		actions.NewNumberReturnField("not_deleted", float64(len(keys.failed))),
	}
	if err != nil && keys.afterProject != "" {
		fields = append(fields, actions.NewStringReturnField(argumentAfterProject, keys.afterProject))
	}
	done := actionResult{already: keys.deleted == 0, fields: fields, logged: []zap.Field{zap.Int("deleted", keys.deleted), zap.Int("not_deleted", len(keys.failed))}}
	return done, keys.outcome(ctx, err)
}

func (k *userKeys) deleteAll(ctx context.Context) error {
	if k.afterProject == "" {
		if err := k.deleteAdminKeys(ctx); err != nil {
			return err
		}
	}
	projects, err := listAll(ctx, k.client.ListProjects)
	if err != nil {
		return err
	}
	if err := k.checkAfterProject(ctx, projects); err != nil {
		return err
	}
	slices.SortFunc(projects, func(a, b client.Project) int { return cmp.Compare(a.ID, b.ID) })
	for _, project := range projects {
		if project.Status == client.ProjectArchived || project.ID <= k.afterProject {
			continue
		}
		if err := k.deleteProjectKeys(ctx, project.ID); err != nil {
			return err
		}
		k.afterProject = project.ID
	}
	return nil
}

// checkAfterProject refuses a project that there is not, since the keys before it would be left out. One that is archived is not in the
// list any more.
//
// GET /organization/projects/{project_id}, only for such a one.
func (k *userKeys) checkAfterProject(ctx context.Context, projects []client.Project) error {
	isDone := func(project client.Project) bool { return project.ID == k.afterProject }
	if k.afterProject == "" || slices.ContainsFunc(projects, isDone) {
		return nil
	}
	if !isKeyValue(k.afterProject) {
		if _, err := k.client.GetProject(ctx, k.afterProject); !isGone(err) {
			return err
		}
	}
	unknown := k.afterProject
	k.afterProject = "" // it is no place to go on from
	return newError(codes.InvalidArgument, "there is no project %q, after which to go on: leave %s out", unknown, argumentAfterProject)
}

func (k *userKeys) deleteAdminKeys(ctx context.Context) error {
	rows, err := listAll(ctx, k.client.ListAdminAPIKeys)
	if err != nil {
		return err
	}
	for _, key := range rows {
		if key.IsProjectKey() {
			continue
		}
		if isUsers, err := k.ownsKey(ctx, key.ID, key.Owner.ID, key.Owner.OwnerType()); err != nil {
			return err
		} else if !isUsers {
			continue
		}
		if k.client.IsOwnKey(key) {
			k.addFailure(key.ID, errors.New("the connector itself uses it, and needs another key first"))
			continue
		}
		if err := k.deleteOne(ctx, key.ID, func(ctx context.Context) error { return k.deleteKeyOfOrganization(ctx, key.ID) }); err != nil {
			return err
		}
	}
	return nil
}

// ownsKey tells whether a key is the user's. Some users are service accounts, and their keys say so: an id that is a user's and a
// service account's is the user's.
//
// GET /organization/users/{user_id}, once, and only for such a key.
func (k *userKeys) ownsKey(ctx context.Context, keyID, ownerID, ownerType string) (bool, error) {
	if ownerID == "" {
		k.ownerless = append(k.ownerless, keyID)
	}
	if ownerID != k.userID || ownerType != client.OwnerServiceAccount {
		return ownerID == k.userID, nil
	}
	if k.isUser == nil {
		_, err := k.client.GetUser(ctx, k.userID)
		if ignoreGone(err) != nil {
			return false, err
		}
		isUser := err == nil
		k.isUser = &isUser
	}
	return *k.isUser, nil
}

// deleteProjectKeys lists all keys before it deletes one: a place in a list goes with its key.
func (k *userKeys) deleteProjectKeys(ctx context.Context, projectID string) error {
	rows, err := listAll(client.Awaited(ctx), listOf(k.client.ListProjectAPIKeys, projectID))
	if err != nil {
		if project, readErr := k.client.GetProject(ctx, projectID); readErr == nil && project.Status == client.ProjectArchived {
			return nil // its keys open nothing any more
		}
		return err
	}
	for _, key := range rows {
		if isUsers, err := k.ownsKey(ctx, key.ID, key.Owner.OwnerID(), key.Owner.OwnerType()); err != nil {
			return err
		} else if !isUsers {
			continue
		}
		if err := k.deleteOne(ctx, key.ID, func(ctx context.Context) error { return k.deleteKeyOfProject(ctx, projectID, key.ID) }); err != nil {
			return err
		}
	}
	return nil
}

// deleteOne gives an error only if the next key would meet the same.
func (k *userKeys) deleteOne(ctx context.Context, id string, remove func(context.Context) error) error {
	err := remove(ctx)
	switch {
	case err == nil:
		k.deleted++
	case isFinal(err), ctx.Err() != nil:
		return err
	default:
		k.addFailure(id, err)
	}
	return nil
}

func (k *userKeys) addFailure(id string, err error) {
	k.failed = append(k.failed, id)
	if k.firstError == nil {
		k.firstError = err
	}
}

// outcome is the error of the whole, which says how far it came and what to do next.
func (k *userKeys) outcome(ctx context.Context, err error) error {
	count := fmt.Sprintf("%d deleted, %d could not be deleted", k.deleted, len(k.failed))
	nextStep := "run it again"
	if k.afterProject != "" {
		nextStep += fmt.Sprintf(" with %s %s to go on", argumentAfterProject, displayText(k.afterProject, maxNameBytes))
	}
	var apiError *client.Error
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return newError(codes.DeadlineExceeded, "deleting the keys of the user %s takes more time than there is (%s): %s", k.userID, count, nextStep)
	case err != nil:
		return fmt.Errorf("%s, then it stopped (%s): %w", count, nextStep, err)
	case len(k.failed) == 0:
		return nil
	case errors.As(k.firstError, &apiError):
		return fmt.Errorf("%s, the first of them %s: %w", count, k.failed[0], k.firstError)
	default:
		return newError(codes.FailedPrecondition, "deleting the keys of the user %s: %s, the first of them %s: %w", k.userID, count, k.failed[0], k.firstError)
	}
}
