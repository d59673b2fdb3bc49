package client

import (
	"context"
	"encoding/json"
)

// RateLimitNumbers are the API's names of the numbers of a rate limit.
func RateLimitNumbers() []string {
	return []string{
		"max_requests_per_1_minute", "max_tokens_per_1_minute", "max_images_per_1_minute", "max_audio_megabytes_per_1_minute",
		"max_requests_per_1_day", "batch_1_day_max_input_tokens",
	}
}

// RateLimit limits the use of a model by a project.
type RateLimit struct {
	ID    string
	Model string
	// Numbers are the limits that the model has, by name.
	Numbers map[string]int64
}

func (l RateLimit) itemID() string { return l.ID }

// UnmarshalJSON collects the numbers, which the API sends as fields of the object.
func (l *RateLimit) UnmarshalJSON(data []byte) error {
	var row struct {
		ID    string `json:"id"`
		Model string `json:"model"`
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*l = RateLimit{ID: row.ID, Model: row.Model, Numbers: map[string]int64{}}
	for _, name := range RateLimitNumbers() {
		var number *int64
		if err := json.Unmarshal(orNull(fields[name]), &number); err != nil {
			return err
		}
		if number != nil {
			l.Numbers[name] = *number
		}
	}
	return nil
}

// ListProjectRateLimits gives a page of the rate limits of a project, one for each model. 100 is the documented default of
// the page size; a maximum is not documented.
//
// GET /organization/projects/{project_id}/rate_limits, https://platform.openai.com/docs/api-reference/project-rate-limits/list.
func (c *Client) ListProjectRateLimits(ctx context.Context, projectID string, cursor Cursor) (Page[RateLimit], error) {
	return list[RateLimit](ctx, c, lastID100, "/organization/projects/{project_id}/rate_limits", []string{projectID}, nil, cursor)
}

// ModifyProjectRateLimit changes numbers of a rate limit. Omitted numbers stay unchanged. The API has been seen to refuse it
// for a model that it lists: https://github.com/openai/openai-python/issues/2755.
//
// POST /organization/projects/{project_id}/rate_limits/{rate_limit_id},
// https://platform.openai.com/docs/api-reference/project-rate-limits/update.
func (c *Client) ModifyProjectRateLimit(ctx context.Context, projectID, rateLimitID string, numbers map[string]int64) (RateLimit, error) {
	const route Route = "/organization/projects/{project_id}/rate_limits/{rate_limit_id}"
	return change[RateLimit](ctx, c, route, []string{projectID, rateLimitID}, numbers)
}
