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
// which they were listed (roster.go), are divided into as many lanes as another type's. A lane goes through its
// resources one call after the other; its beginning makes the next lane known. The queue then holds lanes of all types
// in turn, none of which is far ahead of the others: the route that takes longest is asked all the time, and what has to
// wait for it takes no more room than a worker.
//
// Where the SDK asks for one resource's grants all the same, the resource is a lane of its own.

// mostLanes is so much above any number of workers that the last lanes end at nearly the same time.
const mostLanes = 128

// laneToken is where a lane goes on; the zero token is the beginning of the first lane.
type laneToken struct {
	// Lane is the number of a lane that has not begun; the fields below are of one that has.
	Lane int `json:"lane,omitempty"`
	// Row is the resource's place in the roster, End the place before which the lane ends.
	Row int `json:"row,omitempty"`
	End int `json:"end,omitempty"`

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
	// beside are parts of the resource that go on by themselves.
	beside []laneToken
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
		return nil, nil, failed(l.doing(), err)
	}
	switch {
	case tokenText(token) == tokenText(laneToken{}) && l.roster.single:
		token.End = 1
	case token.End == 0:
		return l.begin(opts, token, size)
	}
	if err := token.check(size); err != nil {
		return nil, nil, err
	}

	var grants []*v2.Grant
	var beside []laneToken
	for next := &token; ; {
		row, err := l.roster.row(ctx, next.Row)
		if err != nil {
			return nil, nil, failed(l.doing(), err)
		}
		page, err := l.page(ctx, row, *next)
		if err != nil {
			return nil, nil, err
		}
		grants = append(grants, page.grants...)
		beside = append(beside, page.beside...)
		if next = next.after(page); next == nil {
			l.expect(opts, token.End, 0)
			return grants, laneResults("", beside), nil
		}
		if page.asked || len(grants) >= fullPage {
			l.expect(opts, next.End, next.End-next.Row)
			return grants, laneResults(tokenText(next), beside), nil
		}
	}
}

func (l lanes[R]) doing() string { return "listing the grants of the type " + l.resourceType.GetId() }

// begin gives the page before the first one of a lane. It is empty and asks for nothing, so that the lanes after it do
// not wait.
func (l lanes[R]) begin(opts rs.SyncOpAttrs, token laneToken, size int) ([]*v2.Grant, *rs.SyncOpResults, error) {
	n := min(mostLanes, size)
	if token.Lane < 0 || token.Lane > 0 && token.Lane >= n || tokenText(token) != tokenText(laneToken{Lane: token.Lane}) {
		return nil, nil, errForeignPageToken
	}
	if n == 0 {
		return nil, nil, nil
	}
	start := func(lane int) int { return lane * size / n }
	for lane := token.Lane; lane < n; lane++ {
		l.expect(opts, start(lane+1), start(lane+1)-start(lane))
	}
	var beside []laneToken
	if token.Lane+1 < n {
		beside = append(beside, laneToken{Lane: token.Lane + 1})
	}
	return nil, laneResults(tokenText(laneToken{Row: start(token.Lane), End: start(token.Lane + 1)}), beside), nil
}

// expect tells how many of a lane's resources are left.
func (l lanes[R]) expect(opts rs.SyncOpAttrs, end, rows int) {
	for _, route := range l.routes {
		l.client.Expect(route, fmt.Sprintf("%s/%s/%d", opts.SyncID, l.resourceType.GetId(), end), rows)
	}
}

// check refuses a place that the roster does not have.
func (t laneToken) check(size int) error {
	if t.Lane != 0 || t.Row < 0 || t.Row >= t.End || t.End > size || t.LeftOut < 0 || t.Cursor.IsZero() && t.Cursor != (client.Cursor{}) {
		return errForeignPageToken
	}
	if (t.Step == stepRoles) != (len(t.Holders) > 0) || t.Then != nil && len(t.Holders) == 0 {
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
	return &laneToken{Row: t.Row + 1, End: t.End}
}

// at is a place in the same resource.
func (t laneToken) at(p place) *laneToken {
	return &laneToken{Row: t.Row, End: t.End, Step: p.Step, Cursor: p.Cursor, LeftOut: p.LeftOut}
}

// maxHolders is how many principals a lane asks for one after the other; more than that are parts beside it, which other
// workers take.
const maxHolders = 10

// ask leads to the roles of the holders, and from there to the place, if any.
func (t laneToken) ask(holders []holder, then *place) (*laneToken, []laneToken) {
	if len(holders) == 0 {
		if then == nil {
			return nil, nil
		}
		return t.at(*then), nil
	}
	var beside []laneToken
	for len(holders) > maxHolders {
		cut := len(holders) - maxHolders
		beside = append(beside, laneToken{Row: t.Row, End: t.Row + 1, Step: stepRoles, Holders: holders[cut:]})
		holders = holders[:cut]
	}
	return &laneToken{Row: t.Row, End: t.End, Step: stepRoles, Holders: holders, Then: then}, beside
}

// roles leads on after a page of the first holder's roles.
func (t laneToken) roles(next client.Cursor) *laneToken {
	if !next.IsZero() {
		t.Cursor = next
		return &t
	}
	if len(t.Holders) > 1 {
		return &laneToken{Row: t.Row, End: t.End, Step: stepRoles, Holders: t.Holders[1:], Then: t.Then}
	}
	if t.Then != nil {
		return t.at(*t.Then)
	}
	return nil
}

func laneResults(next string, beside []laneToken) *rs.SyncOpResults {
	results := &rs.SyncOpResults{NextPageToken: next}
	if len(beside) > 0 {
		tokens := make([]string, 0, len(beside))
		for _, token := range beside {
			tokens = append(tokens, tokenText(token))
		}
		results.Annotations = annotations.New(v2.EnqueuePageTokens_builder{PageTokens: tokens}.Build())
	}
	return results
}
