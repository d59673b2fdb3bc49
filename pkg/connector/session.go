package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-openai/pkg/client"
)

// memory is what the list phase of a sync learns for its grant phase. It lives in the SDK's session store, that is in
// the file: it belongs to one sync and survives a restart in the middle of it.
type memory struct {
	store sessions.SessionStore
}

// The kinds of what is remembered, each with the type of its values.
const (
	// kindUser has a user's organization role in the API's word, kindServiceAccount its project's id.
	kindUser           = "user"
	kindServiceAccount = "service_account"
	kindGroup          = "group"
	// kindRoles has the role book of the organization, and of each project by its id.
	kindRoles = "roles"
	// kindArchived has the projects that were archived while the sync ran.
	kindArchived = "archived"
	// kindProjectAccounts has the service accounts of a project, by its id, each with its role in the API's word.
	kindProjectAccounts = "project_accounts"
	// kindRoster and kindRosterRows have the resources of a type by its id: the sizes of the pages, and the rows.
	kindRoster     = "roster"
	kindRosterRows = "roster_rows"
	// kindRolePage has the first page of the organization's roles.
	kindRolePage = "role_page"
)

// organizationKey stands where a project's id would.
const organizationKey = "organization"

// maxKeyBytes keeps a key below the session store's limit of 512 bytes; ids have up to 1,024.
const maxKeyBytes = 256

var errNoSessionStore = errors.New("the sync has no session store; run the connector with the session store enabled")

func memoryKey(id string) string {
	if len(id) <= maxKeyBytes {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func (m memory) set(ctx context.Context, kind, id string, value any) error {
	if m.store == nil {
		return errNoSessionStore
	}
	if err := session.SetJSON(ctx, m.store, memoryKey(id), value, sessions.WithPrefix(kind)); err != nil {
		return fmt.Errorf("remembering the %s %q: %w", kind, id, err)
	}
	return nil
}

func (m memory) setMany(ctx context.Context, kind string, values map[string]string) error {
	if m.store == nil {
		return errNoSessionStore
	}
	if len(values) == 0 {
		return nil
	}
	keyed := make(map[string]string, len(values))
	for id, value := range values {
		keyed[memoryKey(id)] = value
	}
	if err := session.SetManyJSON(ctx, m.store, keyed, sessions.WithPrefix(kind)); err != nil {
		return fmt.Errorf("remembering %d of kind %s: %w", len(values), kind, err)
	}
	return nil
}

// recall gives what was remembered, and false if nothing was.
func recall[T any](ctx context.Context, m memory, kind, id string) (T, bool, error) {
	var zero T
	if m.store == nil {
		return zero, false, errNoSessionStore
	}
	value, ok, err := session.GetJSON[T](ctx, m.store, memoryKey(id), sessions.WithPrefix(kind))
	if err != nil {
		return zero, false, fmt.Errorf("recalling the %s %q: %w", kind, id, err)
	}
	return value, ok, nil
}

// recallMany gives those of the ids that were remembered.
func (m memory) recallMany(ctx context.Context, kind string, ids []string) (map[string]string, error) {
	if m.store == nil {
		return nil, errNoSessionStore
	}
	keys := make([]string, 0, len(ids))
	asked := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		// The store refuses a key that is asked for twice.
		if _, twice := asked[id]; !twice {
			asked[id] = struct{}{}
			keys = append(keys, memoryKey(id))
		}
	}
	keyed, err := session.GetManyJSON[string](ctx, m.store, keys, sessions.WithPrefix(kind))
	if err != nil {
		return nil, fmt.Errorf("recalling %d of kind %s: %w", len(ids), kind, err)
	}
	values := make(map[string]string, len(keyed))
	for id := range asked {
		if value, ok := keyed[memoryKey(id)]; ok {
			values[id] = value
		}
	}
	return values, nil
}

func (m memory) rememberUsers(ctx context.Context, page int, users []client.User) error {
	values := make(map[string]string, len(users))
	rows := make([]userRow, 0, len(users))
	for _, user := range users {
		values[user.ID] = user.Role
		rows = append(rows, userRow{ID: user.ID, Role: user.Role})
	}
	if err := m.setMany(ctx, kindUser, values); err != nil {
		return err
	}
	return enroll(ctx, m, resourceTypeUser, page, rows)
}

func (m memory) rememberServiceAccounts(ctx context.Context, projectID string, accounts []client.ServiceAccount) error {
	known, _, err := recall[map[string]string](ctx, m, kindProjectAccounts, projectID)
	if err != nil {
		return err
	}
	if known == nil {
		known = make(map[string]string, len(accounts))
	}
	values := make(map[string]string, len(accounts))
	for _, account := range accounts {
		values[account.ID] = projectID
		known[account.ID] = account.Role
	}
	if err := m.setMany(ctx, kindServiceAccount, values); err != nil {
		return err
	}
	return m.set(ctx, kindProjectAccounts, projectID, known)
}

func (m memory) rememberGroups(ctx context.Context, page int, groups []client.Group) error {
	values := make(map[string]string, len(groups))
	rows := make([]namedRow, 0, len(groups))
	for _, group := range groups {
		values[group.ID] = ""
		rows = append(rows, namedRow{ID: group.ID, Name: group.Name})
	}
	if err := m.setMany(ctx, kindGroup, values); err != nil {
		return err
	}
	return enroll(ctx, m, resourceTypeGroup, page, rows)
}

// namedRow is what the grants of a group or of a project need to know. The name is for warnings.
type namedRow struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// hasGroups tells whether the organization has a group at all: if not, no project has one either.
func (m memory) hasGroups(ctx context.Context) (bool, error) {
	sizes, err := m.rosterSizes(ctx, resourceTypeGroup)
	return slices.ContainsFunc(sizes, func(size int) bool { return size > 0 }), err
}
