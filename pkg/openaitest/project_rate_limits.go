package openaitest

import (
	"fmt"
	"maps"
	"net/http"
)

const rateLimitsPath = "/organization/projects/{project_id}/rate_limits"

var modelRateLimitRoutes = []route{
	{"GET " + rateLimitsPath, projectsFamily, lastIDQuery, (*Server).listModelRateLimitsLocked},
	{"POST " + rateLimitsPath + "/{rate_limit_id}", projectsFamily, nil, withBody((*Server).modifyModelRateLimitLocked)},
}

// The names of the numbers.
const (
	maxRequests     = "max_requests_per_1_minute"
	maxTokens       = "max_tokens_per_1_minute" //nolint:gosec // tokens of text, not of access
	maxImages       = "max_images_per_1_minute"
	maxAudio        = "max_audio_megabytes_per_1_minute"
	maxRequestsADay = "max_requests_per_1_day"
	maxBatchTokens  = "batch_1_day_max_input_tokens" //nolint:gosec // as above
)

// ModelRateLimit is a row of GET /organization/projects/{project_id}/rate_limits: the limits of a project for a model.
type ModelRateLimit struct {
	ID, Model string
	// Numbers are the limits by the API's names, such as max_requests_per_1_minute. The model does not have the others.
	Numbers map[string]int64
	// NotOfOrganization refuses every change. The API has done so for listed models, and said that the organization has no limit
	// for them: https://github.com/openai/openai-python/issues/2755.
	NotOfOrganization bool
	JSON              Fields
}

func (l *ModelRateLimit) detach() { l.Numbers, l.JSON = maps.Clone(l.Numbers), maps.Clone(l.JSON) }

func (s *Server) listModelRateLimitsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[ModelRateLimit]{
		rows:   project.RateLimits,
		id:     func(l ModelRateLimit) string { return l.ID },
		render: renderModelRateLimit,
	}.byLastID(c)
}

// modelRateLimitChange is the body of a change. Absent numbers stay unchanged.
type modelRateLimitChange struct {
	Requests     *int64 `json:"max_requests_per_1_minute"`
	Tokens       *int64 `json:"max_tokens_per_1_minute"`
	Images       *int64 `json:"max_images_per_1_minute"`
	Audio        *int64 `json:"max_audio_megabytes_per_1_minute"`
	RequestsADay *int64 `json:"max_requests_per_1_day"`
	BatchTokens  *int64 `json:"batch_1_day_max_input_tokens"`
}

// numbers are the numbers in the body.
func (b modelRateLimitChange) numbers() map[string]int64 {
	given := map[string]int64{}
	for name, number := range map[string]*int64{
		maxRequests: b.Requests, maxTokens: b.Tokens, maxImages: b.Images, maxAudio: b.Audio, maxRequestsADay: b.RequestsADay, maxBatchTokens: b.BatchTokens,
	} {
		if number != nil {
			given[name] = *number
		}
	}
	return given
}

func (s *Server) modifyModelRateLimitLocked(c *call, body modelRateLimitChange) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("rate_limit_id")
	limit := find(project.RateLimits, func(l *ModelRateLimit) bool { return l.ID == id })
	if limit == nil {
		return nil, notFound("rate_limit", id)
	}
	if limit.NotOfOrganization {
		return nil, &apiError{
			status: http.StatusBadRequest, code: "rate_limit_does_not_exist_for_org_and_model",
			message: fmt.Sprintf("The rate limit for model %s is not set for your organization", limit.Model),
		}
	}
	changed := maps.Clone(limit.Numbers)
	for name, number := range body.numbers() {
		_, exists := limit.Numbers[name]
		switch {
		case number < 0:
			return nil, invalid(name, "integer_below_min_value",
				"Invalid '%s': integer below minimum value. Expected a value >= 0, but got %d instead.", name, number)
		case !exists:
			return nil, invalid(name, "invalid_value", "The model %s has no limit '%s'.", limit.Model, name)
		}
		changed[name] = number
	}
	limit.Numbers = changed
	return renderModelRateLimit(*limit), nil
}

func renderModelRateLimit(l ModelRateLimit) object {
	rendered := object{"object": "project.rate_limit", "id": l.ID, "model": l.Model}
	for name, number := range l.Numbers {
		rendered[name] = number
	}
	return rendered.with(l.JSON)
}

// rateLimits records changed rate limits of a project. Added and removed rows have no entry: they follow the models.
func (c *changes) rateLimits(was, is Project) {
	compare(was.RateLimits, is.RateLimits, func(l ModelRateLimit) string { return l.ID }, handlers[ModelRateLimit]{
		added:   func(ModelRateLimit) {},
		removed: func(ModelRateLimit) {},
		kept: func(was, now ModelRateLimit) {
			requested := object{}
			for name, number := range now.Numbers {
				if was.Numbers[name] != number {
					requested[name] = number
				}
			}
			if len(requested) > 0 {
				c.recorder(is.ID)("rate_limit.updated", map[string]any{"id": now.ID, "changes_requested": requested})
			}
		},
	})
}
