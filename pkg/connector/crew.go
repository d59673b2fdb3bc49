package connector

import (
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
)

// crew knows which of the types that ask for their grants are through, and how many lanes there are, so that lanes can be
// divided for the workers that become free. It is a hint and no part of the truth: a sync that goes on in another process
// begins without it, and is divided less.
type crew struct {
	scope scope

	mu     sync.Mutex
	syncID string
	// left is how many resources of each type have not given all of their grants.
	left map[string]int
	// lanes is how many lanes all of the types have.
	lanes int
}

// crewTypes are the types that ask for their grants.
var crewTypes = []*v2.ResourceType{resourceTypeUser, resourceTypeGroup, resourceTypeProject}

func (c *crew) begin(syncID string, resourceType *v2.ResourceType, rows, lanes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.syncID != syncID {
		c.syncID, c.left, c.lanes = syncID, map[string]int{}, 0
	}
	c.left[resourceType.GetId()] = rows
	c.lanes += lanes
}

// divided says that there are more lanes; a lane that has ended is one less.
func (c *crew) divided(syncID string, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.syncID == syncID {
		c.lanes += more
	}
}

// hire takes a worker for one more lane, if there is one without. Until all types have begun, nobody is free.
func (c *crew) hire(syncID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.syncID != syncID || c.lanes >= typeLanes*len(crewTypes) {
		return false
	}
	for _, resourceType := range crewTypes {
		if _, begun := c.left[resourceType.GetId()]; !begun && c.scope.includes(resourceType) {
			return false
		}
	}
	c.lanes++
	return true
}

// through says that some of a type's resources have given all of their grants.
func (c *crew) through(syncID string, resourceType *v2.ResourceType, rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, begun := c.left[resourceType.GetId()]; begun && c.syncID == syncID {
		c.left[resourceType.GetId()] -= rows
	}
}

// isAlone tells whether all of the other types are through, those included that the sync leaves out.
func (c *crew) isAlone(syncID string, resourceType *v2.ResourceType) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, other := range crewTypes {
		left, begun := c.left[other.GetId()]
		through := !c.scope.includes(other) || begun && c.syncID == syncID && left <= 0
		if other != resourceType && !through {
			return false
		}
	}
	return true
}

// mostPieces is into how many pieces a lane is divided when its type is the last one: so many that the last of them end
// at nearly the same time.
const mostPieces = 64

// divide gives what goes on in the lane, and what has become lanes beside it: once the type is the only one, workers take
// small pieces, and parts of large resources. Before, more lanes than workers would let one type take another one's.
func (t laneToken) divide(alone bool) (laneToken, []laneToken) {
	var beside []laneToken
	if left := t.End - t.Row - 1; alone && !t.Divided && left > 0 {
		first, n := t.Row+1, min(mostPieces, left)
		for i := range n {
			rows := t.End - first
			beside = append(beside, laneToken{Row: first + i*rows/n, End: first + (i+1)*rows/n, Divided: true})
		}
		t.End, t.Divided = first, true
	}
	few := manyHolders
	if alone {
		few = fewHolders
	}
	few = max(few, len(t.Holders)/mostParts+1)
	for len(t.Holders) > few {
		cut := len(t.Holders) - few
		beside = append(beside, laneToken{Row: t.Row, End: t.Row + 1, Divided: t.Divided, Part: true, Step: stepRoles, Holders: t.Holders[cut:]})
		t.Holders = t.Holders[:cut]
	}
	return t, beside
}

// halve gives what goes on in the lane, and a lane beside it with half of the resources that are left, or else of the
// holders; false if neither is worth it.
func (t laneToken) halve() (laneToken, laneToken, bool) {
	left := t.End - t.Row - 1
	switch {
	case left > 0:
		first := t.End - (left+1)/2
		beside := laneToken{Row: first, End: t.End, Divided: t.Divided}
		t.End = first
		return t, beside, true
	case len(t.Holders) > fewHolders:
		cut := (len(t.Holders) + 1) / 2
		beside := laneToken{Row: t.Row, End: t.Row + 1, Divided: t.Divided, Part: true, Step: stepRoles, Holders: t.Holders[cut:]}
		t.Holders = t.Holders[:cut]
		return t, beside, true
	default:
		return t, laneToken{}, false
	}
}

const (
	// fewHolders is how many principals are not worth a part of their own.
	fewHolders = 4
	// manyHolders is how many a page token may name, whoever is free: each page passes them on.
	manyHolders = 250
	// mostParts keeps what one page leads to below the 1,024 tokens that the SDK takes.
	mostParts = 500
)
