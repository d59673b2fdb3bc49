package connector

import "time"

// SetPatience replaces the waits of provisioning by these.
func (c *Connector) SetPatience(waits ...time.Duration) { c.patience = waits }
