package connector

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// ifNotLastOwner makes a change that takes the ownership from the user, unless this is the last owner. Two owners who
// remove each other at the same time would both find the other one there. So such changes run one after the other.
func (p provisioning) ifNotLastOwner(ctx context.Context, userID string, change func(context.Context) error) error {
	_, err := exclusively(ctx, p, ownersSubject, func(ctx context.Context) (struct{}, error) {
		if err := p.refuseLastOwner(ctx, userID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, change(ctx)
	})
	return err
}

// refuseLastOwner guards the organization's last owner. What the API would do is not documented, and it could not be
// undone. Only active people whose row says owner count. The API has no list of owners, so the users are read until one
// is found.
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
