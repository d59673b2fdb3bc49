package connector

import (
	"context"
	"errors"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// mayMeanNoMembersOffered tells an answer that a plan without group members may give, whose body is not documented: a
// refusal of the API for which it names no reason. An unknown code is a reason as well.
func mayMeanNoMembersOffered(err error) bool {
	var failure *client.Error
	return isRefusalOfMembers(err) && errors.As(err, &failure) && failure.NamesNoReason()
}

// isRefusalOfMembers tells a refusal that may be one of all members of the group, whatever its code.
func isRefusalOfMembers(err error) bool {
	kind := kindOf(err)
	return kind == client.KindDeniedWithoutReason || kind == client.KindGone
}

// membersRefused decides about a list of members that was refused. True means that the group was deleted during the
// sync. False without an error means that the plan does not offer the list; that is a warning.
func (g groupGrants) membersRefused(ctx context.Context, token pageToken, refused error) (bool, error) {
	left, err := leftDuringSync(ctx, refused, g.group.GetId(), organizationKey, func(ctx context.Context) error {
		_, err := g.sync.api.GetGroup(ctx, g.id())
		return err
	})
	if left {
		return true, nil
	}
	if !token.Cursor.IsZero() || !mayMeanNoMembersOffered(err) {
		return false, err
	}
	// The refusal is noted before the other note is read. So of two calls at the same time, at least one sees the other.
	if err := g.sync.session.setFact(ctx, factMembers, keyRefused, g.id()); err != nil {
		return false, err
	}
	offered, _, recallErr := getFact[bool](ctx, g.sync.session, factMembers, keyOffered)
	if offered || recallErr != nil {
		return false, errors.Join(err, recallErr)
	}
	warn(ctx, "OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them",
		g.fields(zap.Error(refused))...)
	return false, nil
}

// keepMembersOffered notes that a group has listed its members, as soon as it has: another page of them may be refused.
func keepMembersOffered(ctx context.Context, s syncSession, _ client.Page[client.GroupUser]) error {
	return s.setFact(ctx, factMembers, keyOffered, true)
}

// membersOffered is for a group that has listed its members. A plan lists the members of all groups or of none, so an earlier
// refusal for another group had another cause.
func (g groupGrants) membersOffered(ctx context.Context) error {
	const doing = "listing a group's members"
	refused, ok, err := getFact[string](ctx, g.sync.session, factMembers, keyRefused)
	if err != nil {
		return readError(doing, err)
	}
	if ok {
		return newError(codes.FailedPrecondition,
			"OpenAI lists the members of the group %q and has refused those of the group %q: run this again, and if it stays, ask OpenAI why", g.id(), refused)
	}
	return nil
}

// isNoMember is true if the principal is no member, and the API lists members, so that its 404 can be believed.
func (b *groupBuilder) isNoMember(ctx context.Context, r changeRequest) bool {
	state, err := b.readMembership(r)(ctx)
	if err != nil || state == stateThere {
		return false
	}
	_, err = b.client.ListGroupUsers(ctx, r.resource.GetResource(), client.Cursor{})
	return err == nil
}

// refuseUnoffered looks into an answer that may mean that the plan or the key does not offer group members at all: then a
// 404 says nothing of anybody, and another key would not help. The lists of members show it. If they are refused for another
// reason, that is the error: nothing is known of anybody either.
func (b *groupBuilder) refuseUnoffered(ctx context.Context, groupID string, answer error) error {
	if !isRefusalOfMembers(answer) {
		return nil
	}
	_, err := b.client.ListGroupUsers(ctx, groupID, client.Cursor{})
	switch {
	case !isRefusalOfMembers(err):
		return nil
	case !mayMeanNoMembersOffered(err):
		return err
	}
	return newError(codes.FailedPrecondition, "OpenAI does not offer the members of groups to this key on this plan: change who is in the group %s in OpenAI's own pages", groupID)
}
