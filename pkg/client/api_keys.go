package client

import (
	"context"
	"net/url"
	"regexp"
	"strings"
)

// The types of the owners of keys.
const (
	OwnerUser           = "user"
	OwnerServiceAccount = "service_account"
)

// Whether the owner of a project's key has access to the project, in the API's words.
const (
	OwnerHasAccess = "active"
	OwnerHasNone   = "inactive"
)

// ProjectAPIKey is an API key of a project.
type ProjectAPIKey struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	RedactedValue RedactedValue `json:"redacted_value"`
	CreatedAt     Timestamp     `json:"created_at"`
	LastUsedAt    Timestamp     `json:"last_used_at"`
	ExpiresAt     Timestamp     `json:"expires_at"`
	// OwnerProjectAccess is [OwnerHasAccess], or [OwnerHasNone] if the owner has lost access to the project.
	OwnerProjectAccess string          `json:"owner_project_access"`
	Owner              ProjectKeyOwner `json:"owner"`
}

func (k ProjectAPIKey) itemID() string { return k.ID }

// ProjectKeyOwner is the owner of a project's key. Each part may be missing.
type ProjectKeyOwner struct {
	// Type is user or service_account. It has been seen to contradict the block that is filled.
	Type           string   `json:"type"`
	ID             string   `json:"id"`
	User           keyOwner `json:"user"`
	ServiceAccount keyOwner `json:"service_account"`
}

type keyOwner struct {
	ID string `json:"id"`
}

// OwnerID is the id of the owner, "" if the API does not say.
func (o ProjectKeyOwner) OwnerID() string {
	blocks := []string{o.User.ID, o.ServiceAccount.ID, o.ID}
	if o.Type == OwnerServiceAccount {
		blocks[0], blocks[1] = blocks[1], blocks[0]
	}
	for _, id := range blocks {
		if id != "" {
			return id
		}
	}
	return ""
}

// OwnerType is user or service_account. Without a type, the filled block decides; an unknown type is returned unchanged.
func (o ProjectKeyOwner) OwnerType() string {
	switch {
	case o.Type != "":
		return o.Type
	case o.User.ID != "":
		return OwnerUser
	case o.ServiceAccount.ID != "":
		return OwnerServiceAccount
	default:
		return ""
	}
}

// AdminAPIKey is a key for the Admin API.
type AdminAPIKey struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	RedactedValue RedactedValue `json:"redacted_value"`
	CreatedAt     Timestamp     `json:"created_at"`
	LastUsedAt    Timestamp     `json:"last_used_at"`
	ExpiresAt     Timestamp     `json:"expires_at"`
	// Owner may be missing, or any part of it.
	Owner AdminKeyOwner `json:"owner"`
}

func (k AdminAPIKey) itemID() string { return k.ID }

// AdminKeyOwner is the owner of an admin key.
type AdminKeyOwner struct {
	// Type is user or service_account, Object the type of the API's object; either may be missing.
	Type   string `json:"type"`
	Object string `json:"object"`
	ID     string `json:"id"`
	// Role is the role in the organization; that of a service account is the role in its project.
	Role string `json:"role"`
}

// OwnerType is user or service_account. Without a type, the object decides; an unknown type is returned unchanged.
func (o AdminKeyOwner) OwnerType() string {
	switch {
	case o.Type != "":
		return o.Type
	case o.Object == "organization.user":
		return OwnerUser
	// In one example of the documentation the value contains the field's name.
	case strings.HasSuffix(o.Object, "organization.project.service_account"):
		return OwnerServiceAccount
	default:
		return ""
	}
}

// IsProjectKey tells whether the row is a project's key. The list of admin keys has been seen to repeat some.
func (k AdminAPIKey) IsProjectKey() bool {
	return k.RedactedValue.startsWith("sk-proj") || k.RedactedValue.startsWith("sk-svcacct")
}

// adminKeyPrefix is how every admin key begins.
const adminKeyPrefix = "sk-admin"

// IsUserKey tells whether the row is a legacy user key, which the list of admin keys may contain. Such keys begin with
// sk-None- or sk- and have no access to the Admin API. If the mask hides the prefix, the owner decides: only owners of the
// organization can have an admin key.
func (k AdminAPIKey) IsUserKey() bool {
	if k.IsProjectKey() || k.RedactedValue.startsWith(adminKeyPrefix) {
		return false
	}
	if visible := k.RedactedValue.visiblePrefix(); !strings.HasPrefix(adminKeyPrefix, visible) {
		return true
	}
	return k.Owner.OwnerType() == OwnerServiceAccount || k.Owner.Role != "owner"
}

// RedactedValue is a key without its middle, such as sk-proj-***abc. A whole key in this field is cut to its prefix.
type RedactedValue struct {
	text string
}

// keyKind matches the prefix of a key, which only says its kind.
var keyKind = regexp.MustCompile(`^sk-(admin|proj|svcacct|None)`)

// UnmarshalText keeps a masked value, and only the prefix of any other.
func (v *RedactedValue) UnmarshalText(text []byte) error {
	value := string(text)
	if !strings.ContainsAny(value, "*…•") && !strings.Contains(value, "...") {
		value = keyKind.FindString(value)
	}
	v.text = value
	return nil
}

// MarshalText returns the redacted value, so that a page can be stored.
func (v RedactedValue) MarshalText() ([]byte, error) { return []byte(v.text), nil }

// String returns the redacted value, "" if the API gave none.
func (v RedactedValue) String() string { return v.text }

func (v RedactedValue) startsWith(kind string) bool { return strings.HasPrefix(v.text, kind) }

// visiblePrefix is the part of the key before the mask.
func (v RedactedValue) visiblePrefix() string {
	if masked := strings.IndexFunc(v.text, isMask); masked >= 0 {
		return v.text[:masked]
	}
	return v.text
}

func isMask(r rune) bool { return strings.ContainsRune("*.…•", r) }

// ListProjectAPIKeys gives a page of at most 100 keys of a project. It includes keys whose owner has lost access: without
// owner_project_access the API omits some enabled keys.
//
// GET /organization/projects/{project_id}/api_keys,
// https://platform.openai.com/docs/api-reference/project-api-keys/list, scope api.management.read.
func (c *Client) ListProjectAPIKeys(ctx context.Context, projectID string, cursor Cursor) (Page[ProjectAPIKey], error) {
	query := url.Values{"owner_project_access": {"any"}}
	return list[ProjectAPIKey](ctx, c, lastID100, "/organization/projects/{project_id}/api_keys", []string{projectID}, query, cursor)
}

// ListAdminAPIKeys gives a page of at most 100 admin keys. The API has been seen to list project keys here too.
//
// GET /organization/admin_api_keys, https://platform.openai.com/docs/api-reference/admin-api-keys/list, scope
// api.management.read.
func (c *Client) ListAdminAPIKeys(ctx context.Context, cursor Cursor) (Page[AdminAPIKey], error) {
	return list[AdminAPIKey](ctx, c, lastID100, "/organization/admin_api_keys", nil, nil, cursor)
}

// GetProjectAPIKey gives one key of a project.
//
// GET /organization/projects/{project_id}/api_keys/{api_key_id},
// https://platform.openai.com/docs/api-reference/project-api-keys/retrieve.
func (c *Client) GetProjectAPIKey(ctx context.Context, projectID, keyID string) (ProjectAPIKey, error) {
	return retrieve[ProjectAPIKey](ctx, c, "/organization/projects/{project_id}/api_keys/{api_key_id}", projectID, keyID)
}

// DeleteProjectAPIKey deletes a key of a project. By the documentation, the API refuses keys of service accounts.
//
// DELETE /organization/projects/{project_id}/api_keys/{api_key_id},
// https://platform.openai.com/docs/api-reference/project-api-keys/delete.
func (c *Client) DeleteProjectAPIKey(ctx context.Context, projectID, keyID string) error {
	return c.remove(ctx, "/organization/projects/{project_id}/api_keys/{api_key_id}", projectID, keyID)
}

// GetAdminAPIKey gives one admin key.
//
// GET /organization/admin_api_keys/{key_id}, https://platform.openai.com/docs/api-reference/admin-api-keys/get.
func (c *Client) GetAdminAPIKey(ctx context.Context, keyID string) (AdminAPIKey, error) {
	return retrieve[AdminAPIKey](ctx, c, "/organization/admin_api_keys/{key_id}", keyID)
}

// DeleteAdminAPIKey deletes an admin key.
//
// DELETE /organization/admin_api_keys/{key_id}, https://platform.openai.com/docs/api-reference/admin-api-keys/delete.
func (c *Client) DeleteAdminAPIKey(ctx context.Context, keyID string) error {
	return c.remove(ctx, "/organization/admin_api_keys/{key_id}", keyID)
}

// IsOwnKey tells whether the row may be the key that this client uses: what the redacted value shows of the beginning
// and the end is the same. A row that shows nothing may be any key.
func (c *Client) IsOwnKey(key AdminAPIKey) bool {
	text := key.RedactedValue.text
	masked := strings.IndexFunc(text, isMask)
	if masked < 0 {
		return strings.HasPrefix(c.key, text)
	}
	end := strings.TrimLeftFunc(text[strings.LastIndexFunc(text, isMask):], isMask)
	return strings.HasPrefix(c.key, text[:masked]) && strings.HasSuffix(c.key, end)
}
