package client

import (
	"net/http"
	"sync/atomic"
)

// organizationHeader is the header of the API's answers that names the organization of the key. It is not documented for the
// Admin API.
const organizationHeader = "Openai-Organization"

// organization is the organization in the last answer that had the header.
type organization struct{ name atomic.Pointer[string] }

func (o *organization) update(header http.Header) {
	if name := header.Get(organizationHeader); name != "" {
		o.name.Store(&name)
	}
}

// Organization is the organization of the key in the API's last answer that named it, "" if none did.
func (c *Client) Organization() string {
	if name := c.organization.name.Load(); name != nil {
		return *name
	}
	return ""
}
