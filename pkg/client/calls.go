package client

import (
	"net/http"
	"sync/atomic"
)

// organizationHeader names the key's organization in answers of the API. It is not documented for the Admin API.
const organizationHeader = "Openai-Organization"

// organization is what the last answer with the header said.
type organization struct{ name atomic.Pointer[string] }

func (o *organization) note(header http.Header) {
	if name := header.Get(organizationHeader); name != "" {
		o.name.Store(&name)
	}
}

// Calls is how many requests were sent so far.
func (c *Client) Calls() int64 { return c.calls.Load() }

// Organization is what the API last called the organization of the key, "" if it did not.
func (c *Client) Organization() string {
	if name := c.organization.name.Load(); name != nil {
		return *name
	}
	return ""
}
