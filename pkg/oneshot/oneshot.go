// Package oneshot does one thing and ends: it makes a sync or a change, with the connector in this process.
//
// The SDK's runner, which the daemon has, starts the connector as a process of its own and kills it as soon as the command
// is done. Where it hears of that before it hears of the command's error, it ends with status 0; and it keeps nothing of a
// sync that fails.
package oneshot

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/provisioner"
	"github.com/conductorone/baton-sdk/pkg/synccompactor"
	"github.com/conductorone/baton-sdk/pkg/tasks/local"
	"github.com/conductorone/baton-sdk/pkg/tempdir"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/spf13/viper"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// Run is one thing to do.
type Run struct {
	// Settings are the SDK's, from wherever they were given.
	Settings  *viper.Viper
	Connector Connector
}

// Connector is this repository's, which knows whose key it has.
type Connector interface {
	connectorbuilder.ConnectorBuilderV2

	// Calls is how many calls of the API were made so far.
	Calls() int64
	// Organization is what the API has called the organization of the key so far, "" if it has not.
	Organization() string
	// OrganizationID asks for the organization's id; "" where that does not show.
	OrganizationID(ctx context.Context) (string, error)
	// HoldSession says that the file stays open until LeaveSession returns.
	HoldSession()
	LeaveSession()
}

// Do does what the SDK's settings ask for. The first SIGTERM or Ctrl-C ends it, a second one the process at once.
func (r *Run) Do(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	text := r.Settings.GetString
	path := text("file")
	switch {
	case text("grant-entitlement") != "":
		return r.change(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewGranter(c, path, text("grant-entitlement"), text("grant-principal"), text("grant-principal-type"))
		})
	case text("revoke-grant") != "":
		return r.change(ctx, func(c types.ConnectorClient) *provisioner.Provisioner {
			return provisioner.NewRevoker(c, path, text("revoke-grant"))
		})
	case text("create-account-profile") != "" || text("create-account-login") != "":
		profile, err := r.accountProfile()
		if err != nil {
			return err
		}
		login, email := profile.GetFields()["login"].GetStringValue(), profile.GetFields()["email"].GetStringValue()
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
		return ended(ctx, r.compact(ctx))
	default:
		return r.sync(ctx)
	}
}

func (r *Run) change(ctx context.Context, provision func(types.ConnectorClient) *provisioner.Provisioner) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	change := provision(client)
	err = change.Run(ctx)
	return errors.Join(ended(ctx, err), change.Close(context.WithoutCancel(ctx)))
}

// events prints the events of a feed.
func (r *Run) events(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	start, err := time.Parse(time.RFC3339, r.Settings.GetString("event-feed-start-at"))
	if err != nil {
		return status.Error(codes.InvalidArgument, "baton-openai: --event-feed-start-at is not a time such as 2026-01-31T00:00:00Z")
	}
	feed := local.NewEventFeed(ctx, r.Settings.GetString("event-feed-id"), start, r.Settings.GetString("event-feed-cursor"))
	task, _, err := feed.Next(ctx)
	if err == nil {
		err = feed.Process(ctx, task, client)
	}
	return ended(ctx, err)
}

// accountProfile has the flags for the login and the address as well, where the profile itself does not name them.
func (r *Run) accountProfile() (*structpb.Struct, error) {
	profile := r.Settings.GetStringMap("create-account-profile")
	for _, key := range []string{"login", "email"} {
		if value := r.Settings.GetString("create-account-" + key); value != "" && profile[key] == nil {
			profile[key] = value
		}
	}
	return structpb.NewStruct(profile)
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
	return local.NewLocalCompactor(ctx, r.Settings.GetString("compact-output-path"), syncs, r.temporary(),
		local.WithCompactorStorageEngine(c1zstore.Engine(r.Settings.GetString("storage-engine")))).Process(ctx, nil, nil)
}

func (r *Run) temporary() string { return tempdir.Resolve(r.Settings.GetString("c1z-temp-dir")) }

// client gives a client of the connector, whose syncs have the session store.
func (r *Run) client(ctx context.Context, store sessions.SessionStore, interceptors ...interceptor) (types.ConnectorClient, error) {
	server, err := connectorbuilder.NewConnector(ctx, r.Connector, connectorbuilder.WithSessionStore(store))
	if err != nil {
		return nil, err
	}
	return connect(ctx, server, interceptors...), nil
}

// ended gives how a run ends that was stopped, or that the connector or the SDK failed. What the connector says has the
// prefix already and is told without gRPC's.
func ended(ctx context.Context, err error) error {
	said, isStatus := status.FromError(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &failedError{Code: codes.Canceled, Message: "baton-openai: stopped by a signal; a sync goes on from its file when it is run again"}
	case isStatus:
		return &failedError{Code: said.Code(), Message: said.Message()}
	default:
		return err
	}
}

// failedError is how a run failed, as it is told to people.
type failedError struct {
	Code    codes.Code
	Message string
}

func (f *failedError) Error() string { return f.Message }

// GRPCStatus is what the exit status is made of.
func (f *failedError) GRPCStatus() *status.Status { return status.New(f.Code, f.Message) }
