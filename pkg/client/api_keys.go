package client

import (
	"context"
	"net/url"
	"regexp"
	"strings"
)

// The kinds of owner that a key can have.
const (
	OwnerUser           = "user"
	OwnerServiceAccount = "service_account"
)

// Whether the owner of a project's key has access to the project, in the API's words.
const (
	OwnerHasAccess = "active"
	OwnerHasNone   = "inactive"
)

// ProjectAPIKey is a key that opens one project.
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

// ProjectKeyOwner is whose key it is; every part of it may be missing.
type ProjectKeyOwner struct {
	// Type is user or service_account; answers have been seen whose block is the other's.
	Type           string   `json:"type"`
	ID             string   `json:"id"`
	User           keyOwner `json:"user"`
	ServiceAccount keyOwner `json:"service_account"`
}

type keyOwner struct {
	ID string `json:"id"`
}

// OwnerID is the owner's id, "" if the API does not tell.
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

// OwnerType is user or service_account, told by the block that is there if the type is missing; an unknown type is
// given as it is.
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

// AdminAPIKey is a key that opens the Admin API.
type AdminAPIKey struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	RedactedValue RedactedValue `json:"redacted_value"`
	CreatedAt     Timestamp     `json:"created_at"`
	LastUsedAt    Timestamp     `json:"last_used_at"`
	ExpiresAt     Timestamp     `json:"expires_at"`
	// Owner may be missing, as may be each part of it.
	Owner AdminKeyOwner `json:"owner"`
}

func (k AdminAPIKey) itemID() string { return k.ID }

// AdminKeyOwner is whose key it is.
type AdminKeyOwner struct {
	// Type is user or service_account, Object the type of the API's object; either may be missing.
	Type   string `json:"type"`
	Object string `json:"object"`
	ID     string `json:"id"`
	// Role is the role in the organization, or, of a service account, in its project.
	Role string `json:"role"`
}

// OwnerType is user or service_account, told by the object if the type is missing; an unknown type is given as it is.
func (o AdminKeyOwner) OwnerType() string {
	switch {
	case o.Type != "":
		return o.Type
	case o.Object == "organization.user":
		return OwnerUser
	// One example of the documentation has the field's name within the value.
	case strings.HasSuffix(o.Object, "organization.project.service_account"):
		return OwnerServiceAccount
	default:
		return ""
	}
}

// IsProjectKey tells whether the row is a project's key, which the list of admin keys has been seen to repeat.
func (k AdminAPIKey) IsProjectKey() bool {
	return k.RedactedValue.startsWith("sk-proj") || k.RedactedValue.startsWith("sk-svcacct")
}

// adminKeyPrefix is how every admin key begins.
const adminKeyPrefix = "sk-admin"

// IsUserKey tells whether the row is a user's key of old, which the list of admin keys may hold as well: such keys begin
// with sk-None-, or with sk- alone, and open no route of the Admin API. Where the mask leaves too little of the beginning,
// the holder decides: only owners of the organization can have an admin key.
func (k AdminAPIKey) IsUserKey() bool {
	if k.IsProjectKey() || k.RedactedValue.startsWith(adminKeyPrefix) {
		return false
	}
	if shown := k.RedactedValue.shown(); !strings.HasPrefix(adminKeyPrefix, shown) {
		return true
	}
	return k.Owner.OwnerType() == OwnerServiceAccount || k.Owner.Role != "owner"
}

// RedactedValue is a key with its middle left out, such as sk-proj-***abc. The types of this package have no field for
// a whole key; one that arrives in this field is cut to its kind.
type RedactedValue struct {
	text string
}

// keyKind is the part of a key that tells what kind it is and nothing else.
var keyKind = regexp.MustCompile(`^sk-(admin|proj|svcacct|None)`)

// UnmarshalText keeps the value only if something has been left out of it.
func (v *RedactedValue) UnmarshalText(text []byte) error {
	value := string(text)
	if !strings.ContainsAny(value, "*…•") && !strings.Contains(value, "...") {
		value = keyKind.FindString(value)
	}
	v.text = value
	return nil
}

// MarshalText gives the redacted value, so that a page can be kept.
func (v RedactedValue) MarshalText() ([]byte, error) { return []byte(v.text), nil }

// String is the redacted value, "" if the API gives none.
func (v RedactedValue) String() string { return v.text }

func (v RedactedValue) startsWith(kind string) bool { return strings.HasPrefix(v.text, kind) }

// shown is the beginning of the key that the mask leaves.
func (v RedactedValue) shown() string {
	if masked := strings.IndexFunc(v.text, isMask); masked >= 0 {
		return v.text[:masked]
	}
	return v.text
}

func isMask(r rune) bool { return strings.ContainsRune("*.…•", r) }

// ListProjectAPIKeys gives a page of at most 100 keys of a project, those included whose owner has lost access: without
// owner_project_access the API leaves some enabled keys out.
//
// GET /organization/projects/{project_id}/api_keys,
// https://platform.openai.com/docs/api-reference/project-api-keys/list, scope api.management.read.
func (c *Client) ListProjectAPIKeys(ctx context.Context, projectID string, cursor Cursor) (Page[ProjectAPIKey], error) {
	query := url.Values{"owner_project_access": {"any"}}
	return list[ProjectAPIKey](ctx, c, lastID100, "/organization/projects/{project_id}/api_keys", []string{projectID}, query, cursor)
}

// ListAdminAPIKeys gives a page of at most 100 admin keys. The API has been seen to repeat project keys here.
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

// DeleteProjectAPIKey deletes a key of a project. The document says that one of a service account is refused.
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
