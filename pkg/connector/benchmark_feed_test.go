//go:build bench

package connector_test

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	feedRounds, changesPerRound = 10, 10

	feedBegin = "<!-- feed and targeted syncs -->"
	feedEnd   = "<!-- end of feed and targeted syncs -->"
)

// TestBenchmarkOfFeed compares the cost of an event feed with targeted syncs to that of full syncs, with a limited API,
// and writes its part of docs/benchmarks.md. BENCH_USERS sets the sizes. The rows of the first full sync, with all
// targeted syncs compacted into it, have to be those of a new full sync.
func TestBenchmarkOfFeed(t *testing.T) { //nolint:paralleltest // nothing else may run while it measures
	table := []string{
		"| users | projects | full sync: calls | resources named | feed: calls | targeted syncs: calls | calls, full sync / changes | " +
			"full sync, limited | changes, limited | time, full sync / changes |",
		"|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, users := range sizes(t) {
		row := benchmark{users: users}.feedRow(t)
		t.Log(row)
		table = append(table, row)
	}
	const path = "../../docs/benchmarks.md"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, begun := strings.Cut(string(page), feedBegin)
	_, after, ended := strings.Cut(rest, feedEnd)
	require.True(t, begun && ended)
	part := fmt.Sprintf(feedPart, feedRounds*changesPerRound, feedRounds, strings.Join(table, "\n"))
	require.NoError(t, os.WriteFile(path, []byte(before+feedBegin+part+feedEnd+after), 0o600))
}

const feedPart = `
## What a change costs with the event feed

` + "`make bench-feed`" + ` makes %d random changes in OpenAI's own pages after a full sync: people, groups, projects and roles
are made and renamed, people and groups are put into projects, service accounts and keys are made, people are invited. The
feed is asked %d times meanwhile, and what it names is synced each time. Then the SDK's compaction puts the file of the full
sync and the parts together, and each row is held to that of a new full sync. It removes nothing, so that there are
additions and changes only: what is taken away leaves the file with the next full sync.

%s

- **calls** are those that were answered, the ones for the credentials included: one for each sync.
- **limited** is the API of the table at the top, 7 calls of a route at once and 7 a minute after that. A minute was a second;
  the times are the measured ones in minutes of the real API.
- A change in a project has everything in it read anew: each of its users once more where it has roles of its own. So in a
  small organization, with few projects, a full sync is cheaper than a hundred changes.
`

func (b benchmark) feedRow(t *testing.T) string {
	t.Helper()
	o := b.organization()
	server := &openaitest.Server{Organization: b.organization(), RateLimit: &openaitest.RateLimit{Burst: benchBurst, Interval: benchInterval}}
	patient := syncOptions{workers: benchWorkers, retryFor: 24 * time.Hour}

	began := time.Now()
	whole := runSync(t, server, patient)
	require.NoError(t, whole.err)
	wholeTook, wholeCalls := time.Since(began), answered(server)

	rng := rand.New(rand.NewPCG(uint64(b.users), 5))
	feed := followFeed(t, server, "audit_log", func(c *connector.Connector) { c.SetRetryFor(patient.retryFor) })
	files := append(make([]string, 0, 1+feedRounds), whole.save(t))
	var took time.Duration
	var named, feedCalls, syncCalls int
	for round := range feedRounds {
		for n := range changesPerRound {
			server.Update(func(o *openaitest.Organization) { addOrRename(rng, o, fmt.Sprintf("New%d", round*changesPerRound+n)) })
		}
		feed.pass(10 * time.Minute)
		server.ResetRequests()
		began := time.Now()
		targets := namedBy(feed.all(t))
		feedCalls += answered(server)
		server.ResetRequests()
		patient.targets = targets
		part := runSync(t, server, patient)
		took += time.Since(began)
		require.NoError(t, part.err)
		syncCalls += answered(server)
		named += len(targets)
		files = append(files, part.save(t))
	}

	began = time.Now()
	compacted := compact(t, files...)
	t.Logf("%d users: the compaction takes %s", b.users, time.Since(began))
	again := runSync(t, &openaitest.Server{Organization: server.Snapshot()}, syncOptions{workers: benchWorkers})
	require.NoError(t, again.err)
	requireSameRows(t, again.save(t), compacted)

	// One second stands for a minute.
	minutes := func(took time.Duration) float64 { return took.Seconds() }
	return fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %s | %.0f min | %.0f min | %s |",
		b.users, len(o.Projects), wholeCalls, named, feedCalls, syncCalls, ratio(float64(wholeCalls), float64(feedCalls+syncCalls)),
		minutes(wholeTook), minutes(took), ratio(wholeTook.Seconds(), took.Seconds()))
}

// answered counts the requests within the limit.
func answered(server *openaitest.Server) int {
	n := 0
	for _, request := range server.Requests() {
		if request.Status != http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// addOrRename makes one change that removes no row and that the audit log reports.
func addOrRename(rng *rand.Rand, o *openaitest.Organization, name string) {
	active := slices.Collect(func(yield func(*openaitest.Project) bool) {
		for i := range o.Projects {
			if o.Projects[i].Status != "archived" && !yield(&o.Projects[i]) {
				return
			}
		}
	})
	p, user, group := active[rng.IntN(len(active))], &o.Users[rng.IntN(len(o.Users))], &o.Groups[rng.IntN(len(o.Groups))]
	inProject := slices.ContainsFunc(p.Users, func(u openaitest.ProjectUser) bool { return u.UserID == user.ID })
	groupInProject := slices.ContainsFunc(p.Groups, func(g openaitest.ProjectGroup) bool { return g.GroupID == group.ID })
	switch kind := rng.IntN(10); {
	case kind == 0:
		o.Users = append(o.Users, openaitest.User{ID: "user-" + name, Name: name, Email: name + "@example.com", Role: "reader", AddedAt: now})
	case kind == 1:
		group.Name = name
	case kind == 2:
		o.Groups = append(o.Groups, openaitest.Group{ID: "group_" + name, Name: name, GroupType: "group", CreatedAt: now, MemberIDs: []string{user.ID}})
	case kind == 3:
		p.Name = name
	case kind == 4 && !inProject && user.Role == "reader" && !user.IsServiceAccount:
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: user.ID, Role: "member", AddedAt: now})
	case kind == 5 && !groupInProject && group.GroupType == "group":
		p.Groups = append(p.Groups, openaitest.ProjectGroup{GroupID: group.ID, CreatedAt: now, RoleIDs: []string{"viewer"}})
	case kind == 6:
		p.ServiceAccounts = append(p.ServiceAccounts, openaitest.ServiceAccount{ID: "svc_acct_" + name, Name: name, Role: "member", CreatedAt: now})
	case kind == 7:
		p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{
			ID: "key_" + name, Name: name, RedactedValue: "sk-proj-***wxyz", CreatedAt: now, OwnerType: "user", OwnerID: p.Users[0].UserID,
		})
	case kind == 8:
		o.Invites = append(o.Invites, openaitest.Invite{ID: "invite-" + name, Email: name + "@example.com", Role: "reader", Status: "pending", CreatedAt: now, ExpiresAt: now})
	case kind == 9:
		p.Roles = append(p.Roles, openaitest.Role{ID: "role_" + name, Name: name})
	default:
		user.Name = name
	}
}

// requireSameRows compares two files with too many rows to keep in memory.
func requireSameRows(t *testing.T, want, got string) {
	t.Helper()
	seed, balance := maphash.MakeSeed(), map[uint64]int{}
	count := func(path string, by int) {
		eachRow(t, openFile(t, path), func(_ rowsOfFile, line string) {
			row := maphash.String(seed, line)
			if balance[row] += by; balance[row] == 0 {
				delete(balance, row)
			}
		})
	}
	count(want, 1)
	require.NotEmpty(t, balance)
	count(got, -1)
	if len(balance) == 0 {
		return
	}
	show := func(path, mark string) []string {
		var found []string
		eachRow(t, openFile(t, path), func(_ rowsOfFile, line string) {
			if balance[maphash.String(seed, line)] != 0 && len(found) < 10 {
				found = append(found, mark+line)
			}
		})
		return found
	}
	require.Empty(t, slices.Concat(show(want, "-"), show(got, "+")), "- missing, + unexpected")
}
