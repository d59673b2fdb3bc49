package client

import "context"

// The API's only currency and interval of spend limits.
const (
	SpendCurrency = "USD"
	SpendInterval = "month"
)

// SpendInactive is the enforcement status of a limit without effect.
const SpendInactive = "inactive"

// SpendLimit is a hard limit of the costs in an interval.
type SpendLimit struct {
	Object string `json:"object"`
	// ThresholdAmount is in cents; 0 means no limit.
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

// Spender is the organization or a project, as the subject of a spend limit.
type Spender struct {
	route Route
	ids   []string
}

// OrganizationSpender is the organization with all its projects.
func OrganizationSpender() Spender { return Spender{route: "/organization/spend_limit"} }

// ProjectSpender is a project.
func ProjectSpender(projectID string) Spender {
	return Spender{"/organization/projects/{project_id}/spend_limit", []string{projectID}}
}

// GetSpendLimit gives the limit. The answer without a limit is not documented; OpenAI's Terraform provider takes 404 for it.
//
// GET /organization/spend_limit, GET /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/retrieve.
func (c *Client) GetSpendLimit(ctx context.Context, spender Spender) (SpendLimit, error) {
	return retrieve[SpendLimit](ctx, c, spender.route, spender.ids...)
}

// ModifySpendLimit sets the limit, in US cents a month.
//
// POST /organization/spend_limit, POST /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/update.
func (c *Client) ModifySpendLimit(ctx context.Context, spender Spender, cents int64) (SpendLimit, error) {
	body := struct {
		ThresholdAmount int64  `json:"threshold_amount"`
		Currency        string `json:"currency"`
		Interval        string `json:"interval"`
	}{cents, SpendCurrency, SpendInterval}
	return change[SpendLimit](ctx, c, spender.route, spender.ids, body)
}

// DeleteSpendLimit removes the limit.
//
// DELETE /organization/spend_limit, DELETE /organization/projects/{project_id}/spend_limit,
// https://developers.openai.com/api/reference/resources/admin/subresources/organization/subresources/spend_limit/methods/delete.
func (c *Client) DeleteSpendLimit(ctx context.Context, spender Spender) error {
	return c.remove(ctx, spender.route, spender.ids...)
}
