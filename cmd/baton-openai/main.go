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
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/health"
	"github.com/conductorone/baton-openai/pkg/service"
)

// version is set by the linker when a release is built.
var version = "dev"

// workers is how many lists are read at the same time unless the command line says otherwise: more than there are routes
// in a phase of a sync, so that none waits for another one.
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
	settings, command, err := config.DefineConfigurationV2(ctx, "baton-openai", newConnector, cfg.Config,
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
	var file service.File
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		if err := prepare(command, settings); err != nil {
			return err
		}
		return file.Prepare(ctx, command, cfg.Config.Fields)
	}
	return file.Finish(stopped(command, command.ExecuteContext(ctx)))
}

// prepare checks the configuration file, which the SDK does not; checks for the key, because the SDK's message about a
// missing one does not say what to do; refuses what the SDK would take for something else; and has it work in parallel.
func prepare(command *cobra.Command, settings *viper.Viper) error {
	given := command.Flags().Changed
	err := cfg.CheckFile(settings, command.Flags().Lookup)
	switch {
	case err != nil:
		return connector.Misconfigured(err)
	case !given(cfg.AdminKeyField.FieldName):
		return connector.MissingAdminKey()
	case given("create-account-email") && !given("create-account-login") && !given("create-account-profile"):
		return connector.EmailAlone()
	}
	if err := service.SaveOnFailure(command); err != nil {
		return err
	}
	switch {
	case given(field.WorkerCountField.FieldName), given(field.ParallelSyncField.FieldName):
		return nil
	default:
		return command.Flags().Set(field.WorkerCountField.FieldName, workers)
	}
}

func newConnector(ctx context.Context, configuration *cfg.Openai, opts cli.RunTimeOpts) (types.ConnectorServer, error) {
	builder, options, err := connector.New(ctx, configuration, &cli.ConnectorOpts{
		TokenSource:         opts.TokenSource,
		SelectedAuthMethod:  opts.SelectedAuthMethod,
		SyncResourceTypeIDs: opts.SyncResourceTypeIDs,
		EgressPolicy:        opts.EgressPolicy,
	})
	if err != nil {
		return nil, err
	}
	server, err := connectorbuilder.NewConnector(ctx, builder, append(options, connectorbuilder.WithSessionStore(opts.SessionStore))...)
	if err != nil {
		return nil, err
	}
	return service.Reporting(server), nil
}
