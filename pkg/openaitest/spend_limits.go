package openaitest

import "cmp"

const (
	organizationSpendLimitPath = "/organization/spend_limit"
	projectSpendLimitPath      = "/organization/projects/{project_id}/spend_limit"

	spendLimitsFamily = "spend_limits"
)

var spendLimitRoutes = []route{
	{"GET " + organizationSpendLimitPath, spendLimitsFamily, nil, (*Server).retrieveSpendLimitLocked},
	{"POST " + organizationSpendLimitPath, spendLimitsFamily, nil, withBody((*Server).modifySpendLimitLocked)},
	{"DELETE " + organizationSpendLimitPath, spendLimitsFamily, nil, (*Server).deleteSpendLimitLocked},
	{"GET " + projectSpendLimitPath, spendLimitsFamily, nil, (*Server).retrieveSpendLimitLocked},
	{"POST " + projectSpendLimitPath, spendLimitsFamily, nil, withBody((*Server).modifySpendLimitLocked)},
	{"DELETE " + projectSpendLimitPath, spendLimitsFamily, nil, (*Server).deleteSpendLimitLocked},
}

// The only values that the API accepts.
const (
	spendCurrency = "USD"
	spendInterval = "month"
)

// SpendLimit is a hard limit of the monthly costs of the organization or a project. The zero value means no limit.
type SpendLimit struct {
	// Cents is the amount in US cents.
	Cents int64
	// Enforcement is enforcing or inactive; empty means enforcing.
	Enforcement string
	JSON        Fields
}

// spendLimitLocked is the limit of the route's organization or project, and the noun of its owner.
func (s *Server) spendLimitLocked(c *call) (*SpendLimit, string, error) {
	if c.PathValue("project_id") == "" {
		return &s.Organization.SpendLimit, "organization", nil
	}
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, "", err
	}
	return &project.SpendLimit, "project", nil
}

// retrieveSpendLimitLocked answers 404 without a limit, as OpenAI's Terraform provider expects it, unless [Server.UnsetIsNull].
func (s *Server) retrieveSpendLimitLocked(c *call) (any, error) {
	limit, of, err := s.spendLimitLocked(c)
	switch {
	case err != nil:
		return nil, err
	case limit.Cents == 0 && s.UnsetIsNull:
		return object{"object": of + ".spend_limit", "threshold_amount": nil, "currency": nil, "interval": nil, "enforcement": nil}, nil
	case limit.Cents == 0:
		return nil, notFound("spend_limit", "of the "+of)
	}
	return renderSpendLimit(*limit, of), nil
}

// spendLimitChange is the body that creates or replaces a limit.
type spendLimitChange struct {
	Amount   *int64 `json:"threshold_amount"`
	Currency string `json:"currency"`
	Interval string `json:"interval"`
}

func (s *Server) modifySpendLimitLocked(c *call, body spendLimitChange) (any, error) {
	limit, of, err := s.spendLimitLocked(c)
	if err != nil {
		return nil, err
	}
	const amount = "threshold_amount"
	switch {
	case body.Amount == nil:
		return nil, missing(amount)
	case *body.Amount < 1:
		return nil, invalid(amount, "integer_below_min_value",
			"Invalid '%s': integer below minimum value. Expected a value >= 1, but got %d instead.", amount, *body.Amount)
	}
	if err := oneOfWords("currency", body.Currency, spendCurrency); err != nil {
		return nil, err
	}
	if err := oneOfWords("interval", body.Interval, spendInterval); err != nil {
		return nil, err
	}
	*limit = SpendLimit{Cents: *body.Amount}
	return renderSpendLimit(*limit, of), nil
}

func (s *Server) deleteSpendLimitLocked(c *call) (any, error) {
	limit, of, err := s.spendLimitLocked(c)
	switch {
	case err != nil:
		return nil, err
	case limit.Cents == 0:
		return nil, notFound("spend_limit", "of the "+of)
	}
	*limit = SpendLimit{}
	return deleted(of+".spend_limit", ""), nil
}

func renderSpendLimit(l SpendLimit, owner string) object {
	return object{
		"object": owner + ".spend_limit", "threshold_amount": l.Cents, "currency": spendCurrency, "interval": spendInterval,
		"enforcement": object{"status": cmp.Or(l.Enforcement, "enforcing")},
	}.with(l.JSON)
}
