package connector

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// ifNotLastOwner makes a change by which the user ceases to be an owner, unless it is the last one. Two owners who take each
// other's place away would both find the other one there, so that such changes go one after the other.
func (p provisioning) ifNotLastOwner(ctx context.Context, userID string, change func(context.Context) error) error {
	_, err := exclusively(ctx, p, ownersSubject, func(ctx context.Context) (struct{}, error) {
		if err := p.refuseLastOwner(ctx, userID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, change(ctx)
	})
	return err
}

// refuseLastOwner guards the organization's last owner. What the API would do is not documented, and nobody could undo
// it. So only those count whose row says that they are owners and can act as such. The API has no list of owners: the users
// are walked until there is one.
func (p provisioning) refuseLastOwner(ctx context.Context, userID string) error {
	for other, err := range eachRow(pages(ctx, urgentFirst(p.client.ListUsers))) {
		if err != nil {
			return err
		}
		if other.ID == userID || !isActiveOwner(other) {
			continue
		}
		// A list may show what was there before the last change, which has been read back by the id.
		other, err := p.client.GetUser(ctx, other.ID)
		if err := ignoreGone(err); err != nil {
			return err
		}
		if err == nil && isActiveOwner(other) {
			return nil
		}
	}
	return newError(codes.FailedPrecondition, "%s is the last owner of the organization, not counting service accounts and disabled accounts: make somebody else an owner first", userID)
}

func isActiveOwner(user client.User) bool {
	return !user.IsServiceAccount && organizationRoleName(user.Role) == roleOwner && user.Active()
}
