package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-openai/pkg/client"
)

// SyncFormat is raised when the page tokens or the contents of the session store change. An unfinished sync of another
// format is not continued.
const SyncFormat = 2

// syncSession has the facts that one call of a sync leaves for another one. It lives in the SDK's session store, that is in the file:
// it belongs to one sync and survives a restart in the middle of it.
type syncSession struct {
	store sessions.SessionStore
}

// The facts that are looked up by id, each with its value. The pages of the lists are kept under the kind of the list.
const (
	// factUser has a user's organization role in the API's word.
	factUser = "user"
	// factNoUser has nothing: a targeted sync has asked for a user with the id, and there is none.
	factNoUser = "no_user"
	// factServiceAccount has the id of the account's project.
	factServiceAccount = "service_account"
	// factGroup has nothing: the group is there.
	factGroup = "group"
	// factArchived has the projects that were archived while the sync ran.
	factArchived = "archived"
	// factMembers has whether a group has listed its members (keyOffered), and a group whose list was refused
	// (keyRefused).
	factMembers = "members"
	// factType has the resource types that the sync lists as a whole.
	factType = "type"
	// factRead has what became of reading a list to its end, by the key of its first page: keyWhole, or keyRefused.
	factRead = "read"
	// factRuns has how many processes have worked on the sync (keyRuns).
	factRuns = "runs"
)

const (
	keyOffered = "offered"
	keyRefused = "refused"
	keyWhole   = "whole"
	keyRuns    = "runs"
)

// organizationKey stands where a project's id would.
const organizationKey = "organization"

// maxKeyBytes keeps a key below the session store's limit of 512 bytes; ids have up to 1,024.
const maxKeyBytes = 256

var errNoSessionStore = errors.New("the sync has no session store; run the connector with the session store enabled")

func storeKey(id string) string {
	if len(id) <= maxKeyBytes {
		return id
	}
	return digest(id)
}

func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write(fmt.Appendf(nil, "%d:%s", len(part), part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (s syncSession) setFact(ctx context.Context, kind, id string, value any) error {
	if s.store == nil {
		return errNoSessionStore
	}
	if err := session.SetJSON(ctx, s.store, storeKey(id), value, sessions.WithPrefix(kind)); err != nil {
		return fmt.Errorf("keeping the %s %q: %w", kind, id, err)
	}
	return nil
}

func (s syncSession) setFacts(ctx context.Context, kind string, values map[string]string) error {
	if s.store == nil {
		return errNoSessionStore
	}
	if len(values) == 0 {
		return nil
	}
	keyed := make(map[string]string, len(values))
	for id, value := range values {
		keyed[storeKey(id)] = value
	}
	if err := session.SetManyJSON(ctx, s.store, keyed, sessions.WithPrefix(kind)); err != nil {
		return fmt.Errorf("keeping %d of kind %s: %w", len(values), kind, err)
	}
	return nil
}

// getFact gives what was kept, and false if nothing was.
func getFact[T any](ctx context.Context, s syncSession, kind, id string) (T, bool, error) {
	var zero T
	if s.store == nil {
		return zero, false, errNoSessionStore
	}
	value, ok, err := session.GetJSON[T](ctx, s.store, storeKey(id), sessions.WithPrefix(kind))
	if err != nil {
		return zero, false, fmt.Errorf("recalling the %s %q: %w", kind, id, err)
	}
	return value, ok, nil
}

// getFacts gives those of the ids that were kept.
func getFacts[T any](ctx context.Context, s syncSession, kind string, ids []string) (map[string]T, error) {
	if s.store == nil {
		return nil, errNoSessionStore
	}
	keys := make([]string, 0, len(ids))
	asked := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		// The store refuses a key that is asked for twice.
		if _, twice := asked[id]; !twice {
			asked[id] = struct{}{}
			keys = append(keys, storeKey(id))
		}
	}
	keyed, err := session.GetManyJSON[T](ctx, s.store, keys, sessions.WithPrefix(kind))
	if err != nil {
		return nil, fmt.Errorf("recalling %d of kind %s: %w", len(ids), kind, err)
	}
	values := make(map[string]T, len(keyed))
	for id := range asked {
		if value, ok := keyed[storeKey(id)]; ok {
			values[id] = value
		}
	}
	return values, nil
}

// types gives the ids of the resource types that the sync lists as a whole.
func (s syncSession) types(ctx context.Context) ([]string, error) {
	ids := convert(allResourceTypes, (*v2.ResourceType).GetId)
	begun, err := getFacts[bool](ctx, s, factType, ids)
	return slices.DeleteFunc(ids, func(id string) bool { return !begun[id] }), err
}

// countRun gives the number of the process among those that have worked on the sync.
func (s syncSession) countRun(ctx context.Context) (int, error) {
	before, _, err := getFact[int](ctx, s, factRuns, keyRuns)
	if err != nil {
		return 0, err
	}
	return before + 1, s.setFact(ctx, factRuns, keyRuns, before+1)
}

func keepUsers(ctx context.Context, s syncSession, page client.Page[client.User]) error {
	roles := make(map[string]string, len(page.Items))
	for _, user := range page.Items {
		roles[user.ID] = user.Role
	}
	return s.setFacts(ctx, factUser, roles)
}

func keepGroups(ctx context.Context, s syncSession, page client.Page[client.Group]) error {
	ids := make(map[string]string, len(page.Items))
	for _, group := range page.Items {
		ids[group.ID] = ""
	}
	return s.setFacts(ctx, factGroup, ids)
}

func keepServiceAccounts(projectID string) func(context.Context, syncSession, client.Page[client.ServiceAccount]) error {
	return func(ctx context.Context, s syncSession, page client.Page[client.ServiceAccount]) error {
		projects := make(map[string]string, len(page.Items))
		for _, account := range page.Items {
			projects[account.ID] = projectID
		}
		return s.setFacts(ctx, factServiceAccount, projects)
	}
}
