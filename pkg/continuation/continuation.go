// Package continuation decides whether a run continues the unfinished sync of its file.
//
// It does so only if both syncs have the same settings, organization and format. A sync that was begun with other settings
// would lack rows, and one of another organization would mix two organizations.
package continuation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	reader "github.com/conductorone/baton-sdk/pb/c1/reader/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/viper"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/conductorone/baton-openai/pkg/connector"
)

// identity is the record of an unfinished sync. It is in the file of the sync, so that the two cannot be separated.
type identity struct {
	// Format is that of the connector's data in the session store.
	Format int `json:"format"`
	// Settings are those that decide what a sync reads.
	Settings map[string]string `json:"asked,omitempty"`
	// Organization is the name in the API's answers, OrganizationID the id in the ids of the predefined roles.
	Organization   string `json:"organization,omitempty"`
	OrganizationID string `json:"organization_id,omitempty"`
}

const identityKey = "identity"

// settingNames are the settings that decide what a sync reads.
var settingNames = []string{
	"sync-resource-types", "sync-resources", "skip-entitlements-and-grants", "skip-grants", "security-insights",
	"external-resource-c1z", "external-resource-entitlement-id-filter", "external-resource-traits",
}

// Organization tells the organization of the key. The two ids may have different forms.
type Organization interface {
	// Organization is the organization's id in the headers of the API's answers, "" if they have none.
	Organization() string
	// OrganizationID asks for the id that the API's roles have; "" if it is not known.
	OrganizationID(ctx context.Context) (string, error)
}

// Continuation is the decision about the unfinished sync of a file.
type Continuation struct {
	// SyncType is the SDK's type of this run's sync: the syncer looks for an unfinished one of the same type.
	SyncType connectorstore.SyncType

	store        c1zstore.Store
	settings     map[string]string
	organization Organization
	log          *zap.Logger
	// decided is set once it is known which sync this run works on.
	decided bool
}

// New gives the decision for a run with the settings. It is not made yet.
func New(ctx context.Context, settings *viper.Viper, organization Organization, store c1zstore.Store) *Continuation {
	c := &Continuation{store: store, settings: map[string]string{}, organization: organization, log: ctxzap.Extract(ctx)}
	switch {
	case len(settings.GetStringSlice("sync-resources")) > 0:
		c.SyncType = connectorstore.SyncTypePartial
	case settings.GetBool("skip-entitlements-and-grants"):
		c.SyncType = connectorstore.SyncTypeResourcesOnly
	default:
		c.SyncType = connectorstore.SyncTypeFull
	}
	for _, name := range settingNames {
		values := settings.GetStringSlice(name)
		slices.Sort(values)
		if text := strings.Join(values, ","); text != "" && text != "false" {
			c.settings[name] = text
		}
	}
	return c
}

// AfterValidation is an interceptor that decides after the first successful validation: the API has answered by then, and the
// syncer has not looked for an unfinished sync yet.
func (c *Continuation) AfterValidation(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, request)
	if _, isValidation := request.(*v2.ConnectorServiceValidateRequest); err == nil && isValidation && !c.decided {
		err = c.decide(ctx)
		c.decided = err == nil
	}
	return answer, err
}

// decide begins a new sync if the unfinished one is not to be continued.
func (c *Continuation) decide(ctx context.Context) error {
	unfinished, err := c.unfinished(ctx)
	if err != nil || unfinished == nil {
		return err
	}
	record, _, err := c.session(unfinished).Get(ctx, identityKey)
	if err != nil {
		return fmt.Errorf("baton-openai: the record of the unfinished sync cannot be read: %w", err)
	}
	var earlier identity
	reason, fields := "it is of another version of the connector", []zap.Field(nil)
	if json.Unmarshal(record, &earlier) == nil && earlier.Format == connector.SyncFormat {
		if reason, fields, err = c.difference(ctx, earlier); err != nil || reason == "" {
			return err
		}
	}
	logBegin(c.log, reason, fields...)
	if c.SyncType == connectorstore.SyncTypePartial || unfinished.GetSyncType() != string(c.SyncType) {
		return nil // the syncer does not continue it
	}
	_, err = c.store.StartNewSync(ctx, c.SyncType, "")
	return err
}

// otherSettings is the reason of a sync whose settings differ.
const otherSettings = "it was asked for something else"

// LogOtherEngine says that a sync begins anew because the unfinished one has another storage engine than was asked for. It is
// known from the file alone: pkg/syncfile has removed it.
func LogOtherEngine(ctx context.Context) {
	logBegin(ctxzap.Extract(ctx), otherSettings, zap.Strings("flags", []string{"--storage-engine"}))
}

func logBegin(log *zap.Logger, reason string, fields ...zap.Field) {
	log.Warn("baton-openai: the unfinished sync in this file is not continued, and a new one begins",
		append([]zap.Field{zap.String("reason", reason)}, fields...)...)
}

// difference says how this run differs from the earlier one; "" means that it does not.
func (c *Continuation) difference(ctx context.Context, earlier identity) (string, []zap.Field, error) {
	if !maps.Equal(earlier.Settings, c.settings) {
		var flags []string
		for _, name := range settingNames {
			if earlier.Settings[name] != c.settings[name] {
				flags = append(flags, "--"+name)
			}
		}
		return otherSettings, []zap.Field{zap.Strings("flags", flags)}, nil
	}
	before, now := earlier.Organization, c.organization.Organization()
	if before == "" || now == "" {
		// The id costs a call.
		before, now = earlier.OrganizationID, ""
		if before != "" {
			var err error
			if now, err = c.organization.OrganizationID(ctx); err != nil {
				return "", nil, err
			}
		}
	}
	switch {
	case before == "" || now == "":
		return "its organization is not known", nil, nil
	case before != now:
		return "it is of another organization", nil, nil
	default:
		return "", nil, nil
	}
}

// Save writes the identity of this run's sync into its file, so that a later run can continue it.
func (c *Continuation) Save(ctx context.Context) error {
	unfinished, err := c.unfinished(ctx)
	if err != nil || !c.decided || unfinished.GetSyncType() != string(c.SyncType) {
		return err
	}
	store := c.session(unfinished)
	id, err := connector.OrganizationIDOf(ctx, store)
	if err == nil {
		err = session.SetJSON(ctx, store, identityKey, identity{
			Format: connector.SyncFormat, Settings: c.settings, Organization: c.organization.Organization(), OrganizationID: id,
		})
	}
	if err != nil {
		return fmt.Errorf("baton-openai: the record of the unfinished sync cannot be written: %w", err)
	}
	return nil
}

func (c *Continuation) session(run *reader.SyncRun) sessions.SessionStore {
	return connectorbuilder.WithSyncId(c.store.SessionStore(), run.GetId())
}

// unfinished gives the unfinished sync that the syncer would continue. If there is none, it gives one of another type, which
// is not continued.
func (c *Continuation) unfinished(ctx context.Context) (*reader.SyncRun, error) {
	var last *reader.SyncRun
	for token := ""; ; {
		page, err := c.store.ListSyncs(ctx, reader.SyncsReaderServiceListSyncsRequest_builder{PageToken: token}.Build())
		if err != nil {
			return nil, fmt.Errorf("baton-openai: the syncs of the file cannot be read: %w", err)
		}
		for _, run := range page.GetSyncs() {
			if run.GetEndedAt() == nil && (last == nil || c.compare(run, last) > 0) {
				last = run
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			return last, nil
		}
	}
}

// compare orders syncs: those of this run's type come after the others, and a later one after an earlier one.
func (c *Continuation) compare(a, b *reader.SyncRun) int {
	hasType := func(run *reader.SyncRun) int {
		if run.GetSyncType() == string(c.SyncType) {
			return 1
		}
		return 0
	}
	return cmp.Or(hasType(a)-hasType(b), a.GetStartedAt().AsTime().Compare(b.GetStartedAt().AsTime()))
}
