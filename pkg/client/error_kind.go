package client

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Kind is the meaning of an answer, or of a missing answer. This file decides it for a refusal; client.go for no answer, and for a
// success that cannot be read. Callers use the Kind of an [Error], not its status, message or gRPC code.
type Kind int

// The kinds.
const (
	// KindRefused is a request that the API does not accept, or that cannot be sent.
	KindRefused Kind = iota + 1
	// KindGone is the API's answer that the object does not exist.
	KindGone
	// KindNoSuchList is a 404 for a list that always exists, such as the organization's users, for an unknown route, or because of
	// another object than the one that the call is about. It does not mean that an object is gone.
	KindNoSuchList
	// KindCursorGone is a refusal of a cursor. The row that it names may have been deleted. The list may still exist.
	KindCursorGone
	// KindProjectArchived is the refusal of requests below an archived project.
	KindProjectArchived
	// KindNotDone is a success whose body says that nothing was done.
	KindNotDone
	// KindConflict is a refusal (409) because of a concurrent change or an existing object.
	KindConflict
	// KindUnauthenticated is a refusal of the key.
	KindUnauthenticated
	// KindDenied is a refusal for a reason that the API names.
	KindDenied
	// KindDeniedWithoutReason is a refusal without a reason: the plan or the permissions of the key may not allow the request.
	KindDeniedWithoutReason
	// KindLimited is a refusal by a rate limit (429). Nothing was done.
	KindLimited
	// KindBilling is a refusal that lasts until somebody pays or raises a limit.
	KindBilling
	// KindMisdirected is an answer of another server than the API, before the first answer of the API.
	KindMisdirected
	// KindNoAnswer is the lack of an answer of the API: a server error, a broken connection, an unknown host, a truncated answer,
	// or an answer of a proxy or firewall.
	KindNoAnswer
	// KindMalformed is a complete answer that does not have the documented form.
	KindMalformed
	// KindStopped is a call whose context ended.
	KindStopped
)

// retryPolicy decides whether a call is retried.
type retryPolicy int

const (
	// retryNever is for errors that another attempt does not change.
	retryNever retryPolicy = iota
	// retryReads is for temporary errors of requests that may have been carried out. Only reads are retried, for the RetryFor of
	// the client, or for urgentRetryFor if somebody waits.
	retryReads
	// retryInTurn is for requests that were not carried out. Every call is retried at its next turn, for the RetryFor of the client.
	retryInTurn
)

// verdicts are the consequences of each kind. The SDK retries Unavailable and DeadlineExceeded without end, and takes NotFound
// for an empty list.
var verdicts = map[Kind]struct {
	retry retryPolicy
	// code is the gRPC code, givenUp the code after RetryFor; OK means the same code.
	code, givenUp codes.Code
}{
	KindRefused:             {retryNever, codes.InvalidArgument, codes.OK},
	KindGone:                {retryNever, codes.NotFound, codes.OK},
	KindNoSuchList:          {retryNever, codes.FailedPrecondition, codes.OK},
	KindCursorGone:          {retryNever, codes.FailedPrecondition, codes.OK},
	KindProjectArchived:     {retryNever, codes.FailedPrecondition, codes.OK},
	KindNotDone:             {retryNever, codes.FailedPrecondition, codes.OK},
	KindConflict:            {retryReads, codes.Unavailable, codes.Aborted},
	KindUnauthenticated:     {retryNever, codes.Unauthenticated, codes.OK},
	KindDenied:              {retryNever, codes.PermissionDenied, codes.OK},
	KindDeniedWithoutReason: {retryNever, codes.PermissionDenied, codes.OK},
	KindLimited:             {retryInTurn, codes.ResourceExhausted, codes.ResourceExhausted},
	KindBilling:             {retryNever, codes.ResourceExhausted, codes.OK},
	KindMisdirected:         {retryNever, codes.FailedPrecondition, codes.OK},
	KindNoAnswer:            {retryReads, codes.Unavailable, codes.Aborted},
	KindMalformed:           {retryNever, codes.Internal, codes.OK},
	KindStopped:             {retryNever, codes.Canceled, codes.OK},
}

// Reason is the cause of a refusal, if the API names one that somebody can resolve.
type Reason string

// The reasons.
const (
	// ReasonScopes is a key without a permission, see [Error.MissingScopes].
	ReasonScopes Reason = "scopes"
	// ReasonKey is a key that the API does not know.
	ReasonKey Reason = "key"
	// ReasonAddress is an IP address that is not on the organization's allow list.
	ReasonAddress Reason = "address"
	// ReasonCountry is a country that OpenAI does not support.
	ReasonCountry Reason = "country"
	// ReasonDeactivated is a deactivated account or organization.
	ReasonDeactivated Reason = "deactivated"
	// ReasonCertificate is an organization that requires client certificates.
	ReasonCertificate Reason = "certificate"
	// ReasonProxyLogin is a proxy that requires credentials.
	ReasonProxyLogin Reason = "proxy login"
	// ReasonProxyDown is a proxy that cannot be reached.
	ReasonProxyDown Reason = "proxy down"
	// ReasonUntrusted is a certificate that this machine does not trust, ReasonClock one that is of another time than this machine.
	ReasonUntrusted Reason = "untrusted"
	ReasonClock     Reason = "clock"
	// ReasonForeign is an answer of a proxy or firewall.
	ReasonForeign Reason = "foreign"
	// ReasonBilling is inactive billing.
	ReasonBilling Reason = "billing"
	// ReasonTerminated is access that OpenAI has terminated.
	ReasonTerminated Reason = "terminated"
	// ReasonSpent is a used up quota, credit or spend limit.
	ReasonSpent Reason = "spent"
)

// reasonOfCode has OpenAI's codes of the reasons. Some answers have the code as type.
// https://platform.openai.com/docs/guides/error-codes has most codes. Those of spend limits are from zed-industries/zed#63208;
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

// wordsOfReason are for answers with an unknown code, or none.
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

func reasonOf(body errorBody) Reason {
	for _, code := range []string{body.code, body.kind} {
		if reason, known := reasonOfCode[code]; known {
			return reason
		}
	}
	for _, word := range wordsOfReason {
		if word.words.MatchString(body.message) || word.words.MatchString(strings.ReplaceAll(body.code, "_", " ")) {
			return word.reason
		}
	}
	return ""
}

// classify decides the kind and the reason of an answer to the call. If there was no answer, transport is the error.
func classify(ctx context.Context, c call, statusCode int, body errorBody, transport error) (Kind, Reason) {
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
	reason := reasonOf(body)
	switch {
	case statusCode == http.StatusTooManyRequests && !body.own:
		return KindLimited, "" // a proxy may limit the rate as well
	case body.cutOff:
		return KindNoAnswer, ""
	case !body.own:
		return KindNoAnswer, ReasonForeign
	case reason == ReasonSpent || reason == ReasonBilling || reason == ReasonTerminated:
		return KindBilling, reason
	case body.code == codeProjectArchived:
		return KindProjectArchived, ""
	case statusCode == http.StatusTooManyRequests:
		return KindLimited, ""
	case statusCode == http.StatusUnauthorized:
		return KindUnauthenticated, reason
	case reason != "":
		return KindDenied, reason
	default:
		return classifyStatus(c, statusCode, body), ""
	}
}

// classifyStatus is for answers of the API without a reason.
func classifyStatus(c call, statusCode int, body errorBody) Kind {
	switch statusCode {
	case http.StatusForbidden:
		return KindDeniedWithoutReason
	case http.StatusConflict:
		return KindConflict
	case http.StatusNotFound:
		switch {
		case body.namesUnknownURL() && !c.answered:
			return KindMisdirected
		case body.namesUnknownURL():
			return KindNoSuchList
		case c.continues() && body.mayMean("after"):
			return KindCursorGone
		case c.lists() && !strings.Contains(string(c.route), "{"):
			return KindNoSuchList
		case c.namesAnother(body.nounNotFound()):
			return KindNoSuchList
		default:
			return KindGone
		}
	case http.StatusBadRequest:
		switch {
		case strings.Contains(strings.ToLower(body.message), "is archived"):
			return KindProjectArchived // the message of older answers
		case c.continues() && body.mayMean("after"):
			return KindCursorGone
		}
	}
	return KindRefused
}

// nounsOf has the nouns, in the singular, by which codes such as project_not_found name what a segment of a route stands for. Only
// project_not_found is documented. No route has a segment for the organization.
var nounsOf = map[string][]string{
	"":                        {"organization"},
	"{project_id}":            {"project"},
	"{user_id}":               {"user", "member"},
	"{group_id}":              {"group"},
	"{role_id}":               {"role", "role_assignment"},
	"{invite_id}":             {"invite", "invitation"},
	"{service_account_id}":    {"service_account"},
	"{api_key_id}":            {"api_key", "key"},
	"{key_id}":                {"api_key", "admin_api_key", "key"},
	"{rate_limit_id}":         {"rate_limit"},
	"spend_limit":             {"spend_limit"},
	"model_permissions":       {"model_permission"},
	"hosted_tool_permissions": {"hosted_tool_permission"},
}

// nounNotFound is the noun in the code, in the singular, of an answer that names what was not found; otherwise "".
func (b errorBody) nounNotFound() string {
	for _, code := range []string{b.code, b.kind} {
		if noun, names := strings.CutSuffix(strings.ToLower(code), "_not_found"); names {
			return strings.TrimSuffix(noun, "s")
		}
	}
	return ""
}

// namesAnother tells whether the noun is known and is not the one of the object that the route names last. The body of a POST names
// objects as well, but never the organization.
func (c call) namesAnother(noun string) bool {
	object, isOutside := "", false
	for segment := range strings.SplitSeq(string(c.route), "/") {
		if nounsOf[segment] != nil && segment != "" {
			object = segment
		}
	}
	for _, container := range []string{"organization", "project", "group"} {
		// For example, project_user is a user on the routes of a project, and something else on those of the organization.
		if member, found := strings.CutPrefix(noun, container+"_"); found {
			noun, isOutside = member, container != "organization" && !strings.Contains(string(c.route), "{"+container+"_id}")
		}
	}
	isKnown, isObject := false, false
	for of, nouns := range nounsOf {
		isMeant := slices.Contains(nouns, noun)
		isKnown, isObject = isKnown || isMeant, isObject || isMeant && of == object && of != ""
	}
	if c.method == http.MethodPost {
		return noun == "organization"
	}
	return isKnown && (isOutside || !isObject)
}

// classifyTransport is for requests without a complete answer.
func classifyTransport(ctx context.Context, err error) (Kind, Reason) {
	switch text := err.Error(); {
	case ctx.Err() != nil:
		return KindStopped, ""
	case errors.Is(err, errBodyTooLarge):
		return KindMalformed, ""
	case strings.Contains(text, "Proxy Authentication Required"):
		// The error of net/http for a proxy's 407 to CONNECT.
		return KindNoAnswer, ReasonProxyLogin
	case strings.Contains(text, "proxyconnect "):
		return KindNoAnswer, ReasonProxyDown
	case strings.Contains(text, "certificate has expired or is not yet valid"):
		return KindNoAnswer, ReasonClock
	case strings.Contains(text, "tls: failed to verify certificate"):
		return KindNoAnswer, ReasonUntrusted
	case strings.Contains(text, "tls: certificate required"):
		return KindDenied, ReasonCertificate
	default:
		return KindNoAnswer, ""
	}
}

// lists tells whether the call requests a list: only lists have a limit.
func (c call) lists() bool { return c.query.Get("limit") != "" }

// continues tells whether the call has a cursor.
func (c call) continues() bool { return c.query.Get("after") != "" }

// KindOf is the kind of an error of this package, 0 for any other error.
func KindOf(err error) Kind {
	var failure *Error
	if !errors.As(err, &failure) {
		return 0
	}
	return failure.Kind
}

// grpcCode is the code of the verdict. A stopped call has the code of its context.
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
