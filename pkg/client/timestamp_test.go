package client_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

func TestTimestamp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, json string
		// want is RFC 3339, "" for no time.
		want string
	}{
		{"null", `null`, ""},
		{"zero", `0`, ""},
		{"minus zero", `-0`, ""},
		{"negative", `-1`, ""},
		{"negative fraction", `-0.5`, ""},
		{"huge negative", `-1e300`, ""},
		{"part of the first second", `0.9`, ""},
		{"first second", `1`, "1970-01-01T00:00:01Z"},
		{"integer", `1760000000`, "2025-10-09T08:53:20Z"},
		{"fraction", `1760000000.999`, "2025-10-09T08:53:20Z"},
		{"fraction that is none", `1760000000.0`, "2025-10-09T08:53:20Z"},
		{"exponent", `1.76e9`, "2025-10-09T08:53:20Z"},
		{"the last second of the year 9999", `253402300799`, "9999-12-31T23:59:59Z"},
		{"the year 10000", `253402300800`, ""},
		{"milliseconds", `1760000000000`, ""},
		{"huge", `1e300`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timestamp := client.Timestamp(7)
			if tt.json == "null" {
				timestamp = 0
			}
			require.NoError(t, json.Unmarshal([]byte(tt.json), &timestamp))
			got, isSet := timestamp.Time()
			assert.Equal(t, tt.want != "", isSet)
			if isSet {
				assert.Equal(t, tt.want, got.Format(time.RFC3339Nano))
				assert.Equal(t, time.UTC, got.Location())
			}
		})
	}
}

func TestTimestampThatIsNoNumberIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"1760000000"`, `""`, `true`, `{}`, `[1]`, `1e999`} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var timestamp client.Timestamp
			require.Error(t, json.Unmarshal([]byte(text), &timestamp))
			assert.Zero(t, timestamp)

			c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"user-1","added_at":`+text+`}],"has_more":false}`)))
			_, err := c.ListUsers(t.Context(), client.Cursor{})
			requireCode(t, codes.Internal, err)
		})
	}
}

func TestTimestampThatIsMissing(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"user-1"}],"has_more":false}`)))
	page, err := c.ListUsers(t.Context(), client.Cursor{})
	require.NoError(t, err)
	_, isSet := page.Items[0].AddedAt.Time()
	assert.False(t, isSet)
}

// FuzzTimestamp decodes any time: the result is an error, nothing, or a time that RFC 3339 can express.
func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{`null`, `0`, `-1`, `1`, `1760000000.5`, `253402300799.9`, `1e300`, `-1e300`, `1e-300`, `1e999`, `"1"`, `{}`, ``, `nul`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		t.Parallel()
		var timestamp client.Timestamp
		if json.Unmarshal(text, &timestamp) != nil {
			return
		}
		at, isSet := timestamp.Time()
		if !isSet {
			assert.Zero(t, timestamp)
			return
		}
		again, err := time.Parse(time.RFC3339, at.Format(time.RFC3339))
		require.NoError(t, err)
		assert.Equal(t, int64(timestamp), again.Unix())
	})
}
