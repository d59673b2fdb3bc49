package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// pageToken is all that is needed to fetch a page: a sync that is resumed hands it to another process. The zero token
// is a resource's first page.
type pageToken struct {
	// Step is which of a resource's lists the page is of, where it has several.
	Step step `json:"step,omitempty"`
	// Principal is the user, service account or group whose roles are asked for.
	Principal        string `json:"principal,omitempty"`
	IsServiceAccount bool   `json:"is_service_account,omitempty"`
	// RoleKnown says that the principal's predefined role was granted from the row that named it.
	RoleKnown bool `json:"role_known,omitempty"`
	// LeftOut counts the rows of the pages before that gave no grant.
	LeftOut int `json:"left_out,omitempty"`
	// Cursor is the API's place in the list.
	Cursor client.Cursor `json:"cursor,omitzero"`
}

// step is one of a resource's lists.
type step string

const (
	stepFirst        step = ""
	stepUsers        step = "users"
	stepUserRoles    step = "user_roles"
	stepGroups       step = "groups"
	stepGroupRoles   step = "group_roles"
	stepGroupMembers step = "group_members"
)

// parsePageToken reads a token that came back from the SDK, through a file and possibly another process. The steps are
// those of the list; without any it is a single list, whose pages have no step. A token that String did not make is
// refused.
func parsePageToken(opts rs.SyncOpAttrs, steps ...step) (pageToken, error) {
	if opts.PageToken.Token == "" {
		return pageToken{}, nil
	}
	var token pageToken
	decoder := json.NewDecoder(strings.NewReader(opts.PageToken.Token))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&token); err != nil {
		return pageToken{}, errForeignPageToken
	}
	switch {
	case token.String() != opts.PageToken.Token, token == pageToken{}, token.Cursor.IsZero() && token.Cursor != client.Cursor{}:
		return pageToken{}, errForeignPageToken
	case len(steps) == 0 && token.Step != stepFirst, len(steps) > 0 && !slices.Contains(steps, token.Step):
		return pageToken{}, token.unknown()
	default:
		return token, nil
	}
}

var errForeignPageToken = refuse(codes.InvalidArgument, errors.New("the page token is not one of this connector's"))

func (t pageToken) String() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // a struct of strings, numbers and booleans always has a JSON form
	}
	return string(text)
}

// unknown is the error for a step that a builder does not have.
func (t pageToken) unknown() error {
	return refuse(codes.InvalidArgument, fmt.Errorf("the page token names an unknown step %q", t.Step))
}

// then is the result that leads to the next page, or ends the chain where there is none.
func (t pageToken) then(next client.Cursor, siblings ...pageToken) *rs.SyncOpResults {
	results := &rs.SyncOpResults{}
	if !next.IsZero() {
		t.Cursor = next
		results.NextPageToken = t.String()
	}
	if len(siblings) > 0 {
		// Siblings are pages of their own: workers fetch them at the same time, and each survives a restart.
		tokens := make([]string, 0, len(siblings))
		for _, sibling := range siblings {
			tokens = append(tokens, sibling.String())
		}
		results.Annotations = annotations.New(v2.EnqueuePageTokens_builder{PageTokens: tokens}.Build())
	}
	return results
}
