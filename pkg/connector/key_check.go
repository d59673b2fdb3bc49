package connector

import (
	"context"
	"fmt"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// keyChecks has the lists by which a key is checked, each with the types that need it: those first that a key with too few
// permissions is refused first.
var keyChecks = []struct {
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
	for _, check := range keyChecks {
		for _, resourceType := range check.types {
			if !c.reader.excludes(resourceType) {
				return withType(resourceType, c.client.CheckAccess(ctx, check.access))
			}
		}
	}
	return c.client.CheckAccess(ctx, client.AccessToUsers)
}

// Validate tries the key on the list that a key with too few permissions is refused first, of those that the types of the
// sync need, and says what to do then.
func (c *Connector) Validate(ctx context.Context) (annotations.Annotations, error) {
	if c.client == nil {
		return nil, MissingAdminKey()
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < shortDeadline {
		return nil, c.checkForHealth(ctx)
	}
	if err := c.checkAccess(client.Urgent(ctx)); err != nil {
		return nil, readError("checking the admin key", err)
	}
	return nil, nil
}

const (
	// shortDeadline is above the 30 seconds that the health endpoint gives the connector, and below what any sync is given.
	shortDeadline = time.Minute
	// healthTimeout is below the 5 seconds after which the command health-check gives up.
	healthTimeout = 4 * time.Second
)

// checkForHealth is for the health endpoint, which waits only for some seconds: a timeout would hide the reason. So the call is
// repeated within healthTimeout only, and the SDK is told not to repeat it.
func (c *Connector) checkForHealth(ctx context.Context) error {
	limited, cancel := context.WithTimeout(client.Urgent(ctx), healthTimeout)
	defer cancel()
	err := c.checkAccess(limited)
	if err == nil {
		return nil
	}
	doing := "checking the admin key"
	if limited.Err() != nil {
		doing += fmt.Sprintf(": no answer within %s, or OpenAI limits how often it can be asked", healthTimeout)
	}
	switch kind := kindOf(err); kind {
	case client.KindNoAnswer, client.KindStopped:
		return &codedError{error: readError(doing, err), code: codes.Aborted}
	default:
		return readError(doing, err)
	}
}
