package client

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Kind is what an answer of the API, or none, means. It is decided here and nowhere else: whoever has to know asks the
// Kind of an [Error], and not its status, its words or its gRPC code.
type Kind int

// The kinds.
const (
	// KindRefused is a request that the API cannot take as it is, or that cannot even be sent.
	KindRefused Kind = iota + 1
	// KindGone is the API's word that the thing is not there.
	KindGone
	// KindNoSuchList is the API's 404 of a list that is always there, such as the organization's users, or of an address that it
	// does not know although it knows others: nothing is gone.
	KindNoSuchList
	// KindCursorGone is a refusal of a place in a list whose beginning could be read: the row that the place is named after may
	// have been deleted meanwhile, and the list may be there from its beginning. It is no word on anything else.
	KindCursorGone
	// KindProjectArchived is the refusal of everything below an archived project.
	KindProjectArchived
	// KindNotDone is a success that says of itself that nothing was done.
	KindNotDone
	// KindConflict is a refusal because of something else that happens, or is there already.
	KindConflict
	// KindUnauthenticated is a refusal of the key.
	KindUnauthenticated
	// KindDenied is a refusal for a reason that the API names.
	KindDenied
	// KindDeniedWithoutReason is one for which it names none: the plan may not offer it, or the key may not do it.
	KindDeniedWithoutReason
	// KindLimited is a refusal because the API was asked too often: nothing was done.
	KindLimited
	// KindBilling is a refusal that lasts until somebody pays or raises a limit.
	KindBilling
	// KindMisdirected is an answer to an address that is not the API's, where none that was asked has been one yet.
	KindMisdirected
	// KindNoAnswer is everything that is no answer of the API: servers that fail, connections that break, names that cannot be
	// resolved, answers that are cut off, and whatever something on the way answers in the API's place.
	KindNoAnswer
	// KindMalformed is a whole answer of the API that is not what it documents.
	KindMalformed
	// KindStopped is a call whose caller does not wait any more.
	KindStopped
)

// repetition is whether and for how long a call is made again.
type repetition int

const (
	// never is for what another attempt cannot mend.
	never repetition = iota
	// reads is for what another attempt may mend, but may have been done: only what changes nothing is asked again, for the
	// RetryFor of the client, or for urgentRetryFor where somebody waits for it.
	reads
	// inTurn is for what was not done: every call is made again when its route's turn comes, for the RetryFor of the client.
	inTurn
)

// verdicts say what follows from each kind. The SDK repeats Unavailable and DeadlineExceeded without end, and takes
// NotFound for "nothing there".
var verdicts = map[Kind]struct {
	again repetition
	// code is the gRPC code, givenUp the one after RetryFor; OK stands for the same.
	code, givenUp codes.Code
}{
	KindRefused:             {never, codes.InvalidArgument, codes.OK},
	KindGone:                {never, codes.NotFound, codes.OK},
	KindNoSuchList:          {never, codes.FailedPrecondition, codes.OK},
	KindCursorGone:          {never, codes.FailedPrecondition, codes.OK},
	KindProjectArchived:     {never, codes.FailedPrecondition, codes.OK},
	KindNotDone:             {never, codes.FailedPrecondition, codes.OK},
	KindConflict:            {reads, codes.AlreadyExists, codes.Aborted},
	KindUnauthenticated:     {never, codes.Unauthenticated, codes.OK},
	KindDenied:              {never, codes.PermissionDenied, codes.OK},
	KindDeniedWithoutReason: {never, codes.PermissionDenied, codes.OK},
	KindLimited:             {inTurn, codes.ResourceExhausted, codes.ResourceExhausted},
	KindBilling:             {never, codes.ResourceExhausted, codes.OK},
	KindMisdirected:         {never, codes.FailedPrecondition, codes.OK},
	KindNoAnswer:            {reads, codes.Unavailable, codes.Aborted},
	KindMalformed:           {never, codes.Internal, codes.OK},
	KindStopped:             {never, codes.Canceled, codes.OK},
}

// Reason is why the API refuses, as far as it says so and there is something to be done about it.
type Reason string

// The reasons.
const (
	// ReasonScopes is a key without the permission; MissingScopes names it.
	ReasonScopes Reason = "scopes"
	// ReasonKey is a key that the API does not know.
	ReasonKey Reason = "key"
	// ReasonAddress is an address on no allow list of the organization.
	ReasonAddress Reason = "address"
	// ReasonCountry is a country that OpenAI does not serve.
	ReasonCountry Reason = "country"
	// ReasonDeactivated is an account or organization that OpenAI has deactivated.
	ReasonDeactivated Reason = "deactivated"
	// ReasonCertificate is an organization whose callers have to show a certificate.
	ReasonCertificate Reason = "certificate"
	// ReasonProxyLogin is a proxy on the way that wants credentials of its own.
	ReasonProxyLogin Reason = "proxy login"
	// ReasonForeign is an answer that something on the way has given.
	ReasonForeign Reason = "foreign"
	// ReasonBilling is a bill that is not paid, or no way to pay.
	ReasonBilling Reason = "billing"
	// ReasonTerminated is an access that OpenAI has ended.
	ReasonTerminated Reason = "terminated"
	// ReasonSpent is a quota, a credit or a limit that is used up.
	ReasonSpent Reason = "spent"
)

// reasonOfCode has the codes by which OpenAI names its reasons; some answers have them as their type.
// https://platform.openai.com/docs/guides/error-codes has most. The spend limits were told in zed-industries/zed#63208;
// that of certificates is not published.
var reasonOfCode = map[string]Reason{
	"invalid_api_key":                      ReasonKey,
	"ip_not_authorized":                    ReasonAddress,
	"unsupported_country_region_territory": ReasonCountry,
	"account_deactivated":                  ReasonDeactivated,
	"organization_deactivated":             ReasonDeactivated,
	"insufficient_quota":                   ReasonSpent,
	"credit_balance_exhausted":             ReasonSpent,
	"billing_hard_limit_reached":           ReasonSpent,
	"organization_spend_limit_exceeded":    ReasonSpent,
	"organization_usage_limit_exceeded":    ReasonSpent,
	"project_spend_limit_exceeded":         ReasonSpent,
	"billing_not_active":                   ReasonBilling,
	"access_terminated":                    ReasonTerminated,
}

// wordsOfReason are for answers with another code, or none.
var wordsOfReason = []struct {
	words  *regexp.Regexp
	reason Reason
}{
	{missingScopes, ReasonScopes},
	{regexp.MustCompile(`(?i)\b(?:deactivated account|(?:account|organization)\b.*\bdeactivated)\b`), ReasonDeactivated},
	{regexp.MustCompile(`(?i)\b(?:mtls|mutual tls|client certificate|certificate (?:is )?required)\b`), ReasonCertificate},
}

// missingScopes matches the sentence that the API gives a restricted or project key, with status 401 or 403.
var missingScopes = regexp.MustCompile(`Missing scopes: ([a-z_.]+(?:, *[a-z_.]+)*)`)

func reasonOf(said errorBody) Reason {
	for _, code := range []string{said.code, said.kind} {
		if reason, known := reasonOfCode[code]; known {
			return reason
		}
	}
	for _, word := range wordsOfReason {
		if word.words.MatchString(said.message) || word.words.MatchString(strings.ReplaceAll(said.code, "_", " ")) {
			return word.reason
		}
	}
	return ""
}

// classify decides what an answer means. The call is the one that was answered; transport is the error where no answer
// came, and says so whatever the status.
func classify(ctx context.Context, c call, statusCode int, said errorBody, transport error) (Kind, Reason) {
	switch {
	case transport != nil:
		return classifyTransport(ctx, transport)
	case statusCode == http.StatusProxyAuthRequired:
		return KindNoAnswer, ReasonProxyLogin
	case statusCode >= 300 && statusCode <= 399:
		return KindMisdirected, ""
	case statusCode == http.StatusRequestTimeout || statusCode >= 500:
		return KindNoAnswer, ""
	}
	reason := reasonOf(said)
	switch {
	case statusCode == http.StatusTooManyRequests && !said.own:
		return KindLimited, "" // it was asked too often, whoever says so
	case said.cutOff:
		return KindNoAnswer, ""
	case !said.own:
		return KindNoAnswer, ReasonForeign
	case reason == ReasonSpent || reason == ReasonBilling || reason == ReasonTerminated:
		return KindBilling, reason
	case said.code == codeProjectArchived:
		return KindProjectArchived, ""
	case statusCode == http.StatusTooManyRequests:
		return KindLimited, ""
	case statusCode == http.StatusUnauthorized:
		return KindUnauthenticated, reason
	case reason != "":
		return KindDenied, reason
	default:
		return classifyStatus(c, statusCode, said), ""
	}
}

// classifyStatus is for the API's own word where it names no reason.
func classifyStatus(c call, statusCode int, said errorBody) Kind {
	switch statusCode {
	case http.StatusForbidden:
		return KindDeniedWithoutReason
	case http.StatusConflict:
		return KindConflict
	case http.StatusNotFound:
		switch {
		case said.namesUnknownURL() && !c.answered:
			return KindMisdirected
		case said.namesUnknownURL():
			return KindNoSuchList
		case c.continues() && said.mayMean("after"):
			return KindCursorGone
		case c.lists() && !strings.Contains(string(c.route), "{"):
			return KindNoSuchList
		default:
			return KindGone
		}
	case http.StatusBadRequest:
		switch {
		case strings.Contains(strings.ToLower(said.message), "is archived"):
			return KindProjectArchived // as older answers say it
		case c.continues() && said.mayMean("after"):
			return KindCursorGone
		}
	}
	return KindRefused
}

// classifyTransport is for a request that got no whole answer.
func classifyTransport(ctx context.Context, err error) (Kind, Reason) {
	switch text := err.Error(); {
	case ctx.Err() != nil:
		return KindStopped, ""
	case errors.Is(err, errBodyTooLarge):
		return KindMalformed, ""
	case strings.Contains(text, "Proxy Authentication Required"):
		// What net/http makes of a proxy's 407 before a connection to https.
		return KindNoAnswer, ReasonProxyLogin
	case strings.Contains(text, "tls: certificate required"):
		return KindDenied, ReasonCertificate
	default:
		return KindNoAnswer, ""
	}
}

// lists tells whether the call asks for a list: every one is asked for with a limit.
func (c call) lists() bool { return c.query.Get("limit") != "" }

// continues tells whether the call asks for a place in a list.
func (c call) continues() bool { return c.query.Get("after") != "" }

// KindOf is the kind of an error of this package; 0 for any other one.
func KindOf(err error) Kind {
	var failure *Error
	if !errors.As(err, &failure) {
		return 0
	}
	return failure.Kind
}

// grpcCode is the verdict's code; a call that was stopped has that of its context.
func (e *Error) grpcCode() codes.Code {
	verdict := verdicts[e.Kind]
	switch {
	case e.Kind == KindStopped:
		return status.FromContextError(e.cause).Code()
	case e.GivenUp && verdict.givenUp != codes.OK:
		return verdict.givenUp
	default:
		return verdict.code
	}
}
