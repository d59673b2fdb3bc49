package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/actions"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

var _ connectorbuilder.GlobalActionProvider = (*Connector)(nil)

// action is a change that is neither a grant nor the creation or deletion of a resource. Its name, its arguments and its
// results are permanent: ConductorOne stores workflows with them.
type action struct {
	name        string
	displayName string
	description string
	arguments   []actionField
	// returns are the results besides success. They never hold a key: results are logged and stored.
	returns []actionField
	// doing and subject say in errors what is being done, such as "archiving" and "project proj_1". Actions and
	// deletions with the same subject run one after the other.
	doing   string
	subject func(actionArguments) string
	run     func(context.Context, actionArguments) (actionResult, error)
}

// actionResult is the result of an action, also of one that failed halfway.
type actionResult struct {
	// already says that nothing had to be done.
	already bool
	fields  []actions.ReturnField
	// logged are the fields for the log, such as the id of a new project.
	logged []zap.Field
}

// resourceResult is the result with one resource, which is returned under the name.
func resourceResult[T any](name string, row T, makeResource func(T) (*v2.Resource, error), already bool, logged ...zap.Field) (actionResult, error) {
	resource, err := makeResource(row)
	if err != nil {
		return actionResult{}, err
	}
	field, err := actions.NewResourceReturnField(name, resource)
	return actionResult{already: already, fields: []actions.ReturnField{field}, logged: logged}, err
}

// actionLimit is how long an action may take, the wait for another change included. The SDK gives it an hour.
const actionLimit = 10 * time.Minute

// actions are all actions. None belongs to a resource type.
func (p provisioning) actions() []action {
	return slices.Concat(
		p.projectActions(),
		p.serviceAccountActions(),
		p.groupActions(),
		p.roleActions(),
		p.userKeysActions(),
		p.projectControlActions(),
	)
}

// ActionNames are the names of the actions.
func ActionNames() []string {
	return convert(provisioning{}.actions(), func(a action) string { return a.name })
}

// RefuseActions makes the connector refuse every action: a service without --provisioning changes nothing. The SDK
// refuses all other changes itself, but not actions.
func (c *Connector) RefuseActions() { c.actionsRefused = true }

// GlobalActions registers the actions.
func (c *Connector) GlobalActions(ctx context.Context, registry actions.ActionRegistry) error {
	for _, a := range c.provisioning().actions() {
		if err := registry.Register(ctx, a.schema(), c.handler(a)); err != nil {
			return fmt.Errorf("baton-openai: registering the action %s: %w", a.name, err)
		}
	}
	return nil
}

// handler is the frame of every action. The SDK makes a text of its error; the annotation keeps the code.
func (c *Connector) handler(a action) actions.ActionHandler {
	return func(ctx context.Context, given *structpb.Struct) (*structpb.Struct, annotations.Annotations, error) {
		done, err := c.act(ctx, a, given)
		if err != nil {
			return actions.NewReturnValues(false, done.fields...), annotations.New(status.Convert(err).Proto()), err
		}
		return actions.NewReturnValues(true, done.fields...), nil, nil
	}
}

// act checks what is given for an action, waits for what excludes it, does it, and logs it once.
func (c *Connector) act(ctx context.Context, a action, given *structpb.Struct) (actionResult, error) {
	switch {
	case c.actionsRefused:
		return actionResult{}, newError(codes.FailedPrecondition, "the service changes nothing: start it with --provisioning")
	case c.client == nil:
		return actionResult{}, MissingAdminKey()
	}
	arguments, err := a.parse(given)
	if err != nil {
		return actionResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.actionLimit)
	defer cancel()
	done, err := exclusively(ctx, c.provisioning(), a.subject(arguments), func(ctx context.Context) (actionResult, error) { return a.run(ctx, arguments) })
	logChange(ctx, a.name, done.already, err, append(arguments.logFields(), done.logged...)...)
	if err == nil {
		return done, nil
	}
	doing := a.doing + " the " + a.subject(arguments)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !isConnectorError(err) {
		return done, newError(codes.DeadlineExceeded, "%s took longer than %s: what it has done stays; sync to see what there is before you run it again: %w", doing, c.actionLimit, err)
	}
	return done, changeError(doing, err)
}
