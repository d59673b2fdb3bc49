package connector_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// read is a route that a change asks before it writes, or afterwards.
type read struct {
	name string
	do   func(context.Context, desk) error
	bend func(*openaitest.Organization)
	// want is the organization after the change.
	want openaitest.Organization

	route      string
	afterwards bool
}

// isList tells whether the route answers a list, and not one object.
func (r read) isList() bool { return !strings.HasSuffix(r.route, "}") }

// isOptional tells the question whether somebody is in a group already: adding a member twice does no harm.
func (r read) isOptional() bool {
	return strings.HasPrefix(r.name, "grant ") && r.route == "GET /organization/groups/{group_id}/users/{user_id}"
}

// way is the same for changes that go the same way: of the id of a grant, such as project:alpha:viewer:user:ann, it
// leaves out who it is and of what.
func (r read) way() string {
	verb, rest, _ := strings.Cut(r.name, " ")
	what, _, _ := strings.Cut(rest, ", ")
	if parts := strings.Split(what, ":"); len(parts) == 5 {
		what = strings.Join([]string{parts[0], parts[2], parts[3]}, ":")
	}
	return fmt.Sprintf("%s %s, %s, %t", verb, what, r.route, r.afterwards)
}

// reads are all that changes read, one of each kind.
func reads(t *testing.T) []read {
	t.Helper()
	all := changes()
	account := accountInfo(t, map[string]any{"email": "new@example.com", "projects": []any{"alpha"}})
	all["create an account"] = change{do: func(ctx context.Context, d desk) error {
		_, _, _, err := builderOf[connectorbuilder.AccountManagerLimited](ctx, d, "user").CreateAccount(ctx, account, nil)
		return err
	}}
	seen := map[string]bool{}
	var found []read
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		server := newOffice(c.bend)
		require.NoError(t, c.do(t.Context(), open(t, server)))
		written, asked := false, map[string]bool{}
		for _, request := range server.Requests() {
			written = written || request.Method != http.MethodGet
			r := read{
				name: name, do: c.do, bend: c.bend, want: server.Snapshot(),
				route: request.Route, afterwards: written,
			}
			if request.Method == http.MethodGet && !asked[request.Route] && !seen[r.way()] {
				found = append(found, r)
				seen[r.way()] = true
			}
			asked[request.Route] = true
		}
	}
	return found
}

// changeCell is a fault of what a change reads.
type changeCell struct {
	read
	apiFault
}

func (c changeCell) String() string {
	return fmt.Sprintf("%s, %s, %s", c.read.name, c.route, c.apiFault.name)
}

// changeTable is every fault of everything that a change reads.
func changeTable(t *testing.T) []changeCell {
	t.Helper()
	var cells []changeCell
	for _, r := range reads(t) {
		for _, fault := range apiFaults(elsewhere(t)) {
			cell := changeCell{r, fault}
			switch {
			case fault.fault.Cursor != "" && !r.isList():
				// One object has no cursor.
			case fault.kind == client.KindGone && !r.isList():
				// That is no fault, but the answer for what is not there.
			default:
				cells = append(cells, cell)
			}
		}
	}
	return cells
}

// changeCodes are the codes of a change that differ from those of a sync: nobody waits for what may pass, and what the
// API refuses for the state of the organization is a failed precondition.
var changeCodes = map[codes.Code]codes.Code{
	codes.Aborted: codes.Unavailable, codes.InvalidArgument: codes.FailedPrecondition, codes.AlreadyExists: codes.FailedPrecondition,
}

// maySucceed tells whether the change can be made all the same.
func (c changeCell) maySucceed() bool {
	switch {
	case c.fault.Cursor != "":
		return true // what is looked for may be on the first page
	default:
		return c.kind == client.KindGone && strings.HasPrefix(c.read.name, "grant ") // to whom is not known yet, a role can be given
	}
}

// requireEnd holds the outcome of a change to what is expected.
func (c changeCell) requireEnd(t *testing.T, err error, before openaitest.Organization, server *openaitest.Server) {
	t.Helper()
	if c.afterwards || c.isOptional() || err == nil && c.maySucceed() {
		require.NoError(t, err)
		requireState(t, c.want, server)
		return
	}
	require.Error(t, err)
	requireState(t, before, server)
	require.Empty(t, writes(server))
	requireMessage(t, err, c.says...)
	require.Contains(t, err.Error(), c.route)
	code := c.code
	if other, ok := changeCodes[code]; ok {
		code = other
	}
	switch {
	case c.fault.Status == http.StatusConflict:
		code = codes.FailedPrecondition
	case c.kind == client.KindGone:
		return // NotFound or FailedPrecondition, by what is denied
	}
	require.Equal(t, code, status.Code(err), err)
}

// Whatever goes wrong with what a change reads, nothing is concluded from it: it fails with a message that names the
// route and has changed nothing, or what was changed stays a success. An access is never reported as taken because it
// could not be read.
func TestFaultTableOfChanges(t *testing.T) {
	t.Parallel()
	cells := changeTable(t)
	require.Greater(t, len(cells), 1000)
	eachCell(t, cells, func(t *testing.T, c changeCell) {
		t.Helper()
		server := newOffice(c.bend)
		before := server.Snapshot()
		server.SetFault(c.route, c.fault)
		d := open(t, server)
		c.requireEnd(t, c.do(t.Context(), d), before, server)
	})
}
