// Package oneshot runs one sync, change, action or event feed, with the connector in this process.
//
// The SDK's runner, which a daemon uses, starts the connector as a process of its own and kills it at the end. It may see the
// end of that process before the error of the command, and then exits with status 0. It also keeps nothing of a failed sync.
package oneshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/provisioner"
	"github.com/conductorone/baton-sdk/pkg/synccompactor"
	"github.com/conductorone/baton-sdk/pkg/tasks/local"
	"github.com/conductorone/baton-sdk/pkg/tempdir"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/continuation"
	"github.com/conductorone/baton-openai/pkg/failure"
	"github.com/conductorone/baton-openai/pkg/process"
	"github.com/conductorone/baton-openai/pkg/syncfile"
)

// Run is one run of the command.
type Run struct {
	// Settings are the SDK's, of the command line, the environment and the configuration file.
	Settings  *viper.Viper
	Connector Connector
}

// Connector is the connector of this repository.
type Connector interface {
	connectorbuilder.ConnectorBuilderV2
	continuation.Organization

	// Calls is the number of calls of the API so far.
	Calls() int64
	// ReadAhead has lists read before the syncer asks for them. The file must stay open until StopReading returns.
	ReadAhead()
	StopReading()
}

// Do runs what the settings ask for. The first signal stops the run, the second one kills the process.
func (r *Run) Do(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, process.StopSignals()...)
	defer stop()
	context.AfterFunc(ctx, func() {
		process.IgnoreHangup()
		stop()
	})
	text := r.Settings.GetString
	path := text("file")
	switch {
	case text("grant-entitlement") != "":
		return r.changeFromFile(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewGranter(c, path, text("grant-entitlement"), text("grant-principal"), text("grant-principal-type"))
		})
	case text("revoke-grant") != "":
		return r.changeFromFile(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewRevoker(c, path, text("revoke-grant"))
		})
	case text("create-account-profile") != "" || text("create-account-login") != "":
		login, email, profile, err := r.account()
		if err != nil {
			return err
		}
		return r.change(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewCreateAccountManager(c, path, login, email, profile, text("create-account-resource-type"))
		})
	case text("delete-resource") != "":
		return r.change(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewResourceDeleter(c, path, text("delete-resource"), text("delete-resource-type"))
		})
	case text("event-feed") != "":
		return r.events(ctx)
	case text("invoke-action") != "":
		return r.invokeAction(ctx)
	case r.Settings.GetBool("list-action-schemas"):
		return r.listActions(ctx)
	case r.Settings.GetBool("compact-syncs"):
		return runError(ctx, r.compact(ctx))
	default:
		return r.sync(ctx)
	}
}

// changeFromFile makes a change whose subject is in the file. An error before the connector is called is one of the file. It is not
// quoted: it may have a key that was given as an id.
func (r *Run) changeFromFile(ctx context.Context, provision func(types.ConnectorClient) *provisioner.Provisioner) error {
	if err := syncfile.CheckTemporary(r.temporaryDirectory()); err != nil {
		return err
	}
	var isCalled atomic.Bool
	err := r.change(ctx, provision, func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		isCalled.Store(true)
		return handle(ctx, request)
	})
	if err == nil || isCalled.Load() || ctx.Err() != nil {
		return err
	}
	path := r.Settings.GetString("file")
	switch st, isStatus := status.FromError(err); {
	case !isStatus:
		return &failure.Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf(
			"baton-openai: %s cannot be read: %v; sync into another file, and name that one with --file", path, err)}
	case st.Code() == codes.FailedPrecondition:
		return &failure.Error{Code: st.Code(), Message: fmt.Sprintf("baton-openai: %s has no sync: sync first, or name the file of a sync with --file", path)}
	default:
		return &failure.Error{Code: st.Code(), Message: fmt.Sprintf("baton-openai: %s does not have what is to be changed: "+
			"copy the ids as baton entitlements, baton resources and baton grants show them, or sync again", path)}
	}
}

func (r *Run) change(ctx context.Context, provision func(types.ConnectorClient) *provisioner.Provisioner, interceptors ...interceptor) error {
	client, err := r.client(ctx, nil, interceptors...)
	if err != nil {
		return err
	}
	change := provision(client)
	err = runError(ctx, change.Run(ctx))
	if err != nil && ctx.Err() != nil {
		err = &failure.Error{Code: codes.Canceled, Message: "baton-openai: stopped by a signal: whether the change took effect is not known; " +
			"run it again, which changes nothing that is done already"}
	}
	return errors.Join(err, change.Close(context.WithoutCancel(ctx)))
}

// events prints the events of a feed. The SDK's command goes on, and succeeds, when they cannot be written.
func (r *Run) events(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	start, err := time.Parse(time.RFC3339, r.Settings.GetString("event-feed-start-at"))
	if err != nil {
		return status.Error(codes.InvalidArgument, "baton-openai: --event-feed-start-at is not a time such as 2026-01-31T00:00:00Z")
	}
	for cursor := r.Settings.GetString("event-feed-cursor"); ; {
		answer, err := client.ListEvents(ctx, v2.ListEventsRequest_builder{
			Cursor: cursor, StartAt: timestamppb.New(start), EventFeedId: r.Settings.GetString("event-feed-id"), PageSize: local.EventsPerPageLocally,
		}.Build())
		if err != nil {
			return runError(ctx, err)
		}
		for _, event := range answer.GetEvents() {
			if err := printJSON(event); err != nil {
				return err
			}
		}
		if cursor = answer.GetCursor(); !answer.GetHasMore() {
			return nil
		}
	}
}

// account gives the login, the address and the profile of the account. The flags for the login and the address stand in for what
// the profile lacks, and are not put into it: the connector warns of keys that it does nothing with.
func (r *Run) account() (string, string, *structpb.Struct, error) {
	fields := r.Settings.GetStringMap("create-account-profile")
	login, email := r.Settings.GetString("create-account-login"), r.Settings.GetString("create-account-email")
	if text, isText := fields["email"].(string); isText {
		email = cmp.Or(strings.TrimSpace(text), email)
	}
	if text, isText := fields["login"].(string); isText && text != "" {
		login = text
		if email == "" {
			delete(fields, "login") // it is the address
		}
	}
	profile, err := structpb.NewStruct(fields)
	return login, email, profile, err
}

func (r *Run) compact(ctx context.Context) error {
	paths, ids := r.Settings.GetStringSlice("compact-file-paths"), r.Settings.GetStringSlice("compact-sync-ids")
	if len(paths) != len(ids) {
		return status.Error(codes.InvalidArgument, "baton-openai: --compact-sync-ids has to name one sync for each of --compact-file-paths")
	}
	syncs := make([]*synccompactor.CompactableSync, len(paths))
	for i := range paths {
		syncs[i] = &synccompactor.CompactableSync{FilePath: paths[i], SyncID: ids[i]}
	}
	process.RestrictNewFiles()
	return local.NewLocalCompactor(ctx, r.Settings.GetString("compact-output-path"), syncs, r.temporaryDirectory(),
		local.WithCompactorStorageEngine(r.engine())).Process(ctx, nil, nil)
}

func (r *Run) temporaryDirectory() string {
	return tempdir.Resolve(r.Settings.GetString("c1z-temp-dir"))
}

// client gives a client of the connector. The store is the session store of its syncs.
func (r *Run) client(ctx context.Context, store sessions.SessionStore, interceptors ...interceptor) (types.ConnectorClient, error) {
	server, err := connectorbuilder.NewConnector(ctx, r.Connector, connectorbuilder.WithSessionStore(store))
	if err != nil {
		return nil, err
	}
	return connect(ctx, server, interceptors...), nil
}

// runError gives the error of a run. A run that a signal stopped has an error of its own; an error of the connector, or of the
// SDK, loses gRPC's prefix and keeps its code.
func runError(ctx context.Context, err error) error {
	st, isStatus := status.FromError(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &failure.Error{Code: codes.Canceled, Message: "baton-openai: stopped by a signal; a sync goes on from its file when it is run again"}
	case isStatus:
		return &failure.Error{Code: st.Code(), Message: st.Message()}
	default:
		return err
	}
}
