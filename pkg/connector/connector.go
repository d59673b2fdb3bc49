// Package connector turns what an OpenAI organization holds into ConductorOne's resources, entitlements and grants.
//
// There is one file for each resource type. The builders hold no state: they ask for the lists of the API by what they are
// (lists.go), which are read ahead and kept in the SDK's session store (read_ahead.go).
package connector

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	cfg "github.com/conductorone/baton-openai/pkg/config"
)

// Connector builds one OpenAI organization's resource types. Its zero value describes what the connector can do and
// cannot sync.
type Connector struct {
	client *client.Client
	reader *reader
	// consistency is for how long a change waits until it is visible.
	consistency consistency
	// worksOnTasks says that the errors of an event feed are lost.
	worksOnTasks bool
	// locks let changes that exclude each other go one after the other.
	locks *changeLocks
	// actionLimit is for how long an action may take.
	actionLimit    time.Duration
	actionsRefused bool
}

// New is [Build] in the SDK's form.
func New(ctx context.Context, config *cfg.Openai, opts *cli.ConnectorOpts) (connectorbuilder.ConnectorBuilderV2, []connectorbuilder.Opt, error) {
	var chosen []string
	if opts != nil {
		chosen = opts.SyncResourceTypeIDs
	}
	built, err := Build(ctx, config, chosen)
	if err != nil {
		return nil, nil, err
	}
	return built, nil, nil
}

// Build checks the configuration without sending anything: the SDK does so in two processes and for every change of a
// hosted connector's configuration. Validate tries the key. chosen are the resource types of every sync, if the command names
// some.
func Build(ctx context.Context, config *cfg.Openai, chosen []string) (*Connector, error) {
	if err := cfg.CheckAdminKey(config.OpenaiAdminKey); err != nil {
		return nil, newError(codes.InvalidArgument, "%w", err)
	}
	base, err := cfg.ParseBaseURL(config.BaseUrl)
	if err != nil {
		return nil, newError(codes.InvalidArgument, "%w", err)
	}
	api, err := client.New(ctx, base, config.OpenaiAdminKey, "baton-openai/"+buildVersion())
	if err != nil {
		return nil, newError(codes.Internal, "%w", err)
	}
	built := &Connector{
		client: api, reader: newReader(ctx, api), consistency: standardConsistency, locks: newChangeLocks(), actionLimit: actionLimit,
	}
	built.reader.chosen = chosen
	built.reader.insights = config.SecurityInsights
	return built, nil
}

// ReadNoGrants turns off reading ahead for grants. It is called before the first sync. A sync that asks for grants still
// gets them.
func (c *Connector) ReadNoGrants() { c.reader.skipGrants = true }

// Misconfigured is the error of a connector whose configuration says something that cannot be.
func Misconfigured(err error) error {
	return newError(codes.InvalidArgument, "%w", err)
}

// MissingAdminKey is the error of a connector that was not given a key.
func MissingAdminKey() error {
	return newError(codes.InvalidArgument, "%w", cfg.CheckAdminKey(""))
}

// EmailAlone is the error of an account that is to be created with an address only: the SDK takes that for a sync.
func EmailAlone() error {
	return newError(codes.InvalidArgument, "--create-account-email alone creates no account: give the address as --create-account-login as well")
}

// Metadata names the connector.
func (c *Connector) Metadata(context.Context) (*v2.ConnectorMetadata, error) {
	return v2.ConnectorMetadata_builder{
		DisplayName: "OpenAI",
		Description: "Syncs the users, invitations, roles, groups, projects, service accounts and API keys of an OpenAI organization.",
		HelpUrl:     "https://www.conductorone.com/docs/baton/openai",

		AccountCreationSchema: accountCreationSchema(),
	}.Build(), nil
}

// Organization is the id of the key's organization in the headers of the last answer that had it, "" if none did.
func (c *Connector) Organization() string { return c.client.Organization() }

// Calls is how many calls of the API were made so far.
func (c *Connector) Calls() int64 { return c.client.Calls() }

// ResourceSyncers are the builders of all resource types, independent of key and plan. A missing type would look as if
// everybody had lost that access.
func (c *Connector) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 {
	newBuilder := func(resourceType *v2.ResourceType) builder {
		return builder{provisioning: c.provisioning(), reader: c.reader, resourceType: resourceType}
	}
	return []connectorbuilder.ResourceSyncerV2{
		&organizationBuilder{builder: newBuilder(resourceTypeOrganization)},
		&userBuilder{builder: newBuilder(resourceTypeUser)},
		&invitationBuilder{builder: newBuilder(resourceTypeInvitation)},
		&organizationRoleBuilder{builder: newBuilder(resourceTypeOrganizationRole)},
		&groupBuilder{builder: newBuilder(resourceTypeGroup)},
		&projectBuilder{builder: newBuilder(resourceTypeProject)},
		&projectRoleBuilder{builder: newBuilder(resourceTypeProjectRole)},
		&serviceAccountBuilder{builder: newBuilder(resourceTypeServiceAccount)},
		&apiKeyBuilder{builder: newBuilder(resourceTypeAPIKey)},
		&securityInsightBuilder{builder: newBuilder(resourceTypeSecurityInsight)},
	}
}

func (c *Connector) provisioning() provisioning {
	return provisioning{client: c.client, consistency: c.consistency, locks: c.locks}
}

// buildVersion is the version of the module that the binary was built from, for the User-Agent.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "dev"
	}
	return fmt.Sprintf("%.40s", info.Main.Version)
}
