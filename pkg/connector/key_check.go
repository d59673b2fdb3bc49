package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// checks has the lists by which a key is checked, each with the types that need it: those first that a key with too few
// permissions is refused first.
var checks = []struct {
	access client.Access
	types  []*v2.ResourceType
}{
	{client.AccessToGroups, types(resourceTypeGroup)},
	{client.AccessToRoles, types(resourceTypeOrganizationRole)},
	{client.AccessToAdminAPIKeys, types(resourceTypeAPIKey, resourceTypeSecurityInsight)},
	{client.AccessToUsers, types(resourceTypeUser)},
	{client.AccessToProjects, types(resourceTypeProject, resourceTypeProjectRole, resourceTypeServiceAccount)},
	{client.AccessToInvites, types(resourceTypeInvitation)},
}

// checkAccess tries the key on a list that the sync needs. The organization itself needs none.
func (c *Connector) checkAccess(ctx context.Context) error {
	for _, check := range checks {
		for _, resourceType := range check.types {
			if !c.reader.leavesOut(resourceType) {
				return ofType(resourceType, c.client.CheckAccess(ctx, check.access))
			}
		}
	}
	return c.client.CheckAccess(ctx, client.AccessToUsers)
}
