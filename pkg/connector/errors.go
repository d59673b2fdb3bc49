package connector

import (
	"errors"
	"fmt"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	cfg "github.com/conductorone/baton-openai/pkg/config"
)

// readError is the way out for every error of a sync: it says what was being done and what to do about it.
//
// The syncer takes NotFound for "nothing there" and goes on, so that a 404 would read as lost access; it leaves here as
// FailedPrecondition. Every other code stays as the client set it.
func readError(doing string, err error) error {
	if isConnectorError(err) {
		return err
	}
	switch kindOf(err) {
	case client.KindGone, client.KindNoSuchList:
		doing += ": the API knows no such thing, which is not taken for an empty list"
		return &codedError{error: withAdvice(doing, err), code: codes.FailedPrecondition}
	default:
		return withAdvice(doing, err)
	}
}

// changeError is the way out for every error of a change. What the API refuses for the state that the organization is in is
// a failed precondition, in the API's own words.
func changeError(doing string, err error) error {
	if isConnectorError(err) {
		return err
	}
	if isGone(err) || kindOf(err) == client.KindNoSuchList {
		doing += ": OpenAI does not know it, or not any more; sync again to see what there is"
	}
	explanation := withAdvice(doing, err)
	if isPlainRefusal(err) {
		return &codedError{error: explanation, code: codes.FailedPrecondition}
	}
	return explanation
}

// typeError is an error of a call that only syncs of a resource type make.
type typeError struct {
	error

	resourceType string
}

// Unwrap gives the error without the type.
func (e *typeError) Unwrap() error { return e.error }

// withType says of an error which type it comes with.
func withType(resourceType *v2.ResourceType, err error) error {
	if err == nil {
		return nil
	}
	return &typeError{err, resourceType.GetId()}
}

// avoidingType names the type without which a sync would not meet the refusal; "" where that would not help.
func avoidingType(err error) string {
	var of *typeError
	var failure *client.Error
	if !errors.As(err, &of) || !isPermanentRefusal(err) || errors.As(err, &failure) && failure.Kind == client.KindDeniedWithoutReason && hasUnknownCode(failure) {
		return ""
	}
	return of.resourceType
}

// withAdvice adds what was being done and what an administrator can do about the error.
func withAdvice(doing string, err error) error {
	if advice := advise(err); advice != "" {
		doing += ": " + advice
	}
	if resourceType := avoidingType(err); resourceType != "" {
		doing += "; a sync whose --sync-resource-types leave out " + resourceType + " does not ask for it"
	}
	return fmt.Errorf("baton-openai: %s: %w", doing, err)
}

// newError makes an error of this package, such as that of a wrong argument. Its words are for people.
func newError(code codes.Code, format string, args ...any) error {
	return &codedError{error: fmt.Errorf("baton-openai: "+format, args...), code: code}
}

// codedError is an error with a gRPC code that is not the one of its cause.
type codedError struct {
	error
	code codes.Code
}

// Error quotes what somebody gave, which may be a key in the wrong place.
func (e *codedError) Error() string { return client.WithoutKeys(e.error.Error()) }

// Unwrap gives the error without the code.
func (e *codedError) Unwrap() error { return e.error }

// GRPCStatus gives the code, by which the SDK decides whether to try again.
func (e *codedError) GRPCStatus() *status.Status { return status.New(e.code, e.Error()) }

// advise says what an administrator can do about an error of the API.
func advise(err error) string {
	var failure *client.Error
	if !errors.As(err, &failure) {
		return ""
	}
	if scopes := failure.MissingScopes(); failure.Reason == client.ReasonScopes && scopes != "" {
		return fmt.Sprintf("the key lacks the permission %s, as project keys and restricted keys do; %s", scopes, cfg.CreateAKey)
	}
	if advice, known := adviceOnReason[failure.Reason]; known {
		return advice
	}
	switch failure.Kind {
	case client.KindMisdirected:
		if failure.Redirected() {
			return "" // the message says it
		}
		return "base-url does not lead to the Admin API, whose address is " + cfg.DefaultBaseURL
	case client.KindUnauthenticated, client.KindDeniedWithoutReason:
		switch {
		case hasUnknownCode(failure):
			return "OpenAI's own words say why; another key may not help"
		case failure.Kind == client.KindUnauthenticated:
			return "OpenAI does not accept the key; " + cfg.CreateAKey
		}
		return "the key may not do this, as it has to; " + cfg.CreateAKey
	case client.KindCursorGone:
		return "the list changed while it was read; run this again"
	case client.KindConflict, client.KindNoAnswer:
		switch {
		case failure.GivenUp:
			return "OpenAI has given no usable answer for too long; see https://status.openai.com and run this again"
		case failure.Kind == client.KindNoAnswer:
			return "OpenAI gave no usable answer; see https://status.openai.com and try again"
		default:
			return "" // the API's own words say what is in the way
		}
	default:
		return ""
	}
}

// codesOfKeys say that the key is not enough.
var codesOfKeys = []string{"permission_denied", "insufficient_permissions", "unauthorized"}

// hasUnknownCode tells a refusal that names a reason that this version does not know, such as a suspended organization. It is no
// word about the key, nor about the list that was asked for.
func hasUnknownCode(failure *client.Error) bool {
	return failure.Reason == "" && !failure.NamesNoReason() && !slices.Contains(codesOfKeys, failure.Code)
}

// adviceOnReason is the advice for each reason that OpenAI, or something on the way, gives for a refusal. It asks for
// another key only if that helps.
var adviceOnReason = map[client.Reason]string{
	client.ReasonKey:         "OpenAI does not accept the key; " + cfg.CreateAKey,
	client.ReasonAddress:     "the organization's IP allow list does not have the address that this machine reaches OpenAI from; an owner has to add it in OpenAI's settings",
	client.ReasonCountry:     "OpenAI does not serve the country or region that this machine reaches it from; run the connector from one that it serves",
	client.ReasonDeactivated: "OpenAI has deactivated the account or the organization of the key; write to OpenAI's support at https://help.openai.com",
	client.ReasonCertificate: "the organization demands a client certificate (mutual TLS), which the connector does not send; an owner has to deactivate the certificate for the Admin API",
	client.ReasonProxyLogin:  "a proxy on the way to OpenAI demands a login (407); give it in HTTPS_PROXY, or let this machine reach the API without the proxy",
	client.ReasonProxyDown:   "the proxy on the way to OpenAI does not answer; see what HTTPS_PROXY says",
	client.ReasonUntrusted: "this machine does not trust the certificate that it was shown in OpenAI's place, as with a proxy that opens TLS; " +
		"give it the proxy's certificate authority (SSL_CERT_FILE), or let it reach the API directly",
	client.ReasonClock: "the certificate that this machine was shown in OpenAI's place is of another time than this machine's clock; " +
		"set the clock, or let it reach the API directly",
	client.ReasonForeign:    "something on the way to OpenAI answered in its place, such as a firewall or a proxy; let this machine reach the API and run this again",
	client.ReasonBilling:    "the organization's billing is not active, and waiting does not help; an owner has to see to it at https://platform.openai.com/settings/organization/billing",
	client.ReasonTerminated: "OpenAI has ended the organization's access; write to OpenAI's support at https://help.openai.com",
	client.ReasonSpent: "a quota, a credit or a spend limit of the organization is used up, and waiting does not help; " +
		"an owner has to raise it at https://platform.openai.com/settings/organization/limits",
}
