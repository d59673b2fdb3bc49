// Command baton-openai reads who has access to an OpenAI organization into a c1z file.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/config"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorrunner"
	"github.com/conductorone/baton-sdk/pkg/exit"
	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/conductorone/baton-sdk/pkg/tempdir"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"go.uber.org/zap"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/health"
	"github.com/conductorone/baton-openai/pkg/oneshot"
	"github.com/conductorone/baton-openai/pkg/process"
	"github.com/conductorone/baton-openai/pkg/service"
	"github.com/conductorone/baton-openai/pkg/sessionstore"
)

// version is set by the linker in a release.
var version = "dev"

// workers is the default number of resources that the SDK works on at the same time. Lists are read ahead, independently of the
// workers.
const workers = "12"

func main() {
	exit.LogExit(run(context.Background()))
}

// run is like the SDK's config.RunConnector, but single runs are made in this process, without the SDK's runner.
func run(ctx context.Context) error {
	// The SDK's cache would store unchanged answers, possibly in a file, and its debug output would print them from there, with
	// keys that are not redacted. This connector never reads from the cache.
	if err := os.Setenv("BATON_DISABLE_HTTP_CACHE", "true"); err != nil {
		return fmt.Errorf("baton-openai: turning the cache off: %w", err)
	}
	if err := process.CheckFileLimit(); err != nil {
		return err
	}
	if service.IsConnector() {
		signal.Ignore(process.StopSignals()...)
	}
	if err := cfg.CheckPath(); err != nil {
		return connector.Misconfigured(err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	current := &invocation{stop: stop}
	settings, command, err := config.DefineConfigurationV2(ctx, "baton-openai", current.connector, cfg.Config,
		connectorrunner.WithDefaultCapabilitiesConnectorBuilderV2(&connector.Connector{}),
		connectorrunner.WithSessionStoreEnabled(),
	)
	if err != nil {
		return err
	}
	current.settings = settings
	prepareFlags(command)
	command.Version = version
	if err := health.ExplainFailure(ctx, command, settings); err != nil {
		return err
	}
	if err := service.LogToPath(command); err != nil {
		return err
	}
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		current.isMain = true
		current.idle = cfg.WithoutEffect(command.Flags())
		return prepare(ctx, command, settings)
	}
	runSDK := command.RunE
	command.RunE = func(command *cobra.Command, arguments []string) error {
		err := runSDK(command, arguments)
		switch {
		case current.daemon != nil:
			return errors.Join(current.daemon.End(err), sessionstore.RemoveTemporary(current.temporary, os.Getpid()))
		case errors.Is(err, errDone):
			return current.outcome
		default:
			return err
		}
	}
	return command.ExecuteContext(ctx)
}

// prepareFlags changes how the SDK's commands read their flags, list them and refuse them.
func prepareFlags(command *cobra.Command) {
	for _, each := range append(command.Commands(), command) {
		cfg.ReplaceLists(each.Flags())
	}
	cfg.ShowFlags(command.Flags())
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return connector.Misconfigured(cfg.CheckFlag(err)) })
	command.Args = func(_ *cobra.Command, arguments []string) error {
		if err := cfg.CheckArguments(arguments); err != nil {
			return connector.Misconfigured(err)
		}
		return nil
	}
}

// prepare checks all settings, which the SDK does only in part. It also checks for the key, because the SDK's message about a
// missing one does not say what to do, and sets the default number of workers.
func prepare(ctx context.Context, command *cobra.Command, settings *viper.Viper) error {
	flags := command.Flags()
	if err := cfg.KeepTexts(settings, flags); err != nil {
		return err
	}
	if err := cfg.Normalize(flags); err != nil {
		return err
	}
	if err := cfg.CheckRepeated(os.Args[1:]); err != nil {
		return connector.Misconfigured(err)
	}
	err := cfg.Check(settings, flags, cfg.Known{Types: resourceTypes(ctx), TypesBelowProjects: connector.TypesBelowProjects(), Actions: connector.ActionNames()})
	switch {
	case err != nil:
		return connector.Misconfigured(err)
	case !flags.Changed(cfg.AdminKeyField.FieldName):
		return connector.MissingAdminKey()
	case flags.Changed("create-account-email") && !flags.Changed("create-account-login") && !flags.Changed("create-account-profile"):
		return connector.EmailAlone()
	}
	switch {
	case flags.Changed(field.WorkerCountField.FieldName), flags.Changed(field.ParallelSyncField.FieldName):
		return nil
	default:
		return flags.Set(field.WorkerCountField.FieldName, workers)
	}
}

func resourceTypes(ctx context.Context) []string {
	syncers := (&connector.Connector{}).ResourceSyncers(ctx)
	ids := make([]string, 0, len(syncers))
	for _, syncer := range syncers {
		ids = append(ids, syncer.ResourceType(ctx).GetId())
	}
	return ids
}

// invocation is the task of this process.
type invocation struct {
	settings *viper.Viper
	// stop ends the context of the process.
	stop context.CancelFunc
	// isMain says that this is the main command.
	isMain bool
	// idle are the flags without effect. Only the first process has them, so that they are logged once.
	idle []string
	// daemon is set for a daemon. outcome is the error of a single run.
	daemon  *service.Daemon
	outcome error
	// temporary is the directory of the session store of a daemon's connector.
	temporary string
}

// errDone is returned instead of a connector, so that the SDK's runner does not start.
var errDone = errors.New("what was to be done is done")

// connector gives the SDK the connector. The SDK calls it after it has read the settings and set up the log. A single run is made
// here, before the SDK's runner would start, and returns errDone.
func (i *invocation) connector(ctx context.Context, configuration *cfg.Openai, given cli.RunTimeOpts) (types.ConnectorServer, error) {
	log := ctxzap.Extract(ctx)
	// Some libraries use the standard log, such as the store with "Found 0 WALs".
	if _, err := zap.RedirectStdLogAt(log, zap.DebugLevel); err != nil {
		return nil, fmt.Errorf("baton-openai: redirecting the standard log: %w", err)
	}
	if i.settings.GetString("event-feed") == "" { // whose events somebody may read to the first ones only
		process.OutliveReader()
	}
	if len(i.idle) > 0 {
		log.Warn("baton-openai: these have no effect here", zap.Strings("flags", i.idle))
	}
	built, err := connector.Build(ctx, configuration, given.SyncResourceTypeIDs)
	if err != nil {
		return nil, err
	}
	if i.settings.GetBool("skip-entitlements-and-grants") {
		built.ReadNoGrants()
	}
	isDaemon := i.settings.GetString(cfg.ServiceFlag) != ""
	if isDaemon {
		// The connector's process has the same flags.
		built.WorkOnTasks()
		if !i.settings.GetBool("provisioning") {
			built.RefuseActions()
		}
	}
	session := given.SessionStore
	temporary := tempdir.Resolve(i.settings.GetString("c1z-temp-dir"))
	if err := process.UseTemporaryDirectory(temporary); err != nil {
		return nil, err
	}
	switch {
	case i.isMain && isDaemon:
		i.daemon = service.Stoppable(i.stop)
		i.temporary = temporary
	case i.isMain:
		once := &oneshot.Run{Settings: i.settings, Connector: built}
		i.outcome = once.Do(ctx)
		return nil, errDone
	case service.IsConnector():
		if session, err = sessionstore.OpenTemporary(ctx, temporary, os.Getppid()); err != nil {
			return nil, err
		}
		built.ReadAhead()
	}
	return connectorbuilder.NewConnector(ctx, built, connectorbuilder.WithSessionStore(session))
}
