package connector_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// issuedKeys are the keys that a request has created.
func issuedKeys(server *openaitest.Server) []openaitest.ProjectAPIKey {
	var found []openaitest.ProjectAPIKey
	for _, project := range server.Snapshot().Projects {
		for _, key := range project.APIKeys {
			if key.Name == keyName {
				found = append(found, key)
			}
		}
	}
	return found
}

// keyFaults are faults between the request for a key and its answer.
func keyFaults() map[string]openaitest.Fault {
	faults := map[string]openaitest.Fault{
		"500": {Status: 500}, "502 of a page": {Status: 502, Page: true}, "503 without body": {Status: 503, EmptyBody: true},
		"dropped": {Drop: true}, "reset": {Reset: true}, "cut off": {Truncate: true}, "nothing": {EmptyBody: true}, "another shape": {WrongShape: true},
		"a page": {Page: true, Status: 200}, "a text": {Text: true}, "a gateway": {Gateway: true}, "redirect": {Redirect: "http://127.0.0.1:1/"},
		"400": {Status: 400, Body: object("bad", "This cannot be understood.")}, "401": {Status: 401, Body: object("invalid_api_key", "No.")},
		"403": {Status: 403, Body: object("", "No.")}, "404": {Status: 404, Body: object("not_found", "No such thing.")}, "409": {Status: 409},
		"429": {Status: 429}, "429 of something on the way": {Status: 429, EmptyBody: true}, "archived": {Code: "project_archived"}, "quota": {Code: "insufficient_quota"},
		"without its value": {Body: `{"id":"` + firstKeyID + `","name":"` + keyName + `"}`}, "without its id": {Body: `{"value":"` + firstKeyValue + `"}`},
		"of another type": {Body: `{"id":"` + firstKeyID + `","value":["` + firstKeyValue + `"]}`},
	}
	for name, fault := range maps.Clone(faults) {
		fault.AfterEffect = true
		faults[name+", and made"] = fault
	}
	faults["nothing made"] = openaitest.Fault{NoEffect: true}
	faults["twice"] = openaitest.Fault{Twice: true}
	faults["none"] = openaitest.Fault{}
	return faults
}

// With any fault between the request for a key and its answer, one request never leaves two keys, and the value is not
// shown. An error has the id or the name of a key whose value is lost; if OpenAI allows it, the key is deleted. The
// repeated request creates a key only if there is none.
func TestFaultTableOfKeys(t *testing.T) {
	t.Parallel()
	faults := keyFaults()
	for i, name := range slices.Sorted(maps.Keys(faults)) {
		fault := faults[name]
		for k, mayGo := range []bool{true, false} {
			for _, lag := range []int{0, 3} {
				if !everyFault && (i+k+lag)%2 > 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s, deleted %t, %d reads late", name, mayGo, lag), func(t *testing.T) {
					t.Parallel()
					server := newServer()
					server.ServiceAccountKeysMayGo, server.WriteLag = mayGo, lag
					server.SetFault(createKey, fault)
					d, to := connect(t, server), newRecipient(t)
					answer, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", to))
					made := issuedKeys(server)
					d.requireNoValue(t, answer, err)
					require.Equal(t, []string{createKey}, writesOf(server, createKey))
					if fault.Twice && !mayGo {
						require.Len(t, made, 2)
						require.NotEmpty(t, d.logs.FilterMessage("baton-openai: OpenAI has made another key than the one that is issued").All())
						return
					}
					require.LessOrEqual(t, len(made), 1)
					if err == nil {
						require.Contains(t, to.connect(t, answer.GetEncryptedData()[0]), valuePart)
						require.Equal(t, fault.NoEffect, len(made) == 0)
					} else {
						requireKeyReported(t, err, made, fault, mayGo)
					}

					server.SetFault(createKey, openaitest.Fault{})
					server.Update(func(*openaitest.Organization) {}) // created keys read from now on
					answer, err = d.IssueCredential(t.Context(), newKeyRequest("svc-1", to))
					if len(made) > 0 {
						require.Equal(t, codes.AlreadyExists, status.Code(err), err)
						requireMessage(t, err, made[0].ID)
					} else {
						require.NoError(t, err)
						require.Contains(t, to.connect(t, answer.GetEncryptedData()[0]), valuePart)
					}
					require.Len(t, issuedKeys(server), 1)
				})
			}
		}
	}
}

func writesOf(server *openaitest.Server, route string) []string {
	var sent []string
	for _, write := range writes(server) {
		if write == route {
			sent = append(sent, write)
		}
	}
	return sent
}

// requireKeyReported checks that an error says what has become of the key.
func requireKeyReported(t *testing.T, err error, made []openaitest.ProjectAPIKey, fault openaitest.Fault, mayGo bool) {
	t.Helper()
	requireMessage(t, err)
	text := err.Error()
	isMade := fault.AfterEffect || fault.Reset || fault.Truncate
	tellsID := strings.Contains(fault.Body, firstKeyID) && !strings.Contains(fault.Body, "[") // all fields except the value can be read
	if !tellsID {
		require.Contains(t, text, createKey)
	}
	// After an answer that says that nothing was done, the connector does not search for a key. The next request does.
	saysNothingDone := fault.Status == http.StatusUnauthorized || fault.Status == http.StatusForbidden || fault.Status == http.StatusTooManyRequests ||
		fault.Code == "insufficient_quota"
	switch {
	case !isMade && !tellsID, saysNothingDone:
		require.NotContains(t, text, firstKeyID)
	case strings.Contains(text, "is deleted again"):
		require.True(t, mayGo)
		require.Empty(t, made)
		require.Contains(t, text, "the key "+firstKeyID+" was made and is deleted again: ask for another one")
		require.Equal(t, codes.Aborted, status.Code(err))
	case strings.Contains(text, firstKeyID):
		require.False(t, mayGo && isMade)
		require.Equal(t, isMade, len(made) == 1)
		require.Contains(t, text, "the key "+firstKeyID+" was made, nobody has its value, and it could not be deleted: delete its service account")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	default:
		// The key does not show within the connector's waits, or the connector searches only once after a refusal.
		require.Len(t, made, 1)
	}
}

// If a key does not show in time after its answer was lost, the error has its name.
func TestLostKeyThatDoesNotShow(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.WriteLag = 1000
	server.SetFault(createKey, openaitest.Fault{Drop: true, AfterEffect: true})
	d := connect(t, server)
	_, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", newRecipient(t)))
	require.Equal(t, codes.Aborted, status.Code(err), err)
	requireMessage(t, err, "issuing an API key for the service account svc-1: OpenAI may have made one all the same", "delete the key named "+keyName, "status.openai.com")
	require.Less(t, len(server.Requests()), 12)
}

// A key that is issued and does not show yet is returned as in its answer.
func TestIssuedKeyThatDoesNotShow(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.WriteLag = 1000
	d, to := connect(t, server), newRecipient(t)
	answer, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", to))
	require.NoError(t, err)
	require.Equal(t, firstKeyValue, to.connect(t, answer.GetEncryptedData()[0]))
	require.Equal(t, firstKeyID, answer.GetSecret().GetId().GetResource())
	require.Equal(t, keyName, answer.GetSecret().GetDisplayName())
	require.Equal(t, "project:alpha", id(answer.GetSecret().GetParentResourceId()))
	require.NotEmpty(t, d.logs.FilterMessage(notShownYet).All())
}

// Keys are found at any place of a long list.
func TestKeyAmongMany(t *testing.T) {
	t.Parallel()
	many := func(o *openaitest.Organization) {
		p := &o.Projects[0]
		for i := range 250 {
			p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{ID: fmt.Sprintf("key-%03d", i), OwnerType: "user", OwnerID: "ann"})
		}
	}
	server := newServer(many)
	server.ServiceAccountKeysMayGo = true
	server.SetFault(createKey, openaitest.Fault{Drop: true, AfterEffect: true})
	d := connect(t, server)
	_, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", newRecipient(t)))
	requireMessage(t, err, firstKeyID+" was made and is deleted again")
	require.Empty(t, issuedKeys(server))
	require.Equal(t, 4, calls(server)["GET /organization/projects/{project_id}/api_keys"], "three pages, and the last one again")
}

// A key that cannot be a resource is deleted as soon as OpenAI shows it.
func TestKeyThatIsNoResource(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1_025)
	for _, mayGo := range []bool{true, false} {
		server := newServer()
		server.ServiceAccountKeysMayGo = mayGo
		server.SetFault(createKey, openaitest.Fault{Body: `{"id":"` + long + `","value":"` + firstKeyValue + `"}`})
		server.OnRequest = func(r openaitest.Request) {
			if r.Route == createKey {
				server.Update(withIssuedKey(0, long, "svc-1"))
			}
		}
		d := connect(t, server)
		answer, err := d.IssueCredential(t.Context(), newKeyRequest("svc-1", newRecipient(t)))
		d.requireNoValue(t, answer, err)
		requireMessage(t, err, long, "has 1025 bytes, and 1024 can be stored")
		require.Equal(t, !mayGo, len(issuedKeys(server)) == 1)
	}
}

// The connector searches for the created key also after the caller has gone.
func TestKeyOfARequestCancelledBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountKeysMayGo = true
	ctx, cancel := context.WithCancel(t.Context())
	server.SetFault(createKey, openaitest.Fault{Drop: true})
	d := connect(t, server)
	server.OnRequest = func(r openaitest.Request) {
		if r.Route == createKey {
			server.Update(withIssuedKey(0, firstKeyID, "svc-1"))
			cancel()
		}
	}
	_, err := d.issueDirectly(ctx)
	require.Equal(t, codes.Aborted, status.Code(err), err)
	requireMessage(t, err, "the key "+firstKeyID+" was made and is deleted again", "context canceled")
	require.Empty(t, issuedKeys(server))
}

// The same if the answer has arrived after the caller has gone.
func TestKeyOfARequestCancelledAfterTheAnswer(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountKeysMayGo = true
	ctx, cancel := context.WithCancel(t.Context())
	d := connect(t, server)
	server.OnRequest = func(openaitest.Request) {
		if len(issuedKeys(server)) > 0 {
			cancel()
		}
	}
	_, err := d.issueDirectly(ctx)
	require.Equal(t, codes.Aborted, status.Code(err), err)
	requireMessage(t, err, "the key "+firstKeyID+" was made and is deleted again", "nobody waits for it any more")
	require.Empty(t, issuedKeys(server))
}
