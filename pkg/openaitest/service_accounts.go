package openaitest

import (
	"cmp"
	"slices"
)

const (
	serviceAccountsFamily = "service_accounts"

	serviceAccountPath = "/organization/projects/{project_id}/service_accounts/{service_account_id}"
)

var serviceAccountRoutes = []route{
	{"GET /organization/projects/{project_id}/service_accounts", serviceAccountsFamily, lastIDQuery, (*Server).listServiceAccountsLocked},
	{"POST /organization/projects/{project_id}/service_accounts", serviceAccountsFamily, nil, withBody((*Server).createServiceAccountLocked)},
	{"GET " + serviceAccountPath, serviceAccountsFamily, nil, (*Server).retrieveServiceAccountLocked},
	{"POST " + serviceAccountPath, serviceAccountsFamily, nil, withBody((*Server).modifyServiceAccountLocked)},
	{"DELETE " + serviceAccountPath, serviceAccountsFamily, nil, (*Server).deleteServiceAccountLocked},
	{"POST " + serviceAccountPath + "/api_keys", serviceAccountsFamily, nil, withOptionalBody((*Server).createServiceAccountKeyLocked)},
}

func (s *Server) listServiceAccountsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[ServiceAccount]{
		rows:   project.ServiceAccounts,
		id:     func(a ServiceAccount) string { return a.ID },
		render: renderServiceAccount,
	}.byLastID(c)
}

func (s *Server) retrieveServiceAccountLocked(c *call) (any, error) {
	_, account, err := s.serviceAccountLocked(c)
	if err != nil {
		return nil, err
	}
	return renderServiceAccount(*account), nil
}

// newServiceAccount is the body of the creation of a service account.
type newServiceAccount struct {
	Name string `json:"name"`
	Only bool   `json:"create_service_account_only"`
}

// createServiceAccountLocked creates a member with a key or, if the request wants only the account, an account without a role. The
// id looks like that of a user, as ids of the API have been seen to do.
func (s *Server) createServiceAccountLocked(c *call, body newServiceAccount) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if err := required("name", body.Name); err != nil {
		return nil, err
	}
	id := s.newIDLocked("user-", func(id string) bool { return s.Organization.hasUser(id) || s.Organization.serviceAccount(id) != nil })
	account := ServiceAccount{ID: id, Name: body.Name, Role: roleMember, CreatedAt: s.nowLocked()}
	only := body.Only && !s.ServiceAccountComesWithKey
	if only {
		account.Role = roleNone
	}
	project.ServiceAccounts = append(project.ServiceAccounts, account)
	rendered := renderServiceAccount(account)
	rendered["api_key"] = nil
	if !only {
		rendered["api_key"] = s.mintKeyLocked(project, account.ID, "Secret Key")
	}
	return rendered, nil
}

// serviceAccountChange is the body of the modification of a service account. Absent fields stay unchanged.
type serviceAccountChange struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// modifyServiceAccountLocked sets the role owner or member, and no other.
func (s *Server) modifyServiceAccountLocked(c *call, body serviceAccountChange) (any, error) {
	_, account, err := s.serviceAccountLocked(c)
	if err != nil {
		return nil, err
	}
	if body.Role != "" {
		if err := oneOfWords("role", body.Role, roleMember, roleOwner); err != nil {
			return nil, err
		}
	}
	account.Name, account.Role = cmp.Or(body.Name, account.Name), cmp.Or(body.Role, account.Role)
	return renderServiceAccount(*account), nil
}

// deleteServiceAccountLocked deletes the account with its keys and its memberships of groups. The API has been seen to do so and
// to answer 404.
func (s *Server) deleteServiceAccountLocked(c *call) (any, error) {
	project, account, err := s.serviceAccountLocked(c)
	if err != nil {
		return nil, err
	}
	id := account.ID
	project.ServiceAccounts = slices.DeleteFunc(project.ServiceAccounts, func(a ServiceAccount) bool { return a.ID == id })
	project.APIKeys = slices.DeleteFunc(project.APIKeys, func(k ProjectAPIKey) bool { return k.OwnerType == typeServiceAccount && k.OwnerID == id })
	if !s.Organization.hasUser(id) {
		s.Organization.leaveGroups(id)
	}
	if s.ServiceAccountDeleteReports404 {
		return nil, notFound(typeServiceAccount, id)
	}
	return deleted("organization.project.service_account", id), nil
}

// newServiceAccountKey is the body of the creation of a key. The scopes cannot be read back.
type newServiceAccountKey struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

func (s *Server) createServiceAccountKeyLocked(c *call, body newServiceAccountKey) (any, error) {
	project, account, err := s.serviceAccountLocked(c)
	if err != nil {
		return nil, err
	}
	return s.mintKeyLocked(project, account.ID, body.Name), nil
}

// mintKeyLocked creates a key of the service account. Only this answer has the secret.
func (s *Server) mintKeyLocked(p *Project, accountID, name string) object {
	value, redacted := s.newKeyValueLocked("sk-svcacct-")
	key := ProjectAPIKey{
		ID:   s.newIDLocked("key_", s.Organization.hasKey),
		Name: name, RedactedValue: redacted, CreatedAt: s.nowLocked(), OwnerProjectAccess: statusActive, OwnerType: typeServiceAccount, OwnerID: accountID,
	}
	p.APIKeys = append(p.APIKeys, key)
	return object{
		"object": "organization.project.service_account.api_key", "id": key.ID, "name": key.Name, "created_at": key.CreatedAt, "value": value,
	}
}

func (s *Server) serviceAccountLocked(c *call) (*Project, *ServiceAccount, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.PathValue("service_account_id")
	account := project.serviceAccount(id)
	if account == nil {
		return nil, nil, notFound(typeServiceAccount, id)
	}
	return project, account, nil
}

func (p *Project) serviceAccount(id string) *ServiceAccount {
	return find(p.ServiceAccounts, func(a *ServiceAccount) bool { return a.ID == id })
}

func renderServiceAccount(a ServiceAccount) object {
	return object{
		"object":     "organization.project.service_account",
		"id":         a.ID,
		"name":       a.Name,
		"role":       a.Role,
		"created_at": a.CreatedAt,
	}.with(a.JSON)
}
