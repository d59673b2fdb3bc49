package connector

import "time"

// SetPatience replaces the waits of provisioning by these.
func (c *Connector) SetPatience(waits ...time.Duration) { c.patience = waits }

// SetPacePatience is for how long a route may refuse every call before a call gives up.
func (c *Connector) SetPacePatience(patience time.Duration) { c.client.Patience = patience }
