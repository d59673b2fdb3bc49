package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"
)

// ActorSession is the type of an actor who works in OpenAI's web pages. The other type is api_key.
const ActorSession = "session"

// AuditLog is an entry of the audit log. Personal data such as IP addresses, browsers and email addresses is not decoded.
type AuditLog struct {
	ID string
	// Type is the event, such as user.added.
	Type        string
	EffectiveAt Timestamp
	// ProjectID is the project of the event. For changes by an Admin API key the API names the default project.
	ProjectID string
	Actor     AuditLogActor
	Details   AuditLogDetails
}

// AuditLogActor is the actor of an event.
type AuditLogActor struct {
	// Type is session or api_key, "" if the API does not say.
	Type string
	// UserID is the user of a session.
	UserID string
}

// AuditLogDetails name the changed object. Fields that the type lacks, or that are malformed, are empty.
type AuditLogDetails struct {
	ID string
	// PrincipalID and PrincipalType are set for role assignments.
	PrincipalID, PrincipalType string
	// ResourceID and ResourceType are the scope of a role.
	ResourceID, ResourceType string
}

func (a AuditLog) itemID() string { return a.ID }

// UnmarshalJSON reads the details from the field that has the name of the entry's type. A malformed field is empty: an error would
// stop a feed at this entry for ever.
func (a *AuditLog) UnmarshalJSON(text []byte) error {
	var entry struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Project struct {
			ID string `json:"id"`
		} `json:"project"`
		Actor struct {
			Type    string `json:"type"`
			Session struct {
				User struct {
					ID string `json:"id"`
				} `json:"user"`
			} `json:"session"`
		} `json:"actor"`
	}
	if err := json.Unmarshal(text, &entry); err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	var effectiveAt Timestamp
	_ = json.Unmarshal(fields["effective_at"], &effectiveAt)
	*a = AuditLog{
		ID: entry.ID, Type: entry.Type, EffectiveAt: effectiveAt, ProjectID: entry.Project.ID,
		Actor:   AuditLogActor{Type: entry.Actor.Type, UserID: entry.Actor.Session.User.ID},
		Details: auditLogDetails(fields[entry.Type]),
	}
	return nil
}

// auditLogDetails reads each field separately, so that a malformed one does not hide the others. A changed role has its scope
// one level below.
func auditLogDetails(text json.RawMessage) AuditLogDetails {
	var fields, changed map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return AuditLogDetails{}
	}
	details := AuditLogDetails{
		ID:          stringIn(fields["id"]),
		PrincipalID: stringIn(fields["principal_id"]), PrincipalType: stringIn(fields["principal_type"]),
		ResourceID: stringIn(fields["resource_id"]), ResourceType: stringIn(fields["resource_type"]),
	}
	if details.ResourceType == "" && json.Unmarshal(fields["changes_requested"], &changed) == nil {
		details.ResourceID, details.ResourceType = stringIn(changed["resource_id"]), stringIn(changed["resource_type"])
	}
	return details
}

// AuditLogQuery selects entries of the types, from From (inclusive) to Until (exclusive).
type AuditLogQuery struct {
	Types       []string
	From, Until time.Time
	// Limit is the page size, at most 100.
	Limit int
}

// ListAuditLogs gives a page of entries. The API promises no order; it has been seen to list the newest first.
//
// GET /organization/audit_logs, https://platform.openai.com/docs/api-reference/audit-logs/list, scope api.audit_logs.read.
// An owner of the organization has to enable audit logging first.
func (c *Client) ListAuditLogs(ctx context.Context, query AuditLogQuery, cursor Cursor) (Page[AuditLog], error) {
	// The API has been seen to ignore event_types without brackets.
	return list[AuditLog](ctx, c, byLastID(query.Limit), "/organization/audit_logs", nil, url.Values{
		"event_types[]":     query.Types,
		"effective_at[gte]": {strconv.FormatInt(query.From.Unix(), 10)},
		"effective_at[lt]":  {strconv.FormatInt(query.Until.Unix(), 10)},
	}, cursor)
}
