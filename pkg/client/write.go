package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// post sends the body to the route and decodes the answer into out. If out is nil, the body of the answer is ignored: the API
// answers with the object, with a confirmation or with nothing.
func (c *Client) post(ctx context.Context, route Route, ids []string, body, out any) error {
	return c.send(ctx, call{method: http.MethodPost, route: route, ids: ids, body: body, out: out})
}

// change sends a change of an existing object and returns the fields of the object that the answer has: some answers have
// only a part of them, some none.
func change[T any](ctx context.Context, c *Client, route Route, ids []string, body any) (T, error) {
	var raw json.RawMessage
	var object T
	err := c.send(ctx, call{method: http.MethodPost, route: route, ids: ids, body: body, raw: &raw})
	if err == nil {
		_ = json.Unmarshal(raw, &object)
	}
	return object, err
}

// remove sends DELETE to the route. The answer may be empty. It is an error if it says that nothing was deleted.
func (c *Client) remove(ctx context.Context, route Route, ids ...string) error {
	var raw json.RawMessage
	deletion := call{method: http.MethodDelete, route: route, ids: ids, raw: &raw}
	if err := c.send(ctx, deletion); err != nil {
		return err
	}
	var answered struct {
		Deleted *bool `json:"deleted"`
	}
	if json.Unmarshal(raw, &answered) == nil && answered.Deleted != nil && !*answered.Deleted {
		return c.newError(deletion).because(KindNotDone, errNotDeleted)
	}
	return nil
}

var errNotDeleted = errors.New("the answer says that nothing was deleted")
