package connector

import (
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
)

// SetConsistency replaces the waits of provisioning by these.
func (c *Connector) SetConsistency(waits ...time.Duration) { c.consistency = waits }

// SetActionLimit is for how long an action may take.
func (c *Connector) SetActionLimit(limit time.Duration) { c.actionLimit = limit }

// SetRetryFor is for how long a call is repeated before it gives up.
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

// ExcludingChanges counts what changes are known to be about.
func (c *Connector) ExcludingChanges() int {
	c.locks.mu.Lock()
	defer c.locks.mu.Unlock()
	return len(c.locks.subjects)
}

// SetFeedClock has a feed read another clock.
func SetFeedClock(feed connectorbuilder.EventFeed, now func() time.Time) {
	if known, ok := feed.(*eventFeed); ok {
		known.now = now
	}
}
