package client

import "context"

// The only currency and the only interval that the API knows for spend limits.
const (
	SpendCurrency = "USD"
	SpendInterval = "month"
)

// SpendInactive is the enforcement of a limit that holds nobody back.
const SpendInactive = "inactive"

// SpendLimit is the hard limit of what may be spent in an interval.
type SpendLimit struct {
	Object string `json:"object"`
	// ThresholdAmount is in cents; 0 means that there is no limit.
	ThresholdAmount int64  `json:"threshold_amount"`
	Currency        string `json:"currency"`
	Interval        string `json:"interval"`
	Enforcement     struct {
		// Status is inactive or enforcing. A limit has been seen to become inactive when a spend alert is made in the same
		// project: https://github.com/jianyuan/terraform-provider-openai/issues/256.
		Status string `json:"status"`
	} `json:"enforcement"`
}

func (l SpendLimit) itemID() string { return l.Object }

// Spender is who is limited in what may be spent.
type Spender struct {
	route Route
	ids   []string
}

// OrganizationSpender is the organization, with all its projects together.
func OrganizationSpender() Spender { return Spender{route: "/organization/spend_limit"} }

// ProjectSpender is a project.
func ProjectSpender(projectID string) Spender {
	return Spender{"/organization/projects/{project_id}/spend_limit", []string{projectID}}
}

// GetSpendLimit gives the limit. What the API answers where there is none is not documented; OpenAI's own Terraform provider
// takes a 404 for that.
//
// GET /organization/spend_limit, GET /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/retrieve.
func (c *Client) GetSpendLimit(ctx context.Context, of Spender) (SpendLimit, error) {
	return retrieve[SpendLimit](ctx, c, of.route, of.ids...)
}

// ModifySpendLimit sets the limit in US cents a month, in place of the one before.
//
// POST /organization/spend_limit, POST /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/update.
func (c *Client) ModifySpendLimit(ctx context.Context, of Spender, cents int64) (SpendLimit, error) {
	body := struct {
		ThresholdAmount int64  `json:"threshold_amount"`
		Currency        string `json:"currency"`
		Interval        string `json:"interval"`
	}{cents, SpendCurrency, SpendInterval}
	return change[SpendLimit](ctx, c, of.route, of.ids, body)
}

// DeleteSpendLimit takes the limit away.
//
// DELETE /organization/spend_limit, DELETE /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/delete.
func (c *Client) DeleteSpendLimit(ctx context.Context, of Spender) error {
	return c.remove(ctx, of.route, of.ids...)
}
