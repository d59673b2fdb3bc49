package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// post sends the body to the route and decodes the answer into out. Without out the answer's body does not matter: the
// API answers some writes with the object, some with a confirmation, some with nothing.
func (c *Client) post(ctx context.Context, route Route, ids []string, body, out any) error {
	return c.send(ctx, call{method: http.MethodPost, route: route, ids: ids, body: body, out: out})
}

// change is post for what changes an object that is there. The answer is the object as the API now has it, as far as it can
// be read: some answers name only a part of it, some nothing.
func change[T any](ctx context.Context, c *Client, route Route, ids []string, body any) (T, error) {
	var said json.RawMessage
	var object T
	err := c.send(ctx, call{method: http.MethodPost, route: route, ids: ids, body: body, said: &said})
	if err == nil {
		_ = json.Unmarshal(said, &object)
	}
	return object, err
}

// remove sends DELETE to the route. An answer may be empty; one that says that nothing was deleted is an error.
func (c *Client) remove(ctx context.Context, route Route, ids ...string) error {
	var said json.RawMessage
	deletion := call{method: http.MethodDelete, route: route, ids: ids, said: &said}
	if err := c.send(ctx, deletion); err != nil {
		return err
	}
	var answered struct {
		Deleted *bool `json:"deleted"`
	}
	if json.Unmarshal(said, &answered) == nil && answered.Deleted != nil && !*answered.Deleted {
		return c.newError(deletion).because(KindNotDone, errNotDeleted)
	}
	return nil
}

var errNotDeleted = errors.New("the answer says that nothing was deleted")
