package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// listToken is all that is needed to fetch a page of a list: a sync that is resumed hands it to another process. The
// zero token is the first page.
type listToken struct {
	// Page counts the pages from 0.
	Page int `json:"page,omitempty"`
	// Cursor is the API's place in the list.
	Cursor client.Cursor `json:"cursor,omitzero"`
}

func parseListToken(opts rs.SyncOpAttrs) (listToken, error) {
	token, err := parseToken[listToken](opts)
	if err != nil {
		return listToken{}, err
	}
	if token.Page < 0 || (token.Page == 0) != (token.Cursor == client.Cursor{}) || token.Page > 0 && token.Cursor.IsZero() {
		return listToken{}, errForeignPageToken
	}
	return token, nil
}

// then is the result that leads to the next page, or ends the list where there is none.
func (t listToken) then(next client.Cursor) *rs.SyncOpResults {
	if next.IsZero() {
		return &rs.SyncOpResults{}
	}
	return &rs.SyncOpResults{NextPageToken: tokenText(listToken{Page: t.Page + 1, Cursor: next})}
}

// parseToken reads a token that came back from the SDK, through a file and possibly another process. One that tokenText
// did not make is refused.
func parseToken[T any](opts rs.SyncOpAttrs) (T, error) {
	var token, none T
	if opts.PageToken.Token == "" {
		return none, nil
	}
	decoder := json.NewDecoder(strings.NewReader(opts.PageToken.Token))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&token); err != nil {
		return none, errForeignPageToken
	}
	if text := tokenText(token); text != opts.PageToken.Token || text == tokenText(none) {
		return none, errForeignPageToken
	}
	return token, nil
}

var errForeignPageToken = refuse(codes.InvalidArgument, errors.New("the page token is not one of this connector's"))

func tokenText(token any) string {
	text, err := json.Marshal(token)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings, numbers and booleans always has a JSON form: %v", err))
	}
	return string(text)
}
