package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// outcome is the expected result of a fault.
type outcome string

const (
	ends       outcome = "the call ends at once"
	readsAgain outcome = "a read is asked again; a write may have been done and is not"
	allAgain   outcome = "nothing was done: a read and a write are asked again"
	beginAgain outcome = "the list begins again"
	unnoticed  outcome = "the call succeeds"
)

// faultCase is a fault of the stand-in, with the kind of error and the outcome in the client.
type faultCase struct {
	fault   openaitest.Fault
	kind    client.Kind
	reason  client.Reason
	outcome outcome
}

// apiError is a fault in the API's envelope.
func apiError(statusCode int, code, message string) openaitest.Fault {
	return openaitest.Fault{Status: statusCode, Body: fmt.Sprintf(`{"error":{"message":%q,"type":"invalid_request_error","param":null,"code":%q}}`, message, code)}
}

// faultCases are all faults of the stand-in. The tests of pkg/connector have the results of each kind for a sync and a
// change.
func faultCases() map[string]faultCase {
	const (
		missing  = "You have insufficient permissions for this operation. Missing scopes: api.groups.read."
		tooOften = "You've exceeded the rate limit, please slow down"
	)
	limited := func(retryAfter, message string) openaitest.Fault {
		fault := apiError(http.StatusTooManyRequests, "rate_limit_exceeded", message)
		if retryAfter != "" {
			fault.Header = http.Header{"Retry-After": {retryAfter}}
		}
		return fault
	}
	// A date has whole seconds and has passed when it arrives. It only says that there is a limit.
	date := time.Now().UTC().Format(http.TimeFormat)
	cases := map[string]faultCase{
		"400":                      {apiError(400, "bad", "This cannot be understood."), client.KindRefused, "", ends},
		"400 of an archived":       {openaitest.Fault{Code: "project_archived"}, client.KindProjectArchived, "", ends},
		"401 of a key":             {apiError(401, "invalid_api_key", "Incorrect API key provided."), client.KindUnauthenticated, client.ReasonKey, ends},
		"401 of a scope":           {apiError(401, "", missing), client.KindUnauthenticated, client.ReasonScopes, ends},
		"401 of an address":        {openaitest.Fault{Code: "ip_not_authorized"}, client.KindUnauthenticated, client.ReasonAddress, ends},
		"401 of an account":        {openaitest.Fault{Code: "account_deactivated"}, client.KindUnauthenticated, client.ReasonDeactivated, ends},
		"401 of an account, words": {apiError(401, "", "Your OpenAI account has been deactivated."), client.KindUnauthenticated, client.ReasonDeactivated, ends},
		"401 of a certificate":     {openaitest.Fault{Code: "mtls_certificate_required"}, client.KindUnauthenticated, client.ReasonCertificate, ends},
		"403":                      {apiError(403, "", "Not on your plan."), client.KindDeniedWithoutReason, "", ends},
		"403 of an unknown code":   {openaitest.Fault{Code: "not_for_you", Status: 403}, client.KindDeniedWithoutReason, "", ends},
		"403 of a scope":           {apiError(403, "", missing), client.KindDenied, client.ReasonScopes, ends},
		"403 of a scope, bare":     {openaitest.Fault{Status: 403, Body: fmt.Sprintf(`{"error":%q}`, missing)}, client.KindDenied, client.ReasonScopes, ends},
		"403 of an address":        {openaitest.Fault{Code: "ip_not_authorized", Status: 403}, client.KindDenied, client.ReasonAddress, ends},
		"403 of a country":         {openaitest.Fault{Code: "unsupported_country_region_territory"}, client.KindDenied, client.ReasonCountry, ends},
		"403 of an account, words": {apiError(403, "", "This key is associated with a deactivated account."), client.KindDenied, client.ReasonDeactivated, ends},
		"403 of a certificate":     {apiError(403, "", "A client certificate has to be sent."), client.KindDenied, client.ReasonCertificate, ends},
		"404":                      {apiError(404, "not_found", "No such thing."), client.KindGone, "", ends},
		"404 of another object":    {apiError(404, "organization_not_found", "No such organization."), client.KindNoSuchList, "", ends},
		"404 of an address":        {openaitest.Fault{Code: "ip_not_authorized", Status: 404}, client.KindDenied, client.ReasonAddress, ends},
		"404 of a URL":             {apiError(404, "", "Invalid URL (GET /organization)"), client.KindNoSuchList, "", ends},
		"404 of a URL, with code":  {apiError(404, "unknown_url", "Unknown request URL: GET /organization."), client.KindNoSuchList, "", ends},
		"another shape":            {openaitest.Fault{WrongShape: true}, client.KindMalformed, "", ends},
		"too large":                {openaitest.Fault{Oversize: maxBody + 1}, client.KindMalformed, "", ends},
		"redirect":                 {openaitest.Fault{Redirect: "http://127.0.0.1:1/"}, client.KindMisdirected, "", ends},
		"cursor empty":             {openaitest.Fault{Cursor: openaitest.CursorEmpty}, client.KindMalformed, "", ends},
		"cursor repeated":          {openaitest.Fault{Cursor: openaitest.CursorRepeated}, client.KindMalformed, "", ends},
		"cursors in a circle":      {openaitest.Fault{Cursor: openaitest.CursorCircular}, client.KindMalformed, "", ends},

		"cursor gone":      {openaitest.Fault{Cursor: openaitest.CursorGone}, client.KindCursorGone, "", beginAgain},
		"cursor gone, 404": {openaitest.Fault{Cursor: openaitest.CursorGone, Status: 404}, client.KindCursorGone, "", beginAgain},

		"429 with seconds":    {limited("0.01", tooOften+"."), client.KindLimited, "", allAgain},
		"429 with a date":     {limited(date, tooOften+"."), client.KindLimited, "", allAgain},
		"429 with a sentence": {limited("", tooOften+" and try again after 0.01 seconds."), client.KindLimited, "", allAgain},
		"429 with no word":    {openaitest.Fault{Status: 429, EmptyBody: true}, client.KindLimited, "", allAgain},
		"429 of a page":       {openaitest.Fault{Status: 429, Page: true}, client.KindLimited, "", allAgain},

		"400 of a gateway":      {openaitest.Fault{Status: 400, Gateway: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"401 of a text":         {openaitest.Fault{Status: 401, Text: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"401 of a page":         {openaitest.Fault{Status: 401, Page: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"403 of a page":         {openaitest.Fault{Status: 403, Page: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"403 without body":      {openaitest.Fault{Status: 403, EmptyBody: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"404 of a text":         {openaitest.Fault{Text: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"404 of a gateway":      {openaitest.Fault{Gateway: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"404 of a page":         {openaitest.Fault{Status: 404, Page: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"404 without body":      {openaitest.Fault{Status: 404, EmptyBody: true}, client.KindNoAnswer, client.ReasonForeign, readsAgain},
		"407 without body":      {openaitest.Fault{Status: 407, EmptyBody: true}, client.KindNoAnswer, client.ReasonProxyLogin, readsAgain},
		"407 of a page":         {openaitest.Fault{Status: 407, Page: true}, client.KindNoAnswer, client.ReasonProxyLogin, readsAgain},
		"408":                   {openaitest.Fault{Status: 408}, client.KindNoAnswer, "", readsAgain},
		"409":                   {openaitest.Fault{Status: 409}, client.KindConflict, "", readsAgain},
		"500":                   {openaitest.Fault{Status: 500}, client.KindNoAnswer, "", readsAgain},
		"502 of a page":         {openaitest.Fault{Status: 502, Page: true}, client.KindNoAnswer, "", readsAgain},
		"503 without body":      {openaitest.Fault{Status: 503, EmptyBody: true}, client.KindNoAnswer, "", readsAgain},
		"200 of a page":         {openaitest.Fault{Status: 200, Page: true}, client.KindNoAnswer, "", readsAgain},
		"200 of an error":       {openaitest.Fault{Body: `{"error":{"message":"The upstream is busy.","type":"server_error","param":null,"code":null}}`}, client.KindNoAnswer, "", readsAgain},
		"200 of a word":         {openaitest.Fault{Body: `{"error":"The upstream is busy."}`}, client.KindNoAnswer, "", readsAgain},
		"200 without body":      {openaitest.Fault{EmptyBody: true}, client.KindNoAnswer, "", readsAgain},
		"JSON that is cut off":  {openaitest.Fault{Truncate: true}, client.KindNoAnswer, "", readsAgain},
		"dropped":               {openaitest.Fault{Drop: true}, client.KindNoAnswer, "", readsAgain},
		"reset in the body":     {openaitest.Fault{Reset: true}, client.KindNoAnswer, "", readsAgain},
		"stalled in the body":   {openaitest.Fault{Stall: true}, client.KindNoAnswer, "", readsAgain},
		"refusal that is reset": {openaitest.Fault{Status: 403, Reset: true}, client.KindNoAnswer, "", readsAgain},

		"JSON that is called a text": {openaitest.Fault{ContentType: "text/plain"}, 0, "", unnoticed},
	}
	// Waiting does not help, whatever else the answer says and whatever its status.
	asked := http.Header{"Retry-After": {"1"}}
	for code, reason := range map[string]client.Reason{
		"insufficient_quota": client.ReasonSpent, "billing_hard_limit_reached": client.ReasonSpent, "credit_balance_exhausted": client.ReasonSpent,
		"organization_spend_limit_exceeded": client.ReasonSpent, "organization_usage_limit_exceeded": client.ReasonSpent,
		"project_spend_limit_exceeded": client.ReasonSpent, "billing_not_active": client.ReasonBilling, "access_terminated": client.ReasonTerminated,
	} {
		typeAlone := openaitest.Fault{Status: 429, Body: fmt.Sprintf(`{"error":{"message":"No.","type":%q,"code":null}}`, code), Header: asked}
		cases[code] = faultCase{openaitest.Fault{Code: code, Header: asked}, client.KindBilling, reason, ends}
		cases[code+", 403"] = faultCase{openaitest.Fault{Code: code, Status: 403, Header: asked}, client.KindBilling, reason, ends}
		cases[code+", as a type"] = faultCase{typeAlone, client.KindBilling, reason, ends}
	}
	return cases
}

// faultyCall is a call that meets a fault, always or once.
type faultyCall struct {
	route string
	ask   func(context.Context, *client.Client) error
	// again are the outcomes after which the call is repeated.
	again []outcome
}

// memberCount is two pages of members.
const memberCount = 1_001

// readMembers lists the members of a group and fails if any is missing.
func readMembers(ctx context.Context, c *client.Client) error {
	ids := map[string]bool{}
	cursor := client.Cursor{}
	for range 10 {
		page, err := c.ListGroupUsers(ctx, "group_1", cursor)
		if err != nil {
			return err
		}
		if page.Again {
			clear(ids)
		}
		for _, user := range page.Items {
			ids[user.ID] = true
		}
		if cursor = page.Next; cursor.IsZero() {
			if len(ids) != memberCount {
				return fmt.Errorf("%d members and not %d", len(ids), memberCount)
			}
			return nil
		}
	}
	return errors.New("the list has no end")
}

var (
	faultyRead = faultyCall{"GET /organization/groups/{group_id}/users", readMembers, []outcome{readsAgain, allAgain, beginAgain}}
	// This call needs the group in the answer.
	faultyWrite = faultyCall{"POST /organization/groups", func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateGroup(ctx, "Night shift")
		return err
	}, []outcome{allAgain}}
	// This call is never repeated, since each one may create another key.
	faultyKey = faultyCall{"POST /organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys", func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateServiceAccountKey(ctx, "proj_1", "svc_1", "Night shift", nil)
		return err
	}, nil}
)

// faultyGroup is a stand-in with a group of two pages of members, and a service account.
func faultyGroup(route string, fault openaitest.Fault) *openaitest.Server {
	group := openaitest.Group{ID: "group_1", Name: "Everybody"}
	users := make([]openaitest.User, 0, memberCount)
	for i := range memberCount {
		users = append(users, openaitest.User{ID: fmt.Sprintf("user-%d", i), Role: "reader"})
		group.MemberIDs = append(group.MemberIDs, users[i].ID)
	}
	return &openaitest.Server{
		Organization: openaitest.Organization{
			Users: users, Groups: []openaitest.Group{group},
			Projects: []openaitest.Project{{ID: "proj_1", ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_1", Role: "member"}}}},
		},
		Faults: map[string]openaitest.Fault{route: fault},
	}
}

// codesOfKinds are the codes of calls that were not repeated.
var codesOfKinds = map[client.Kind]codes.Code{
	client.KindRefused: codes.InvalidArgument, client.KindGone: codes.NotFound, client.KindNoSuchList: codes.FailedPrecondition,
	client.KindProjectArchived: codes.FailedPrecondition, client.KindConflict: codes.Unavailable, client.KindUnauthenticated: codes.Unauthenticated,
	client.KindDenied: codes.PermissionDenied, client.KindDeniedWithoutReason: codes.PermissionDenied, client.KindBilling: codes.ResourceExhausted,
	client.KindLimited:     codes.ResourceExhausted,
	client.KindMisdirected: codes.FailedPrecondition, client.KindNoAnswer: codes.Unavailable, client.KindMalformed: codes.Internal,
}

// requireFault checks a call against the expectation for the fault.
func (f faultCase) requireFault(t *testing.T, call faultyCall) {
	t.Helper()
	ask := func(fault openaitest.Fault, retryFor time.Duration) (int, error) {
		standIn := faultyGroup(call.route, fault)
		c := newClient(t, start(t, standIn))
		c.RetryFor = retryFor
		if fault.Stall {
			c.Timeout = time.Second
		}
		// The API has answered before, so the client knows that its address is right.
		require.NoError(t, c.CheckAccess(t.Context(), client.AccessToUsers))
		err := call.ask(t.Context(), c)
		asked := 0
		for _, request := range standIn.Requests() {
			if request.Route == call.route {
				asked++
			}
		}
		return asked, err
	}
	isAskedAgain := slices.Contains(call.again, f.outcome)

	_, err := ask(f.fault, 0)
	if f.outcome == unnoticed {
		require.NoError(t, err)
		return
	}
	failure := failureOf(t, err)
	require.Equal(t, f.kind, failure.Kind, "%s: %v", f.outcome, err)
	require.Equal(t, f.reason, failure.Reason)
	require.ErrorContains(t, err, failure.Message)
	require.Equal(t, isAskedAgain && f.outcome != beginAgain, failure.GivenUp, f.outcome)

	once := f.fault
	once.Times = 1
	asked, err := ask(once, time.Minute)
	switch {
	case isAskedAgain:
		require.NoError(t, err, f.outcome)
		require.Greater(t, asked, 1)
	case f.fault.Cursor != "":
		// A single wrong cursor shows only at the page that it leads to.
	default:
		require.Equal(t, f.kind, client.KindOf(err), "%s: %v", f.outcome, err)
		require.Equal(t, codesOfKinds[f.kind], status.Code(err), err)
		require.Equal(t, 1, asked, f.outcome)
	}
}

// Each fault has one kind, which decides whether a call is repeated. A repeated read is complete, and a write that may
// have taken effect is not repeated.
func TestFaults(t *testing.T) {
	t.Parallel()
	eachFault(t, faultCase.requireFault)
}

// eachFault tries every fault with every call that can meet it. It runs more of them at the same time than go test
// would, since they mostly wait.
func eachFault(t *testing.T, try func(faultCase, *testing.T, faultyCall)) {
	t.Helper()
	const atOnce = 8
	places := make(chan struct{}, atOnce)
	var tried sync.WaitGroup
	for name, f := range faultCases() {
		for _, call := range []faultyCall{faultyRead, faultyWrite, faultyKey} {
			if f.fault.Cursor != "" && call.route != faultyRead.route {
				continue // only lists have cursors
			}
			places <- struct{}{}
			tried.Go(func() {
				defer func() { <-places }()
				t.Run(name+", "+call.route, func(t *testing.T) { try(f, t, call) })
			})
		}
	}
	tried.Wait()
}

// Every fault of the stand-in has a case, and every kind has a fault.
func TestFaultsAreAllKnown(t *testing.T) {
	t.Parallel()
	testedElsewhere := map[string]string{
		"PathContains": "which requests", "After": "which requests", "Times": "which requests",
		"AfterEffect": "what a write does: pkg/connector/provisioning_outcome_test.go",
		"NoEffect":    "what a write does: pkg/connector/provisioning_outcome_test.go",
		"Twice":       "what a write does: pkg/connector/provisioning_outcome_test.go",
		"Role":        "what a write does: pkg/connector/provisioning_outcome_test.go",
		"NotDeleted":  "what a deletion says: TestDeletedFieldOfADeletion", "ConcealLastID": "no error: TestConcealedLastIDIsTheLastRow",
	}
	fields, kinds := map[string]bool{}, map[client.Kind]bool{
		client.KindNotDone: true, // TestDeletedFieldOfADeletion
		client.KindStopped: true, // TestRepetitionEndsWithTheContext
	}
	for _, f := range faultCases() {
		kinds[f.kind] = true
		value := reflect.ValueOf(f.fault)
		for i := range value.NumField() {
			if !value.Field(i).IsZero() {
				fields[value.Type().Field(i).Name] = true
			}
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[openaitest.Fault]()) {
		require.NotEqual(t, testedElsewhere[field.Name] != "", fields[field.Name], "a fault of the stand-in without a kind, or with two: %s", field.Name)
	}
	for kind := client.KindRefused; kind <= client.KindStopped; kind++ {
		require.True(t, kinds[kind], "a kind that no fault becomes: %d", kind)
	}
}
