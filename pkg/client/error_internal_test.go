package client

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/conductorone/baton-sdk/pkg/uhttp"
	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const message = "Please slow down and try again after 6.937 seconds."
	tests := []struct {
		name, header, message string
		want                  time.Duration
	}{
		{"nothing", "", "", 0},
		{"seconds", "12", "", 12 * time.Second},
		{"fraction", "1.5", "", 1500 * time.Millisecond},
		{"zero", "0", "", 0},
		{"less than a nanosecond", "1e-12", "", 0},
		{"date", "Sun, 01 Mar 2026 12:00:30 GMT", "", 30 * time.Second},
		{"date of RFC 850", "Sunday, 01-Mar-26 12:00:30 GMT", "", 30 * time.Second},
		{"now", "Sun, 01 Mar 2026 12:00:00 GMT", "", 0},
		{"past date", "Sun, 01 Mar 2026 11:59:59 GMT", "", 0},
		{"date in the year 1", "Mon, 01 Jan 0001 00:00:00 GMT", "", 0},
		{"date far ahead", "Fri, 31 Dec 9999 23:59:59 GMT", "", maxWait},
		{"negative", "-5", "", 0},
		{"negative and huge", "-1e300", "", 0},
		{"a day", "86400", "", 24 * time.Hour},
		{"at the limit", "604800", "", maxWait},
		{"above the limit", "604801", "", maxWait},
		{"huge", "1e300", "", maxWait},
		{"too large for a float", "1e999", "", 0},
		{"infinite", "Inf", "", maxWait},
		{"minus infinite", "-Inf", "", 0},
		{"not a number", "NaN", "", 0},
		{"garbage", "soon", "", 0},
		{"with a unit", "5s", "", 5 * time.Second},
		{"span", "6m0s", "", 6 * time.Minute},
		{"message", "", message, 6937 * time.Millisecond},
		{"message, abbreviated", "", "Please try again after 3s.", 3 * time.Second},
		{"message, whole seconds", "", "Try again after 20 seconds", 20 * time.Second},
		{"message, no wait", "", "Try again after 0.0 seconds.", 0},
		{"message, many digits", "", "Try again after " + strings.Repeat("9", 400) + " seconds.", maxWait},
		{"message, minutes", "", "Try again after 5 minutes.", 5 * time.Minute},
		{"message, in seconds", "", "Rate limit reached in 1 minute. Please try again in 2s.", 2 * time.Second},
		{"message, milliseconds", "", "Please try again in 250ms. Visit the site.", 250 * time.Millisecond},
		{"message, two units", "", "Please try again in 1m2s.", 62 * time.Second},
		{"message, none of the last unit", "", "Please try again in 6m0s.", 6 * time.Minute},
		{"message, fraction", "", "Please try again in 1m2.5s", 62500 * time.Millisecond},
		{"message, hours", "", "Please try again in 1h0m1s.", time.Hour + time.Second},
		{"message, months", "", "Please try again in 3 months.", 0},
		{"message, no wait of the API's", "", "Used in 5s", 0},
		{"message without number", "", "Try again after some seconds.", 0},
		{"header before message", "2", message, 2 * time.Second},
		{"date before message", "Sun, 01 Mar 2026 12:00:30 GMT", message, 30 * time.Second},
		{"message behind garbage", "soon", message, 6937 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, retryAfter(http.StatusTooManyRequests, http.Header{"Retry-After": {tt.header}}, tt.message, now))
		})
	}
	assert.Zero(t, retryAfter(http.StatusTooManyRequests, nil, "", now), "without the header")
}

// Other headers of OpenAI have a wait too: in milliseconds, or as the time until a limit is reset.
func TestRetryAfterInOtherHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header  http.Header
		message string
		want    time.Duration
	}{
		"milliseconds":                {http.Header{"Retry-After-Ms": {"250"}}, "", 250 * time.Millisecond},
		"milliseconds before seconds": {http.Header{"Retry-After-Ms": {"1500"}, "Retry-After": {"2"}}, "", 1500 * time.Millisecond},
		"milliseconds, garbage":       {http.Header{"Retry-After-Ms": {"soon"}, "Retry-After": {"2"}}, "", 2 * time.Second},
		"reset":                       {http.Header{"X-Ratelimit-Reset-Requests": {"6m0s"}}, "", 6 * time.Minute},
		"reset behind the message":    {http.Header{"X-Ratelimit-Reset-Requests": {"6m0s"}}, "Try again in 3s.", 3 * time.Second},
		"date by OpenAI's clock":      {http.Header{"Retry-After": {"Sun, 01 Mar 2026 12:00:30 GMT"}, "Date": {"Sun, 01 Mar 2026 12:00:00 GMT"}}, "", 30 * time.Second},
		"reset, garbage":              {http.Header{"X-Ratelimit-Reset-Requests": {"6 parsecs"}}, "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, retryAfter(http.StatusTooManyRequests, tt.header, tt.message, time.Time{}))
		})
	}
}

// The time until a limit is reset says nothing about a server that fails. Other words about a wait do.
func TestRetryAfterOfServerErrors(t *testing.T) {
	t.Parallel()
	for _, statusCode := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		reset := http.Header{"X-Ratelimit-Reset-Requests": {"6m0s"}}
		assert.Zero(t, retryAfter(statusCode, reset, "", time.Time{}))
		assert.Equal(t, 3*time.Second, retryAfter(statusCode, reset, "Try again in 3s.", time.Time{}))
	}
}

// FuzzRetryAfter reads any header and message: the wait is never negative or above the limit.
func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"", "12", "-1", "1.5", "NaN", "Inf", "1e999", "0x1p-2", "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "\xff"} {
		f.Add(header, "try again after 6.937 seconds", int64(1_760_000_000))
		f.Add(header, "after 99999999999999999999999 s", int64(-1<<40))
		f.Add(header, "", int64(1<<40))
	}
	f.Fuzz(func(t *testing.T, header, message string, now int64) {
		t.Parallel()
		wait := retryAfter(http.StatusTooManyRequests, http.Header{"Retry-After": {header}}, message, time.Unix(now, 0))
		assert.GreaterOrEqual(t, wait, time.Duration(0))
		assert.LessOrEqual(t, wait, maxWait)
	})
}

// FuzzParseErrorBody reads any body of a refusal: the text is bounded, one line, valid UTF-8, and has no key.
func FuzzParseErrorBody(f *testing.F) {
	const key = "sk-admin-0Kd3vWm5Tq7Zb1Xy9LcR"
	bodies := []string{
		``, `null`, `[]`, `"`, `{}`, `{"error":null}`, `{"error":""}`, `{"error":"A sentence."}`, `{"error":[1]}`, "\xff\xfe", "<html>\r\n\t</html>",
		`{"error":{"message":"No.","type":"t","code":"c"}}`,
		`{"error":{"message":"No.","code":400}}`,
		`{"error":{"message":{},"code":[]}}`,
		`{"code":400,"message":"No."}`,
		`{"code":"c","message":7}`,
		`{"error":{"message":"Incorrect API key provided: ` + key + `."}}`,
		`{"error":{"message":"Incorrect API key provided: ` + key,
		`{"error":{"message":"Line\n` + key + `"`,
		`{"error":{"type":"` + key + `","code":"` + key + `"}}`,
		`{"error":"sk-admin*******************9LcR"}`,
		`{"message":"` + strings.Repeat("漢", 200) + `"}`,
		strings.Repeat("\xff", 600),
	}
	for _, body := range bodies {
		f.Add([]byte(body))
	}
	for n := 480; n < 510; n++ {
		f.Add([]byte(strings.Repeat("x", n-1) + " " + key))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		t.Parallel()
		failure := &Error{Method: http.MethodGet, Route: "/organization/groups"}
		failure = failure.fromAnswer(t.Context(), call{method: http.MethodGet, route: "/organization/groups"}, &uhttp.WrapperResponse{StatusCode: http.StatusUnauthorized, Body: body}, key)
		assert.LessOrEqual(t, len(failure.Message), maxMessageBytes+len("…"))
		for _, text := range []string{failure.Error(), failure.Type, failure.Code, failure.Message} {
			assert.True(t, utf8.ValidString(text))
			assert.NotContains(t, text, key)
			assert.NotContains(t, text, "\n")
			assert.NotContains(t, text, "\r")
		}
	})
}

// keyShaped matches a prefix of a key with enough characters after it.
var keyShaped = regexp.MustCompile(`(?:^|[^A-Za-z0-9_])(?:sk|sess)-[A-Za-z0-9_-]{6,}`)

// FuzzRedact combines the key with any text: the result has neither the key nor anything that looks like one.
func FuzzRedact(f *testing.F) {
	const key = "sk-admin-0Kd3vWm5Tq7Zb1Xy9LcR"
	for _, seed := range []string{
		"", "Incorrect API key provided: %. You can find your API key at https://platform.openai.com/account/api-keys.", "Bearer %", "%%", "sk-%", "%-%", "sk-admin-%",
		`{"value":"%"}`, `\n%`, `key=%&x=y`, "s%k-proj-abcdefgh", "sk-proj-Tw5Ea9Nf3RiB", "sk-proj-***abcd", "sk-...wxyz", "sk-admin…wxyz", "sess-abcdefgh", "(sk-None-abcdefgh)",
		"ask-admin", "risk-free", "sk-", "sk-[key]abcdefgh", "%\xff%", "sk\u2010admin", "%2C%", "sk-a.b.c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		t.Parallel()
		text = strings.ReplaceAll(text, "%", key)
		got := redact(text, key)
		assert.NotContains(t, got, key)
		assert.Empty(t, keyShaped.FindString(got))
		assert.Equal(t, got, redact(got, key))
		// Other keys are redacted too, without the client's own key to compare with.
		assert.Empty(t, keyShaped.FindString(redact(text, "")))
	})
}
