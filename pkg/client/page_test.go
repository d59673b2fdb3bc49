package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// dialects are one list for each of the two ways to page. cursorField is the API's field for the next page.
var dialects = []struct {
	cursorField, route string
	page               pager
}{
	{"last_id", "GET /organization/users", rows((*client.Client).ListUsers, func(u client.User) string { return u.ID })},
	{"next", "GET /organization/groups", rows((*client.Client).ListGroups, func(g client.Group) string { return g.ID })},
}

func TestPageNamesTheNextOne(t *testing.T) {
	t.Parallel()
	const failed = "error"
	tests := []struct {
		name, body string
		// lastID and next are each dialect's cursor for the next page, "" for none.
		lastID, next string
		items        int
	}{
		{"nothing", `{"data":[],"has_more":false}`, "", "", 0},
		{"all of it", `{"data":[{"id":"a"},{"id":"b"}],"has_more":false}`, "", "", 2},
		{"all of it, cursors given", `{"data":[{"id":"a"}],"has_more":false,"last_id":"a","next":"n"}`, "", "", 1},
		{"both cursors", `{"data":[{"id":"a"}],"has_more":true,"last_id":"l","next":"n"}`, "l", "n", 1},
		{"only last_id", `{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":"b"}`, "b", failed, 2},
		{"only next", `{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"next":"n"}`, "b", "n", 2},
		{"last_id null", `{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":null,"next":"n"}`, "b", "n", 2},
		{"last_id empty", `{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":"","next":"n"}`, "b", "n", 2},
		{"no cursor", `{"data":[{"id":"a"}],"has_more":true}`, "a", failed, 1},
		{"next null", `{"data":[{"id":"a"}],"has_more":true,"next":null}`, "a", failed, 1},
		{"next empty", `{"data":[{"id":"a"}],"has_more":true,"next":""}`, "a", failed, 1},
		{"no rows, but more", `{"data":[],"has_more":true,"last_id":"l","next":"n"}`, "l", "n", 0},
		{"no rows, more, no cursor", `{"data":[],"has_more":true,"last_id":null,"next":null}`, failed, failed, 0},
		{"unknown fields", `{"object":"list","data":[{"id":"a","new":{}}],"has_more":false,"total":[1]}`, "", "", 1},
		{"has_more missing", `{"data":[{"id":"a"}],"last_id":"a","next":"n"}`, failed, failed, 0},
		{"has_more null", `{"data":[{"id":"a"}],"has_more":null}`, failed, failed, 0},
		{"has_more a string", `{"data":[{"id":"a"}],"has_more":"false"}`, failed, failed, 0},
		{"data missing", `{"has_more":false}`, failed, failed, 0},
		{"data null", `{"data":null,"has_more":false}`, failed, failed, 0},
		{"data an object", `{"data":{"id":"a"},"has_more":false}`, failed, failed, 0},
		{"a row without id", `{"data":[{"id":"a"},{"name":"b"}],"has_more":false}`, failed, failed, 0},
		{"a row with id null", `{"data":[{"id":null}],"has_more":false}`, failed, failed, 0},
		{"a row with empty id", `{"data":[{"id":""}],"has_more":false}`, failed, failed, 0},
		{"a row with a number for id", `{"data":[{"id":7}],"has_more":false}`, failed, failed, 0},
		{"a null row", `{"data":[{"id":"a"},null],"has_more":false}`, failed, failed, 0},
		{"a row that is none", `{"data":["a"],"has_more":false}`, failed, failed, 0},
		{"a bare array", `[{"id":"a"}]`, failed, failed, 0},
		{"null", `null`, failed, failed, 0},
		{"a sentence", `"ok"`, failed, failed, 0},
		{"another object", `{"status":"ok"}`, failed, failed, 0},
		{"a cursor that is a number", `{"data":[{"id":"a"}],"has_more":true,"last_id":7,"next":7}`, failed, failed, 0},
	}
	for _, d := range dialects {
		for _, tt := range tests {
			t.Run(d.cursorField+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				want := tt.next
				if d.cursorField == "last_id" {
					want = tt.lastID
				}
				c := newClient(t, start(t, answer(http.StatusOK, tt.body)))

				ids, next, err := d.page(t.Context(), c, client.Cursor{})
				if want == failed {
					requireCode(t, codes.Internal, err)
					assert.Equal(t, d.route, failureOf(t, err).Method+" "+failureOf(t, err).Route)
					assert.Empty(t, ids, "a short page is not the truth")
					assert.True(t, next.IsZero())
					return
				}
				require.NoError(t, err)
				assert.Len(t, ids, tt.items)
				assert.Equal(t, want, next.After)
				assert.Equal(t, want == "", next.IsZero())
			})
		}
	}
}

func TestProjectGroupsHaveNoIDButGroupID(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"group_id":"group_1","group_name":"A"}],"has_more":true,"next":null}`)))
	_, err := c.ListProjectGroups(t.Context(), "proj_1", client.Cursor{})
	requireCode(t, codes.Internal, err)
	require.ErrorContains(t, err, "no next page")

	c = newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"group_1"}],"has_more":false}`)))
	_, err = c.ListProjectGroups(t.Context(), "proj_1", client.Cursor{})
	requireCode(t, codes.Internal, err)
}

func TestCursorIsSentBackAsItCame(t *testing.T) {
	t.Parallel()
	cursors := []string{"+/a==", "a b", "a&limit=1", "a=b;c", "a%2Fb", "a?b#c", "é漢🗝", "\u2028<>", `"\`, "\x00\x7f", strings.Repeat("x", 4096)}
	for _, d := range dialects {
		for _, cursor := range cursors {
			t.Run(d.cursorField+"/"+strconv.QuoteToASCII(cursor[:min(len(cursor), 20)]), func(t *testing.T) {
				t.Parallel()
				body, err := json.Marshal(map[string]any{"data": []any{}, "has_more": true, d.cursorField: cursor})
				require.NoError(t, err)
				seen := &recorder{Handler: answer(http.StatusOK, string(body))}
				c := newClient(t, start(t, seen))

				_, next, err := d.page(t.Context(), c, client.Cursor{})
				require.NoError(t, err)
				_, _, err = d.page(t.Context(), c, next)
				requireCode(t, codes.Internal, err)

				require.Len(t, seen.requests(), 2)
				query := seen.requests()[1].URL.Query()
				assert.Equal(t, []string{cursor}, query["after"])
				assert.Len(t, query, 2)
			})
		}
	}
}

func TestConcealedLastIDIsTheLastRow(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(3, openaitest.Size{Users: 250})
	standIn := &openaitest.Server{Organization: organization, Faults: map[string]openaitest.Fault{"*": {ConcealLastID: true}}}
	c := newClient(t, start(t, standIn))
	var ids []string
	for cursor, pages := (client.Cursor{}), 0; pages == 0 || !cursor.IsZero(); pages++ {
		page, err := c.ListUsers(t.Context(), cursor)
		require.NoError(t, err)
		for _, user := range page.Items {
			ids = append(ids, user.ID)
		}
		cursor = page.Next
	}
	assertSameIDs(t, each(organization.Users, func(u openaitest.User) string { return u.ID }), ids)
	assert.Len(t, standIn.Requests(), 3)
}

func TestFaultyCursorsOfTheStandInEndTheWalk(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		for _, fault := range []openaitest.CursorFault{openaitest.CursorEmpty, openaitest.CursorRepeated, openaitest.CursorCircular} {
			t.Run(d.cursorField+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				standIn := &openaitest.Server{
					Organization: openaitest.Seeded(5, openaitest.Size{Users: 300, Groups: 2500}),
					Faults:       map[string]openaitest.Fault{d.route: {Cursor: fault}},
				}
				c := newClient(t, start(t, standIn))
				if fault == openaitest.CursorEmpty && d.cursorField == "last_id" {
					// An empty last_id is replaced by the last row's id, so the walk fails only after the last page.
					standIn.Update(func(o *openaitest.Organization) { o.Users = nil })
				}
				assertWalkFails(t, c, d.page, 10)
			})
		}
	}
}

// assertWalkFails walks until an error; most bounds the requests.
func assertWalkFails(t *testing.T, c *client.Client, page pager, most int) {
	t.Helper()
	var cursor client.Cursor
	for range most {
		_, next, err := page(t.Context(), c, cursor)
		if err != nil {
			requireCode(t, codes.Internal, err)
			return
		}
		require.False(t, next.IsZero(), "the walk ends as if all had been read")
		// Between two pages, the SDK keeps the cursor as text.
		text, err := json.Marshal(next)
		require.NoError(t, err)
		cursor = client.Cursor{}
		require.NoError(t, json.Unmarshal(text, &cursor))
		require.Equal(t, next, cursor)
	}
	assert.Fail(t, "no error", "after %d pages", most)
}

func TestCircleOfPagesIsAnError(t *testing.T) {
	t.Parallel()
	tests := []struct{ leadIn, circle int }{{0, 1}, {1, 1}, {5, 1}, {0, 2}, {1, 2}, {0, 3}, {2, 3}, {4, 7}, {9, 7}, {0, 64}}
	for _, d := range dialects {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%d after %d", d.cursorField, tt.circle, tt.leadIn), func(t *testing.T) {
				t.Parallel()
				c := newClient(t, start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					page, _ := strconv.Atoi(r.URL.Query().Get("after"))
					page++
					if page > tt.leadIn+tt.circle {
						page = tt.leadIn + 1
					}
					answer(http.StatusOK, fmt.Sprintf(`{"data":[{"id":"a"}],"has_more":true,%q:"%d"}`, d.cursorField, page))(w, r)
				})))
				assertWalkFails(t, c, d.page, 4*(tt.leadIn+tt.circle)+2)
			})
		}
	}
}

// If the row before the next page is gone, the list begins again. From then on each row comes once, and the page says
// that earlier rows are to be dropped.
func TestListBeginsAgainWhereItsPlaceIsGone(t *testing.T) {
	t.Parallel()
	organization := manyPages()
	for _, l := range listings(organization.Projects[0].ID, organization.Groups[0].ID, organization.Users[0].ID) {
		for _, statusCode := range []int{http.StatusBadRequest, http.StatusNotFound} {
			t.Run(fmt.Sprintf("%s, %d", l.name, statusCode), func(t *testing.T) {
				t.Parallel()
				gone := openaitest.Fault{Cursor: openaitest.CursorGone, Status: statusCode, After: 1, Times: 1}
				standIn := &openaitest.Server{Organization: organization, Faults: map[string]openaitest.Fault{"*": gone}}
				c := newClient(t, start(t, standIn))
				var ids []string
				again := 0
				for cursor, pages := (client.Cursor{}), 0; pages == 0 || !cursor.IsZero(); pages++ {
					found, next, err := l.page(t.Context(), c, cursor)
					require.NoError(t, err)
					if next.Again > cursor.Again {
						again++
						ids = nil
					}
					ids = append(ids, found...)
					cursor = next
				}
				require.Equal(t, 1, again)
				snapshot := standIn.Snapshot()
				assertSameIDs(t, l.want(&snapshot), ids)
			})
		}
	}
}

// The same with a deleted row, in both ways to page. The page says that it is the first one again.
func TestRowThatAPageBeginsAfterIsDeleted(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Seeded(4, openaitest.Size{Users: 250, Groups: 1_500})}
	c := newClient(t, start(t, standIn))
	users, err := c.ListUsers(t.Context(), client.Cursor{})
	require.NoError(t, err)
	groups, err := c.ListGroups(t.Context(), client.Cursor{})
	require.NoError(t, err)
	standIn.Update(func(o *openaitest.Organization) {
		o.Users = slices.Delete(o.Users, 99, 100)
		o.Groups = slices.Delete(o.Groups, 999, 1_000)
	})
	users, err = c.ListUsers(t.Context(), users.Next)
	require.NoError(t, err)
	require.True(t, users.Again)
	groups, err = c.ListGroups(t.Context(), groups.Next)
	require.NoError(t, err)
	require.True(t, groups.Again)
	left := standIn.Snapshot()
	assertSameIDs(t, each(left.Users[:100], func(u openaitest.User) string { return u.ID }), each(users.Items, func(u client.User) string { return u.ID }))
	assertSameIDs(t, each(left.Groups[:1_000], func(g openaitest.Group) string { return g.ID }), each(groups.Items, func(g client.Group) string { return g.ID }))
}

// A list begins again twice in a run. After that, a missing row is an error. The next run of a sync may begin it again
// twice.
func TestListBeginsAgainTwice(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.cursorField, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{
				Organization: openaitest.Seeded(5, openaitest.Size{Users: 300, Groups: 2500}),
				Faults:       map[string]openaitest.Fault{d.route: {Cursor: openaitest.CursorGone}},
			}
			c := newClient(t, start(t, standIn))
			var cursor client.Cursor
			for _, run := range []struct{ number, requests int }{{1, 6}, {2, 5}} {
				standIn.ResetRequests()
				ctx := client.WithRun(t.Context(), run.number)
				for {
					_, next, err := d.page(ctx, c, cursor)
					if err != nil {
						require.Equal(t, client.KindCursorGone, client.KindOf(err), err)
						requireCode(t, codes.FailedPrecondition, err)
						break
					}
					require.False(t, next.IsZero(), "the walk ends as if all had been read")
					cursor = next
				}
				require.Len(t, standIn.Requests(), run.requests)
			}
		})
	}
}
