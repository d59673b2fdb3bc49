package connector

import (
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
)

// SetPatience replaces the waits of provisioning by these.
func (c *Connector) SetPatience(waits ...time.Duration) { c.patience = waits }

// SetPacePatience is for how long a call is repeated before it gives up.
func (c *Connector) SetPacePatience(patience time.Duration) { c.client.Patience = patience }

// SetTimeout is for how long one attempt of a call may take.
func (c *Connector) SetTimeout(timeout time.Duration) { c.client.Timeout = timeout }

// SetFeedClock has a feed read another clock.
func SetFeedClock(feed connectorbuilder.EventFeed, now func() time.Time) {
	if known, ok := feed.(*eventFeed); ok {
		known.now = now
	}
}
