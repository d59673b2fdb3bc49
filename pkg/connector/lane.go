package connector

import (
	"context"
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The grants of a type are given for the whole type (v2.TypeScopedGrants) and not resource by resource. The SDK works
// off one queue, first in, first out: resource by resource it would come to the projects only after the last user, and
// all workers would wait for one route while the other ones lie idle. So the resources of each type, in the order in
// which they were listed (roster.go), are divided into a few lanes, each of which goes through its resources one call
// after the other. A type never has more workers than lanes, so that one whose route is slow leaves the others theirs,
// and what has to wait takes no more room than a worker. When there are fewer lanes than workers, or a type is through, the
// lanes that are left are divided further (crew.go).
//
// Where the SDK asks for one resource's grants all the same, the resource is a lane of its own.

// typeLanes is how many lanes a type begins with: the workers that the command has by default, over the types that ask
// the API for their grants.
const typeLanes = 4

// laneToken is where a lane goes on; the zero token is where a type begins.
type laneToken struct {
	// Row is the resource's place in the roster, End the place before which the lane ends.
	Row int `json:"row,omitempty"`
	End int `json:"end,omitempty"`
	// Divided says that the lane is a piece already, of those that a type is divided into when it is alone.
	Divided bool `json:"divided,omitempty"`
	// Part says that this is only a part of the resource's holders, beside the resource itself.
	Part bool `json:"part,omitempty"`

	// Step is which of the resource's lists comes next, and Cursor the place in it.
	Step   step          `json:"step,omitempty"`
	Cursor client.Cursor `json:"cursor,omitzero"`
	// LeftOut counts the rows of the list's pages before that gave no grant.
	LeftOut int `json:"left_out,omitempty"`
	// Holders are the principals whose roles are asked for one by one, the current one first.
	Holders []holder `json:"holders,omitempty"`
	// Then is where the resource goes on after them; nil if it does not.
	Then *place `json:"then,omitempty"`
}

// step is one of a resource's lists; the first one has no name.
type step string

const (
	stepFirst        step = ""
	stepUsers        step = "users"
	stepGroups       step = "groups"
	stepGroupMembers step = "group_members"
	stepGroupRoles   step = "group_roles"
	stepRoles        step = "roles"
)

// place is a page of a list that comes later.
type place struct {
	Step    step          `json:"step"`
	Cursor  client.Cursor `json:"cursor,omitzero"`
	LeftOut int           `json:"left_out,omitempty"`
}

// holder is a principal whose roles only its own assignment list tells.
type holder struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	// RowRole is the predefined role that the principal's own row named, or none; "" if the row told nothing.
	RowRole string `json:"row_role,omitempty"`
}

func (h holder) id() *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: h.Type, Resource: h.ID}.Build()
}

// lanes are the grants of a type, or of one of its resources.
type lanes[R any] struct {
	client       *client.Client
	crew         *crew
	resourceType *v2.ResourceType
	roster       roster[R]
	// page gives a page of a resource's grants.
	page func(ctx context.Context, row R, token laneToken) (rowPage, error)
	// routes are the lists of which each resource takes a page at least.
	routes []client.Route
}

// rowPage is a page of one resource's grants.
type rowPage struct {
	grants []*v2.Grant
	// asked says that the API was asked for it. Pages that it was not asked for are put together.
	asked bool
	// next is where the resource goes on; nil if its grants are all there.
	next *laneToken
}

// fullPage is how many grants without a call make a page: far below the 4 MiB that a page may have.
const fullPage = 1000

// grants gives a page of a lane.
func (l lanes[R]) grants(ctx context.Context, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	token, err := parseToken[laneToken](opts)
	if err != nil {
		return nil, nil, err
	}
	size, err := l.roster.size(ctx)
	if err != nil {
		return nil, nil, failed("listing the grants of the type "+l.resourceType.GetId(), err)
	}
	if tokenText(token) == tokenText(laneToken{}) {
		if !l.roster.single {
			return nil, l.begin(opts, size), nil
		}
		token.End = 1
	}
	if err := token.check(size); err != nil {
		return nil, nil, err
	}

	var grants []*v2.Grant
	for next := &token; ; {
		row, err := l.roster.row(ctx, next.Row)
		if err != nil {
			return nil, nil, failed("listing the grants of the type "+l.resourceType.GetId(), err)
		}
		page, err := l.page(ctx, row, *next)
		if err != nil {
			return nil, nil, err
		}
		grants = append(grants, page.grants...)
		end := next.End
		if page.next == nil && !next.Part {
			l.crew.through(opts.SyncID, l.resourceType, 1)
		}
		if next = next.after(page); next == nil {
			l.expect(opts, end, 0)
			if !l.roster.single {
				l.crew.divided(opts.SyncID, -1)
			}
			return grants, &rs.SyncOpResults{}, nil
		}
		if page.asked || len(grants) >= fullPage {
			return grants, l.goOn(opts, *next), nil
		}
	}
}

// begin gives the page before the first ones. It asks for nothing, so that no lane waits for another one.
func (l lanes[R]) begin(opts rs.SyncOpAttrs, size int) *rs.SyncOpResults {
	n := min(typeLanes, size)
	l.crew.begin(opts.SyncID, l.resourceType, size, n)
	begun := make([]laneToken, 0, n)
	for lane := range n {
		begun = append(begun, laneToken{Row: lane * size / n, End: (lane + 1) * size / n})
	}
	if n == 0 {
		return &rs.SyncOpResults{}
	}
	for _, token := range begun {
		l.expect(opts, token.End, token.End-token.Row)
	}
	return laneResults(begun[0], begun[1:])
}

// goOn leads on in a lane, which is divided where workers have become free for it.
func (l lanes[R]) goOn(opts rs.SyncOpAttrs, next laneToken) *rs.SyncOpResults {
	l.expect(opts, next.End, 0)
	next, beside := next.divide(l.crew.isAlone(opts.SyncID, l.resourceType))
	l.crew.divided(opts.SyncID, len(beside))
	if half, other, ok := next.halve(); ok && !l.roster.single && l.crew.hire(opts.SyncID) {
		next, beside = half, append(beside, other)
	}
	for _, token := range append(beside, next) {
		if !token.Part {
			l.expect(opts, token.End, token.End-token.Row)
		}
	}
	return laneResults(next, beside)
}

// expect tells how many of a lane's resources are left.
func (l lanes[R]) expect(opts rs.SyncOpAttrs, end, rows int) {
	for _, route := range l.routes {
		l.client.Expect(route, fmt.Sprintf("%s/%s/%d", opts.SyncID, l.resourceType.GetId(), end), rows)
	}
}

// check refuses a place that the roster does not have.
func (t laneToken) check(size int) error {
	if t.Row < 0 || t.Row >= t.End || t.End > size || t.LeftOut < 0 || t.Cursor.IsZero() && t.Cursor != (client.Cursor{}) {
		return errForeignPageToken
	}
	asks := t.Step == stepRoles
	if asks != (len(t.Holders) > 0) || t.Then != nil && !asks || t.Part && (!asks || t.Then != nil || t.Row+1 != t.End) {
		return errForeignPageToken
	}
	return nil
}

// after is where the lane goes on after a page: in the same resource, or with the next one; nil at the end.
func (t laneToken) after(page rowPage) *laneToken {
	if page.next != nil {
		return page.next
	}
	if t.Row+1 == t.End {
		return nil
	}
	return &laneToken{Row: t.Row + 1, End: t.End, Divided: t.Divided}
}

// at is a place in the same resource.
func (t laneToken) at(p place) *laneToken {
	return &laneToken{Row: t.Row, End: t.End, Divided: t.Divided, Part: t.Part, Step: p.Step, Cursor: p.Cursor, LeftOut: p.LeftOut}
}

// ask leads to the roles of the holders, and from there to the place, if any.
func (t laneToken) ask(holders []holder, then *place) *laneToken {
	switch {
	case len(holders) > 0:
		return &laneToken{Row: t.Row, End: t.End, Divided: t.Divided, Part: t.Part, Step: stepRoles, Holders: holders, Then: then}
	case then != nil:
		return t.at(*then)
	default:
		return nil
	}
}

// roles leads on after a page of the first holder's roles.
func (t laneToken) roles(next client.Cursor) *laneToken {
	if !next.IsZero() {
		t.Cursor = next
		return &t
	}
	return t.ask(t.Holders[1:], t.Then)
}

func laneResults(next laneToken, beside []laneToken) *rs.SyncOpResults {
	results := &rs.SyncOpResults{NextPageToken: tokenText(next)}
	if len(beside) > 0 {
		tokens := make([]string, 0, len(beside))
		for _, token := range beside {
			tokens = append(tokens, tokenText(token))
		}
		results.Annotations = annotations.New(v2.EnqueuePageTokens_builder{PageTokens: tokens}.Build())
	}
	return results
}
