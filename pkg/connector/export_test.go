package connector

import (
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
)

// SetConsistency sets the waits between the reads after a change.
func (c *Connector) SetConsistency(waits ...time.Duration) { c.consistency = waits }

// SetActionLimit sets the time limit of actions.
func (c *Connector) SetActionLimit(limit time.Duration) { c.actionLimit = limit }

// SetRetryFor sets how long a call is repeated.
func (c *Connector) SetRetryFor(retryFor time.Duration) { c.client.RetryFor = retryFor }

// WaitingChanges counts the changes that wait for another one.
func (c *Connector) WaitingChanges() int {
	c.locks.mu.Lock()
	defer c.locks.mu.Unlock()
	waiting := 0
	for _, same := range c.locks.subjects {
		waiting += same.count - len(same.turn)
	}
	return waiting
}

// ExcludingChanges counts the entries of the exclusion.
func (c *Connector) ExcludingChanges() int {
	c.locks.mu.Lock()
	defer c.locks.mu.Unlock()
	return len(c.locks.subjects)
}

// SetFeedClock sets the clock of a feed.
func SetFeedClock(feed connectorbuilder.EventFeed, now func() time.Time) {
	if known, ok := feed.(*eventFeed); ok {
		known.now = now
	}
}
