package openaitest

import (
	"cmp"
	"slices"
)

const adminAPIKeysFamily = "admin_api_keys"

var adminAPIKeyRoutes = []route{
	{"GET /organization/admin_api_keys", adminAPIKeysFamily, nextQuery, (*Server).listAdminAPIKeysLocked},
	{"POST /organization/admin_api_keys", adminAPIKeysFamily, nil, withBody((*Server).createAdminAPIKeyLocked)},
	{"GET /organization/admin_api_keys/{key_id}", adminAPIKeysFamily, nil, (*Server).retrieveAdminAPIKeyLocked},
	{"DELETE /organization/admin_api_keys/{key_id}", adminAPIKeysFamily, nil, (*Server).deleteAdminAPIKeyLocked},
}

// adminKeyRow is a row of the admin key list, which may contain project keys.
type adminKeyRow struct {
	id     string
	render func() object
}

func (s *Server) listAdminAPIKeysLocked(c *call) (any, error) {
	var rows []adminKeyRow
	for _, key := range s.Organization.AdminKeys {
		rows = append(rows, adminKeyRow{key.ID, func() object { return s.renderListedAdminAPIKeyLocked(key) }})
	}
	if s.AdminListRepeatsProjectKeys {
		rows = append(rows, s.projectKeysAsAdminKeysLocked()...)
	}
	return lister[adminKeyRow]{
		rows:   rows,
		id:     func(r adminKeyRow) string { return r.id },
		render: func(r adminKeyRow) object { return r.render() },
	}.byLastID(c)
}

func (s *Server) projectKeysAsAdminKeysLocked() []adminKeyRow {
	var rows []adminKeyRow
	for i := range s.Organization.Projects {
		project := &s.Organization.Projects[i]
		for _, key := range project.APIKeys {
			rows = append(rows, adminKeyRow{key.ID, func() object {
				return s.renderAdminAPIKeyLocked(AdminAPIKey{
					ID:            key.ID,
					Name:          key.Name,
					RedactedValue: key.RedactedValue,
					CreatedAt:     key.CreatedAt,
					ExpiresAt:     key.ExpiresAt,
					LastUsedAt:    key.LastUsedAt,
					OwnerType:     key.OwnerType,
					OwnerID:       key.OwnerID,
				})
			}})
		}
	}
	return rows
}

func (s *Server) retrieveAdminAPIKeyLocked(c *call) (any, error) {
	key, err := s.adminAPIKeyLocked(c)
	if err != nil {
		return nil, err
	}
	return s.renderAdminAPIKeyLocked(*key), nil
}

// newAdminKey is the body of the creation of an admin key. Without ExpiresInSeconds the key does not expire.
type newAdminKey struct {
	Name             string `json:"name"`
	ExpiresInSeconds *int64 `json:"expires_in_seconds"`
}

// createAdminAPIKeyLocked creates a key of the organization's first owner: the user of the request is not known here. Only this
// answer has the secret.
func (s *Server) createAdminAPIKeyLocked(_ *call, body newAdminKey) (any, error) {
	if err := required("name", body.Name); err != nil {
		return nil, err
	}
	expiresAt, err := body.expiresAt(s.nowLocked())
	if err != nil {
		return nil, err
	}
	value, redacted := s.newKeyValueLocked(adminKeyPrefix)
	key := AdminAPIKey{
		ID:   s.newIDLocked("key_", s.Organization.hasKey),
		Name: body.Name, RedactedValue: redacted, Value: value, CreatedAt: s.nowLocked(), ExpiresAt: expiresAt, OwnerType: typeUser,
	}
	if owner := find(s.Organization.Users, func(u *User) bool { return u.Role == roleOwner && !u.IsServiceAccount }); owner != nil {
		key.OwnerID = owner.ID
	}
	s.Organization.AdminKeys = append(s.Organization.AdminKeys, key)
	rendered := s.renderAdminAPIKeyLocked(key)
	rendered["value"] = value
	return rendered, nil
}

func (b *newAdminKey) expiresAt(now int64) (int64, error) {
	const year = 365 * 24 * 3600
	switch term := b.ExpiresInSeconds; {
	case term == nil:
		return 0, nil
	case *term < 1 || *term > year:
		return 0, invalid("expires_in_seconds", "invalid_value", "Invalid 'expires_in_seconds': expected 1 to %d, but got %d instead.", year, *term)
	default:
		return now + *term, nil
	}
}

func (s *Server) deleteAdminAPIKeyLocked(c *call) (any, error) {
	key, err := s.adminAPIKeyLocked(c)
	if err != nil {
		return nil, err
	}
	id := key.ID
	s.Organization.AdminKeys = slices.DeleteFunc(s.Organization.AdminKeys, func(k AdminAPIKey) bool { return k.ID == id })
	return deleted("organization.admin_api_key", id), nil
}

func (s *Server) adminAPIKeyLocked(c *call) (*AdminAPIKey, error) {
	id := c.PathValue("key_id")
	key := s.Organization.adminKey(id)
	if key == nil {
		return nil, notFound("api_key", id)
	}
	return key, nil
}

func (o *Organization) adminKey(id string) *AdminAPIKey {
	return find(o.AdminKeys, func(k *AdminAPIKey) bool { return k.ID == id })
}

func (s *Server) renderListedAdminAPIKeyLocked(k AdminAPIKey) object {
	if !s.LeakKeyValues {
		return s.renderAdminAPIKeyLocked(k)
	}
	rendered := s.renderAdminAPIKeyLocked(k)
	rendered["value"] = cmp.Or(k.Value, adminKeyPrefix+k.ID)
	return rendered.with(k.JSON)
}

func (s *Server) renderAdminAPIKeyLocked(k AdminAPIKey) object {
	return object{
		"object":         "organization.admin_api_key",
		"id":             k.ID,
		"name":           orNull(k.Name),
		"redacted_value": k.RedactedValue,
		"created_at":     k.CreatedAt,
		"expires_at":     orNull(k.ExpiresAt),
		"last_used_at":   orNull(k.LastUsedAt),
		"owner":          s.renderAdminKeyOwnerLocked(cmp.Or(k.OwnerType, typeUser), k.OwnerID),
	}.with(k.JSON)
}

// renderAdminKeyOwnerLocked renders only the type and the id of a deleted owner.
func (s *Server) renderAdminKeyOwnerLocked(ownerType, id string) object {
	owner := object{"type": ownerType, "id": id}
	if ownerType == typeServiceAccount {
		owner["object"] = "organization.project.service_account"
		if account := s.Organization.serviceAccount(id); account != nil {
			owner["name"], owner["created_at"], owner["role"] = account.Name, account.CreatedAt, account.Role
		}
		return owner
	}
	owner["object"] = "organization.user"
	if user := s.Organization.user(id); user != nil {
		owner["name"], owner["created_at"], owner["role"] = user.Name, user.AddedAt, user.Role
	}
	return owner
}
