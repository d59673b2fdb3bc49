package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
)

// principals tells for each id, as the API gives it for the members of groups and projects, whether it is a user or a
// service account: the ids look alike. One that both lists hold is the user; one that neither holds is left out.
func (s scope) principals(ctx context.Context, mem memory, ids []string) (map[string]*v2.ResourceId, error) {
	accounts, err := mem.recallMany(ctx, kindServiceAccount, ids)
	if err != nil {
		return nil, err
	}
	users, err := mem.recallMany(ctx, kindUser, ids)
	if err != nil {
		return nil, err
	}
	principals := make(map[string]*v2.ResourceId, len(ids))
	for _, id := range ids {
		_, isUser := users[id]
		_, isAccount := accounts[id]
		switch {
		case isUser:
			principals[id] = resourceID(resourceTypeUser, id)
		case isAccount:
			principals[id] = resourceID(resourceTypeServiceAccount, id)
		case !s.includes(resourceTypeUser):
			// Users were not asked for, so none is known; the SDK drops grants to types that are not synced.
			principals[id] = resourceID(resourceTypeUser, id)
		case !s.includes(resourceTypeServiceAccount):
			// The same for service accounts.
			principals[id] = resourceID(resourceTypeServiceAccount, id)
		}
	}
	return principals, nil
}
