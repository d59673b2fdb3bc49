package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

const argumentServiceAccount = "service_account"

func (p provisioning) serviceAccountActions() []action {
	return []action{{
		name: "create_service_account", displayName: "Create service account",
		description: "Creates a service account in a project, without a role and without a key. Another one may have the same name.",
		arguments: []actionField{
			projectArgument(), {name: argumentName, displayName: "Name", description: "The service account's name", required: true},
		},
		returns: []actionField{{name: argumentServiceAccount, displayName: "Service account", description: "The service account", kind: kindResource}},
		doing:   "creating",
		subject: func(a actionArguments) string {
			return "service account named " + displayText(a.text(argumentName), maxNameBytes) + " in the " + subjectOf(a.id(argumentProject))
		},
		run: p.createServiceAccount,
	}}
}

// createServiceAccount makes an account without a key. If the API makes a key all the same, its value is neither
// returned nor kept.
func (p provisioning) createServiceAccount(ctx context.Context, arguments actionArguments) (actionResult, error) {
	project, name := arguments.id(argumentProject), arguments.text(argumentName)
	var key client.UnaskedKey
	account, err := createNamed(ctx, p.consistency, creation[client.ServiceAccount]{
		name: name,
		list: func(ctx context.Context) ([]client.ServiceAccount, error) {
			return listAll(ctx, listOf(p.client.ListProjectServiceAccounts, project.GetResource()))
		},
		create: func(ctx context.Context) (client.ServiceAccount, error) {
			made, err := p.client.CreateProjectServiceAccount(ctx, project.GetResource(), name)
			key = made.Key
			return made.ServiceAccount, err
		},
		get: func(ctx context.Context, id string) (client.ServiceAccount, error) {
			return p.client.GetProjectServiceAccount(ctx, project.GetResource(), id)
		},
		identify: func(account client.ServiceAccount) (string, string) { return account.ID, account.Name },
	})
	if err != nil {
		return actionResult{}, err
	}
	done, err := resourceResult(argumentServiceAccount, account,
		func(account client.ServiceAccount) (*v2.Resource, error) {
			return serviceAccountResource(project, account)
		},
		false, zap.String("service_account_id", account.ID))
	if err != nil {
		return actionResult{}, err
	}
	role := cmp.Or(account.Role, serviceAccountWithoutRole)
	switch {
	case key.IsThere:
		return done, newError(codes.FailedPrecondition,
			"OpenAI made the service account %s with the key %q, which nobody asked for and nobody has read: delete the service account, and the key goes with it", account.ID, key.ID)
	case role != serviceAccountWithoutRole:
		return done, newError(codes.FailedPrecondition,
			"OpenAI made the service account %s with the role %s, which nobody asked for: delete the service account, or keep it with that role", account.ID, role)
	default:
		return done, nil
	}
}
