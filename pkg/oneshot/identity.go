package oneshot

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
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/conductorone/baton-openai/pkg/connector"
)

// identity is what an unfinished sync is. It stands in the sync's own file, so that the two cannot be separated, and the
// sync is continued by one of the same identity only: another one would leave out what the first was not asked for, or mix
// two organizations.
type identity struct {
	// Format is of what the connector leaves for itself in the file.
	Format int `json:"format"`
	// Asked has the settings that say what a sync reads.
	Asked map[string]string `json:"asked,omitempty"`
	// Organization is what the answers of the API say, OrganizationID what the ids of the predefined roles say.
	Organization   string `json:"organization,omitempty"`
	OrganizationID string `json:"organization_id,omitempty"`
}

const identityKey = "identity"

// askings are the settings that say what a sync reads.
var askings = []string{
	"sync-resource-types", "sync-resources", "skip-entitlements-and-grants", "skip-grants", "security-insights",
	"external-resource-c1z", "external-resource-entitlement-id-filter", "external-resource-traits",
}

// continuation is what becomes of a sync that the file has.
type continuation struct {
	store c1zstore.Store
	asked map[string]string
	// kind is the SDK's for what is asked: it looks for a sync of the same kind.
	kind connectorstore.SyncType
	of   Connector
	log  *zap.Logger
	// decided is set once the sync in the file, or that which begins, is known to be this run's.
	decided bool
}

func (r *Run) continuation(ctx context.Context, store c1zstore.Store) *continuation {
	c := &continuation{store: store, asked: map[string]string{}, of: r.Connector, log: ctxzap.Extract(ctx)}
	switch {
	case len(r.Settings.GetStringSlice("sync-resources")) > 0:
		c.kind = connectorstore.SyncTypePartial
	case r.Settings.GetBool("skip-entitlements-and-grants"):
		c.kind = connectorstore.SyncTypeResourcesOnly
	default:
		c.kind = connectorstore.SyncTypeFull
	}
	for _, name := range askings {
		values := r.Settings.GetStringSlice(name)
		slices.Sort(values)
		if text := strings.Join(values, ","); text != "" && text != "false" {
			c.asked[name] = text
		}
	}
	return c
}

// decideAfterValidation decides when the key has been tried, for then the API has answered, and the syncer has not yet
// looked for what to continue.
func (c *continuation) decideAfterValidation(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, request)
	if _, isValidation := request.(*v2.ConnectorServiceValidateRequest); err == nil && isValidation && !c.decided {
		err = c.decide(ctx)
		c.decided = err == nil
	}
	return answer, err
}

// decide begins a new sync in the place of an unfinished one that is not to be continued.
func (c *continuation) decide(ctx context.Context) error {
	unfinished, err := c.unfinished(ctx)
	if err != nil || unfinished == nil {
		return err
	}
	record, _, err := c.session(unfinished).Get(ctx, identityKey)
	if err != nil {
		return fmt.Errorf("baton-openai: what the unfinished sync is cannot be read: %w", err)
	}
	var then identity
	reason, fields := "it is of another version of the connector", []zap.Field(nil)
	if json.Unmarshal(record, &then) == nil && then.Format == connector.SyncFormat {
		if reason, fields, err = c.differs(ctx, then); err != nil || reason == "" {
			return err
		}
	}
	c.log.Warn("baton-openai: the unfinished sync in this file is not continued, and a new one begins",
		append([]zap.Field{zap.String("reason", reason)}, fields...)...)
	if c.kind == connectorstore.SyncTypePartial || unfinished.GetSyncType() != string(c.kind) {
		return nil // which the syncer does not continue
	}
	_, err = c.store.StartNewSync(ctx, c.kind, "")
	return err
}

// differs says in what this run is not the same as the sync; "" is in nothing.
func (c *continuation) differs(ctx context.Context, then identity) (string, []zap.Field, error) {
	if !maps.Equal(then.Asked, c.asked) {
		var flags []string
		for _, name := range askings {
			if then.Asked[name] != c.asked[name] {
				flags = append(flags, "--"+name)
			}
		}
		return "it was asked for something else", []zap.Field{zap.Strings("flags", flags)}, nil
	}
	before, now := then.Organization, c.of.Organization()
	if before == "" || now == "" {
		// The ids of the predefined roles cost a call.
		before, now = then.OrganizationID, ""
		if before != "" {
			var err error
			if now, err = c.of.OrganizationID(ctx); err != nil {
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

// keep writes what this run's sync is into the file of it.
func (c *continuation) keep(ctx context.Context) error {
	unfinished, err := c.unfinished(ctx)
	if err != nil || !c.decided || unfinished.GetSyncType() != string(c.kind) {
		return err
	}
	store := c.session(unfinished)
	id, err := connector.OrganizationIDOf(ctx, store)
	if err == nil {
		err = session.SetJSON(ctx, store, identityKey, identity{
			Format: connector.SyncFormat, Asked: c.asked, Organization: c.of.Organization(), OrganizationID: id,
		})
	}
	if err != nil {
		return fmt.Errorf("baton-openai: what the sync is cannot be kept: %w", err)
	}
	return nil
}

func (c *continuation) session(run *reader.SyncRun) sessions.SessionStore {
	return connectorbuilder.WithSyncId(c.store.SessionStore(), run.GetId())
}

// unfinished gives the unfinished sync that the syncer would continue, or else another one that is not continued.
func (c *continuation) unfinished(ctx context.Context) (*reader.SyncRun, error) {
	var last *reader.SyncRun
	for token := ""; ; {
		page, err := c.store.ListSyncs(ctx, reader.SyncsReaderServiceListSyncsRequest_builder{PageToken: token}.Build())
		if err != nil {
			return nil, fmt.Errorf("baton-openai: the syncs of the file cannot be read: %w", err)
		}
		for _, run := range page.GetSyncs() {
			if run.GetEndedAt() == nil && (last == nil || c.precedence(run, last) > 0) {
				last = run
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			return last, nil
		}
	}
}

func (c *continuation) precedence(a, b *reader.SyncRun) int {
	isOfKind := func(run *reader.SyncRun) int {
		if run.GetSyncType() == string(c.kind) {
			return 1
		}
		return 0
	}
	return cmp.Or(isOfKind(a)-isOfKind(b), a.GetStartedAt().AsTime().Compare(b.GetStartedAt().AsTime()))
}
