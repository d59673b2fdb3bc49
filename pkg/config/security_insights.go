package config

import (
	"errors"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/bid"
)

// insightType is the resource type of security insights.
const insightType = "security_insight"

// checkInsights refuses a sync of security insights unless they are enabled: it would find none.
func (g given) checkInsights() error {
	requested := slices.Contains(g.list("sync-resource-types"), insightType) ||
		slices.ContainsFunc(g.list("sync-resources"), func(target string) bool {
			resource, err := bid.ParseResourceBid(target)
			return err == nil && resource.GetId().GetResourceType() == insightType
		})
	if requested && !g.asksFor(securityInsightsField.FieldName) {
		return errors.New("the type security_insight needs --security-insights as well")
	}
	return nil
}
