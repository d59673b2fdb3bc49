package oneshot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/bid"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdk "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/continuation"
	"github.com/conductorone/baton-openai/pkg/failure"
	"github.com/conductorone/baton-openai/pkg/process"
	"github.com/conductorone/baton-openai/pkg/progress"
	"github.com/conductorone/baton-openai/pkg/sessionstore"
	"github.com/conductorone/baton-openai/pkg/syncfile"
)

// sync reads the organization into the file. However it ends, the file keeps what was read.
func (r *Run) sync(ctx context.Context) error {
	file, err := syncfile.Prepare(ctx, r.Settings.GetString("file"), syncfile.Sync{
		IsPartial: r.isPartial(), Engine: r.engine(), TemporaryDirectory: r.temporaryDirectory(),
	})
	if err != nil {
		return err
	}
	defer file.Release()
	if file.HasDiscarded {
		continuation.LogOtherEngine(ctx)
	}
	options, err := r.syncOptions()
	if err != nil {
		return err
	}
	process.RestrictNewFiles()
	store, err := file.Open(ctx, r.storeOptions()...)
	if err != nil {
		return err
	}
	shown, progressOptions, endProgress := progress.Show(ctx, r.Connector.Calls)
	defer endProgress()
	running, warnings := countWarnings(shown)
	running, stop := context.WithCancelCause(running)
	defer stop(nil)
	unfinished := continuation.New(shown, r.Settings, r.Connector, store)
	session := sessionstore.NewBuffer(store.SessionStore())
	syncer, err := r.syncer(running, store, session, append(options, progressOptions...), stopAtFailure(stop), unfinished.AfterValidation)
	if err != nil {
		return errors.Join(err, store.Close(ctx))
	}
	start := time.Now()
	r.Connector.ReadAhead()
	err = syncer.Sync(running)
	r.Connector.StopReading()
	if failed := (*failure.Error)(nil); err != nil && errors.As(context.Cause(running), &failed) {
		err = failed
	}
	var summary []zap.Field
	if err == nil {
		summary = r.summary(ctx, store, unfinished.SyncType, time.Since(start), warnings)
	} else {
		unstopped := context.WithoutCancel(ctx)
		err = errors.Join(runError(ctx, err), session.Flush(unstopped), unfinished.Save(unstopped))
	}
	if closeErr := syncer.Close(running); closeErr != nil {
		// This error comes first: the file keeps nothing then.
		err = fmt.Errorf("baton-openai: the file of the sync cannot be written: %w", errors.Join(closeErr, err))
	}
	if err := file.Finish(err); err != nil {
		return err
	}
	ctxzap.Extract(running).Info("baton-openai: the sync is complete", summary...)
	return nil
}

// isPartial tells whether the run asks for a part of the resources, or for no grants. A sync of some resource types is a full
// one for the SDK.
func (r *Run) isPartial() bool {
	return len(r.Settings.GetStringSlice("sync-resources")) > 0 || r.Settings.GetBool("skip-entitlements-and-grants") || r.Settings.GetBool("skip-grants")
}

// syncer gives the SDK's syncer of the connector and the file.
func (r *Run) syncer(
	ctx context.Context, store c1zstore.Store, session sessions.SessionStore, options []sdk.SyncOpt, interceptors ...interceptor,
) (sdk.Syncer, error) {
	client, err := r.client(ctx, session, interceptors...)
	if err != nil {
		return nil, err
	}
	syncer, err := sdk.NewSyncer(ctx, client, append(options, sdk.WithConnectorStore(store))...)
	if external := r.Settings.GetString("external-resource-c1z"); err != nil && external != "" {
		err = &failure.Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf("baton-openai: %s, which --external-resource-c1z names, cannot be read: %v; "+
			"name the file of a complete sync", external, err)}
	}
	return syncer, err
}

func (r *Run) storeOptions() []dotc1z.C1ZOption {
	options := []dotc1z.C1ZOption{dotc1z.WithTmpDir(r.temporaryDirectory())}
	if engine := r.engine(); engine != "" {
		options = append(options, dotc1z.WithEngine(engine))
	}
	return options
}

func (r *Run) engine() c1zstore.Engine {
	return c1zstore.Engine(r.Settings.GetString("storage-engine"))
}

func (r *Run) syncOptions() ([]sdk.SyncOpt, error) {
	var targets []*v2.Resource
	for _, id := range r.Settings.GetStringSlice("sync-resources") {
		target, err := bid.ParseResourceBid(id)
		if err != nil {
			return nil, fmt.Errorf("baton-openai: --sync-resources: %w", err)
		}
		targets = append(targets, target)
	}
	var traits []v2.ResourceType_Trait
	for _, name := range r.Settings.GetStringSlice("external-resource-traits") {
		// The SDK has checked them. It takes both "app" and "TRAIT_APP".
		name = "TRAIT_" + strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(name)), "TRAIT_")
		if trait, ok := v2.ResourceType_Trait_value[name]; ok {
			traits = append(traits, v2.ResourceType_Trait(trait))
		}
	}
	workers := r.Settings.GetInt("workers")
	if workers == 0 && r.Settings.GetBool("parallel-sync") {
		workers = -1 // as many as there are processors
	}
	return []sdk.SyncOpt{
		sdk.WithTmpDir(r.temporaryDirectory()),
		sdk.WithTargetedSyncResources(targets),
		sdk.WithSyncResourceTypes(r.Settings.GetStringSlice("sync-resource-types")),
		sdk.WithSkipEntitlementsAndGrants(r.Settings.GetBool("skip-entitlements-and-grants")),
		sdk.WithSkipGrants(r.Settings.GetBool("skip-grants")),
		sdk.WithExternalResourceC1ZPath(r.Settings.GetString("external-resource-c1z")),
		sdk.WithExternalResourceEntitlementIdFilter(r.Settings.GetString("external-resource-entitlement-id-filter")),
		sdk.WithExternalResourceTraits(traits...),
		sdk.WithWorkerCount(workers),
	}, nil
}
