// Command baton-openai reads who has access to an OpenAI organization into a c1z file.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/config"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorrunner"
	"github.com/conductorone/baton-sdk/pkg/exit"
	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"go.uber.org/zap"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/health"
	"github.com/conductorone/baton-openai/pkg/service"
)

// version is set by the linker when a release is built.
var version = "dev"

// workers is how many resources the SDK works on at the same time unless the command line says otherwise. The lists are
// read ahead of it, so that none waits for a worker.
const workers = "12"

func main() {
	exit.LogExit(run(context.Background()))
}

// run is config.RunConnector in two halves: between them the command is told what the SDK does not do by itself.
func run(ctx context.Context) error {
	// The SDK would keep the answers as they came, in a file if it is told to, and its aid for debugging would print them
	// on that way: keys that nobody has redacted might be among them. No request is ever answered from there.
	if err := os.Setenv("BATON_DISABLE_HTTP_CACHE", "true"); err != nil {
		return fmt.Errorf("baton-openai: turning the cache off: %w", err)
	}
	done, err := service.Start(exit.LogExit)
	if done || err != nil {
		return err
	}
	ctx, stopped := service.UntilStopped(ctx)
	var idle []string
	var settings *viper.Viper
	skipsGrants := func() bool { return settings.GetBool("skip-entitlements-and-grants") }
	settings, command, err := config.DefineConfigurationV2(ctx, "baton-openai", connectorTelling(&idle, skipsGrants), cfg.Config,
		connectorrunner.WithDefaultCapabilitiesConnectorBuilderV2(&connector.Connector{}),
		connectorrunner.WithSessionStoreEnabled(),
	)
	if err != nil {
		return err
	}
	command.Version = version
	if err := health.Tell(ctx, command, settings); err != nil {
		return err
	}
	if err := service.LogToPath(command); err != nil {
		return err
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return connector.Misconfigured(cfg.CheckFlag(err)) })
	command.Args = func(_ *cobra.Command, arguments []string) error {
		if err := cfg.CheckArguments(arguments); err != nil {
			return connector.Misconfigured(err)
		}
		return nil
	}
	var file service.File
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		if err := prepare(ctx, command, settings); err != nil {
			return err
		}
		idle = cfg.WithoutEffect(command.Flags())
		return file.Prepare(ctx, command)
	}
	return file.Finish(stopped(command, command.ExecuteContext(ctx)))
}

// prepare checks everything that was given, which the SDK does in part; checks for the key, because the SDK's message
// about a missing one does not say what to do; and has the SDK work in parallel.
func prepare(ctx context.Context, command *cobra.Command, settings *viper.Viper) error {
	flags := command.Flags()
	if err := cfg.Normalize(flags); err != nil {
		return err
	}
	err := cfg.Check(settings, flags, resourceTypes(ctx))
	switch {
	case err != nil:
		return connector.Misconfigured(err)
	case !flags.Changed(cfg.AdminKeyField.FieldName):
		return connector.MissingAdminKey()
	case flags.Changed("create-account-email") && !flags.Changed("create-account-login") && !flags.Changed("create-account-profile"):
		return connector.EmailAlone()
	}
	if err := service.SaveOnFailure(command); err != nil {
		return err
	}
	switch {
	case flags.Changed(field.WorkerCountField.FieldName), flags.Changed(field.ParallelSyncField.FieldName):
		return nil
	default:
		return flags.Set(field.WorkerCountField.FieldName, workers)
	}
}

func resourceTypes(ctx context.Context) []string {
	var ids []string
	for _, syncer := range (&connector.Connector{}).ResourceSyncers(ctx) {
		ids = append(ids, syncer.ResourceType(ctx).GetId())
	}
	return ids
}

// connectorTelling makes the connector, and says in the log which flags have no effect. They are known in the first
// process only, so that it is said once.
func connectorTelling(idle *[]string, skipsGrants func() bool) cli.GetConnectorFunc2[*cfg.Openai] {
	return func(ctx context.Context, configuration *cfg.Openai, opts cli.RunTimeOpts) (types.ConnectorServer, error) {
		log := ctxzap.Extract(ctx)
		// Libraries write past the SDK's log, such as the store its "Found 0 WALs".
		if _, err := zap.RedirectStdLogAt(log, zap.DebugLevel); err != nil {
			return nil, fmt.Errorf("baton-openai: redirecting the standard log: %w", err)
		}
		if len(*idle) > 0 {
			log.Warn("baton-openai: these have no effect here", zap.Strings("flags", *idle))
		}
		return newConnector(ctx, configuration, opts, skipsGrants())
	}
}

func newConnector(ctx context.Context, configuration *cfg.Openai, opts cli.RunTimeOpts, skipsGrants bool) (types.ConnectorServer, error) {
	builder, options, err := connector.New(ctx, configuration, &cli.ConnectorOpts{
		TokenSource:         opts.TokenSource,
		SelectedAuthMethod:  opts.SelectedAuthMethod,
		SyncResourceTypeIDs: opts.SyncResourceTypeIDs,
		EgressPolicy:        opts.EgressPolicy,
	})
	if err != nil {
		return nil, err
	}
	if built, ok := builder.(*connector.Connector); ok && skipsGrants {
		built.ReadNoGrants()
	}
	server, err := connectorbuilder.NewConnector(ctx, builder, append(options, connectorbuilder.WithSessionStore(opts.SessionStore))...)
	if err != nil {
		return nil, err
	}
	return service.Reporting(server), nil
}
