package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

// wish is what is to be granted or revoked: WHO is the principal's id, WHAT the entitlement's resource id and slug. A
// request need not say more, since the command line does not.
type wish struct {
	what *v2.ResourceId
	slug string
	who  *v2.ResourceId
}

func newWish(principal *v2.Resource, entitlement *v2.Entitlement) (wish, error) {
	w := wish{what: entitlement.GetResource().GetId(), slug: entitlement.GetSlug(), who: principal.GetId()}
	switch {
	case w.what.GetResourceType() == "" || w.what.GetResource() == "":
		return wish{}, malformed("the entitlement %q names no resource", entitlement.GetId())
	case w.who.GetResourceType() == "" || w.who.GetResource() == "":
		return wish{}, malformed("the principal has no id")
	case !isReadable(entitlement.GetId()), !isReadable(w.who.GetResourceType()), !isReadable(w.who.GetResource()):
		return wish{}, malformed("%q or %q has a character that no id has", entitlement.GetId(), w.who.GetResourceType()+":"+w.who.GetResource())
	}
	// The id, which the SDK insists on, ends with the slug. A grant that the SDK made has an entitlement without slug.
	slug, ok := strings.CutPrefix(entitlement.GetId(), ent.NewEntitlementID(reference(w.what), ""))
	if !ok || slug == "" || w.slug != "" && w.slug != slug {
		return wish{}, malformed("the entitlement %q is none of the %s %q", entitlement.GetId(), w.what.GetResourceType(), w.what.GetResource())
	}
	w.slug = slug
	return w, nil
}

// isReadable tells whether an id can be told to people as it is: one with a line break, say, would make two lines of one.
func isReadable(id string) bool {
	return utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) })
}

// entitlementID and grantID are the ids that a sync gives the same.
func (w wish) entitlementID() string { return ent.NewEntitlementID(reference(w.what), w.slug) }

func (w wish) grantID() string {
	return fmt.Sprintf("%s:%s:%s", w.entitlementID(), w.who.GetResourceType(), w.who.GetResource())
}

// instead is the same wish for another slug of the same resource.
func (w wish) instead(slug string) wish {
	w.slug = slug
	return w
}

// unknown is the error for a slug that the resource type does not have.
func (w wish) unknown() error {
	return malformed("there is no entitlement %q on a %s", w.slug, w.what.GetResourceType())
}

// wrongPrincipal is the error for a principal to whom the entitlement is not grantable.
func (w wish) wrongPrincipal() error {
	if w.who.GetResourceType() == resourceTypeInvitation.GetId() {
		return malformed("%s is not for an invitation: name the projects when inviting, and grant the rest when it is accepted", w.entitlementID())
	}
	return malformed("%s is not for the type %s", w.entitlementID(), w.who.GetResourceType())
}

// malformed is a request that no state of the organization makes right.
func malformed(format string, args ...any) error {
	return refuse(codes.InvalidArgument, fmt.Errorf(format, args...))
}

// refusal is a wish that is refused before any harm: the message says in one sentence what to do instead.
func refusal(format string, args ...any) error {
	return refuse(codes.FailedPrecondition, fmt.Errorf(format, args...))
}

// granted is the outcome of a grant that did not fail.
type granted struct {
	// already says that nothing had to be done.
	already bool
	// replaced is the grant that this one took the place of.
	replaced *wish
	// also is what had to be granted first.
	also *wish
}

// provisionGrant is the frame of every grant: it takes the request apart, logs it once, and puts the outcome into the
// SDK's terms. Somebody waits for a change, so that it goes before the calls of a sync.
func provisionGrant(
	ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement, grant func(context.Context, wish) (granted, error),
) ([]*v2.Grant, annotations.Annotations, error) {
	w, err := newWish(principal, entitlement)
	if err != nil {
		return nil, nil, err
	}
	outcome, err := grant(client.Urgent(ctx), w)
	w.log(ctx, "grant", outcome.already, err)
	if err != nil {
		return nil, nil, refused(fmt.Sprintf("granting %s to the %s %s", w.entitlementID(), w.who.GetResourceType(), w.who.GetResource()), err)
	}
	var annos annotations.Annotations
	grants := []*v2.Grant{newGrant(w.what, w.slug, w.who)}
	if outcome.also != nil {
		grants = append([]*v2.Grant{newGrant(outcome.also.what, outcome.also.slug, outcome.also.who)}, grants...)
	}
	if outcome.replaced != nil {
		annos = gr.AppendGrantReplaced(annos, outcome.replaced.grantID())
	}
	if outcome.already {
		annos.Append(&v2.GrantAlreadyExists{})
	}
	return grants, annos, nil
}

// revoked is the outcome of a revocation that did not fail.
type revoked struct {
	// already says that nothing had to be done.
	already bool
	// deleted is a resource that ceased to exist.
	deleted *v2.ResourceId
}

// provisionRevoke is the frame of every revocation.
func provisionRevoke(ctx context.Context, grant *v2.Grant, revoke func(context.Context, wish) (revoked, error)) (annotations.Annotations, error) {
	w, err := newWish(grant.GetPrincipal(), grant.GetEntitlement())
	if err != nil {
		return nil, err
	}
	outcome, err := revoke(client.Urgent(ctx), w)
	w.log(ctx, "revoke", outcome.already, err)
	if err != nil {
		return nil, refused(fmt.Sprintf("revoking %s from the %s %s", w.entitlementID(), w.who.GetResourceType(), w.who.GetResource()), err)
	}
	var annos annotations.Annotations
	if outcome.already {
		annos.Append(&v2.GrantAlreadyRevoked{})
	}
	if outcome.deleted != nil {
		annos = rs.AppendResourceDeleted(annos, outcome.deleted)
	}
	return annos, nil
}

func (w wish) log(ctx context.Context, change string, already bool, err error) {
	logChange(ctx, change, already, err,
		zap.String("entitlement_id", w.entitlementID()),
		zap.String("principal_type", w.who.GetResourceType()), zap.String("principal_id", w.who.GetResource()))
}

// logChange is the one line that each provisioning call leaves in the log. The error itself is returned, and logged by
// whom it is returned to.
func logChange(ctx context.Context, change string, already bool, err error, fields ...zap.Field) {
	outcome := "done"
	switch {
	case err != nil:
		outcome = "failed: " + status.Code(err).String()
	case already:
		outcome = "nothing to do"
	}
	ctxzap.Extract(ctx).Info("baton-openai: "+change, append(fields, zap.String("outcome", outcome))...)
}

// refused is the way out for every error of a change. What the API refuses for the state that the organization is in is
// a failed precondition, in the API's own words.
func refused(doing string, err error) error {
	if isOurs(err) {
		return err
	}
	if isGone(err) {
		doing += ": OpenAI does not know it, or not any more; sync again to see what there is"
	}
	explanation := explained(doing, err)
	if isPlainRefusal(err) {
		return &codedError{error: explanation, code: codes.FailedPrecondition}
	}
	return explanation
}

// isPlainRefusal tells a refusal for what is asked, or for the state that the organization is in: it is not a matter of the
// key, the plan or the way to OpenAI.
func isPlainRefusal(err error) bool {
	switch kindOf(err) {
	case client.KindRefused, client.KindConflict, client.KindProjectArchived:
		return true
	default:
		return false
	}
}

// patience is how long a change waits, attempt by attempt, for a state that the API may show late.
type patience []time.Duration

// standardPatience covers the some five seconds that a write has been seen to take until it is read.
var standardPatience = patience{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}

// settle judges a change by its outcome. done tells whether the wished state is there.
//
// Where the answer leaves the outcome in doubt, the state decides: the API has answered 404 and 400 for what it had done,
// and an answer may be lost. After a success the state is waited for, so that the next change does not decide by what was
// there before this one; if it does not show, which on some plans it never does, the success stays one. Therefore a
// change that reads as made already sends nothing.
func (p patience) settle(ctx context.Context, err error, done func(context.Context) (bool, error)) error {
	if isFinal(err) {
		return err
	}
	waits := p
	if isPlainRefusal(err) {
		// A plain refusal is not looked at for longer than once.
		waits = nil
	}
	if waits.await(ctx, done) {
		return nil
	}
	return err
}

// isFinal tells an error after which there is nothing to look at: nothing was done, or nobody may look.
func isFinal(err error) bool {
	switch kindOf(err) {
	case client.KindUnauthenticated, client.KindDenied, client.KindDeniedWithoutReason, client.KindLimited, client.KindBilling, client.KindStopped:
		return true
	default:
		return false
	}
}

// await looks until something is done; it is false if it never is.
func (p patience) await(ctx context.Context, done func(context.Context) (bool, error)) bool {
	for attempt := 0; ; attempt++ {
		there, err := done(ctx)
		switch {
		case err == nil && there:
			return true
		case attempt == len(p), isFinal(err), !sleep(ctx, p[attempt]):
			return false
		}
	}
}

// insist repeats a call about something that was made a moment ago and that the API may not know yet.
func (p patience) insist(ctx context.Context, call func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := call(ctx)
		if !isGone(err) || attempt == len(p) || !sleep(ctx, p[attempt]) {
			return err
		}
	}
}

// sleep is false if the context ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// isGone tells the error of a retrieval that says that the thing is not there.
func isGone(err error) bool {
	return kindOf(err) == client.KindGone || errors.Is(err, errNoProjectHasIt)
}

// gone makes a check of a retrieval: true once the thing is not there.
func gone[T any](retrieve func(context.Context) (T, error)) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		_, err := retrieve(ctx)
		if isGone(err) {
			return true, nil
		}
		return false, err
	}
}
