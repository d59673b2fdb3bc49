package client

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pagesUntilCircle follows the cursors that after returns for 1, 2, 3 … and returns how many are accepted before one is
// refused, at most most.
func pagesUntilCircle(after func(int) string, most int) int {
	var cursor Cursor
	for n := range most {
		next, err := cursor.advance(after(n + 1))
		if err != nil {
			return n
		}
		cursor = next
	}
	return most
}

// periodic is a sequence that repeats itself after the lead-in.
func periodic(leadIn, circle int) func(int) string {
	return func(n int) string {
		if n > leadIn {
			n = leadIn + 1 + (n-leadIn-1)%circle
		}
		return strconv.Itoa(n)
	}
}

func TestEveryCircleIsNoticed(t *testing.T) {
	t.Parallel()
	for leadIn := range 70 {
		for circle := 1; circle <= 70; circle++ {
			bound := 4 * (leadIn + circle)
			require.Less(t, pagesUntilCircle(periodic(leadIn, circle), bound), bound, "a circle of %d after %d", circle, leadIn)
		}
	}
}

func TestAnyLargeCircleIsNoticed(t *testing.T) {
	t.Parallel()
	noticed := func(leadIn, circle uint16) bool {
		lead, length := int(leadIn%4000), int(circle%4000)+1
		bound := 4 * (lead + length)
		accepted := pagesUntilCircle(periodic(lead, length), bound)
		// The pages before the end of the first cycle differ.
		return accepted < bound && accepted >= lead+length
	}
	require.NoError(t, quick.Check(noticed, nil))
}

func TestDifferentPagesAreNoCircle(t *testing.T) {
	t.Parallel()
	const most = 5000
	assert.Equal(t, most, pagesUntilCircle(strconv.Itoa, most))
}

func TestCursorIsTextBetweenPages(t *testing.T) {
	t.Parallel()
	var cursor Cursor
	for n := range 40 {
		next, err := cursor.advance("+/\u2028<é>" + strconv.Itoa(n))
		require.NoError(t, err)
		text, err := json.Marshal(next)
		require.NoError(t, err)
		cursor = Cursor{}
		require.NoError(t, json.Unmarshal(text, &cursor))
		require.Equal(t, next, cursor)
	}
	text, err := json.Marshal(Cursor{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(text))
}

// FuzzPage decodes any body of a list after any cursor: the result is an error, or a page with ids in all rows and a
// next cursor that leads on.
func FuzzPage(f *testing.F) {
	bodies := []string{
		`{"data":[],"has_more":false}`,
		`{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":"b","next":"n"}`,
		`{"data":[{"id":"a"}],"has_more":true,"last_id":null,"next":null}`,
		`{"data":[],"has_more":true,"last_id":"after","next":"mark"}`,
		`{"data":[null],"has_more":false}`,
		`{"data":[{"id":"a","added_at":1.5e300,"user":null,"is_scim_managed":null}],"has_more":false}`,
		`{"data":null}`, `null`, `[]`, `"`, ``, "\xff", `{"DATA":[{"ID":"a"}],"Has_More":false}`,
	}
	for _, body := range bodies {
		f.Add([]byte(body), "", "", 0, 0)
		f.Add([]byte(body), "after", "mark", 1, 2)
		f.Add([]byte(body), "after", "", -1, math.MaxInt)
	}
	f.Fuzz(func(t *testing.T, body []byte, after, mark string, steps, power int) {
		t.Parallel()
		var list envelope[User]
		if _, err := decode(body, &list); err != nil {
			return
		}
		cursor := Cursor{After: after, Mark: mark, Steps: steps, Power: power}
		for _, d := range []dialect{lastID100, next1000, next100} {
			page, err := list.page(d, cursor)
			if err != nil {
				assert.Empty(t, page.Items)
				assert.True(t, page.Next.IsZero())
				continue
			}
			require.NotNil(t, list.HasMore)
			assert.Equal(t, *list.HasMore, !page.Next.IsZero())
			assert.Len(t, page.Items, len(list.Data))
			for _, user := range page.Items {
				assert.NotEmpty(t, user.ID)
			}
			if *list.HasMore {
				assert.NotEqual(t, after, page.Next.After)
				assert.NotEqual(t, mark, page.Next.After)
			}
		}
	})
}
