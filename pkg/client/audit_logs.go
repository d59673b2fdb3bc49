package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// ActorSession is the type of an actor who is a person in OpenAI's own pages; the other one is api_key.
const ActorSession = "session"

// AuditLog is an entry of the audit log. What it tells beside of people, such as their addresses, browsers and email, is
// not decoded.
type AuditLog struct {
	ID string
	// Type says what was done, such as user.added.
	Type        string
	EffectiveAt Timestamp
	// ProjectID is the project that the action was made in. Whatever an Admin API key changes is said to be in the default
	// project.
	ProjectID string
	Actor     AuditLogActor
	Details   AuditLogDetails
}

// AuditLogActor is who did it.
type AuditLogActor struct {
	// Type is session or api_key, "" if the API does not say.
	Type string
	// UserID is the person of a session.
	UserID string
}

// AuditLogDetails are what an entry tells of what was changed, as far as its type has it. What is not of the documented
// form is left out.
type AuditLogDetails struct {
	ID string
	// PrincipalID and PrincipalType are of role assignments.
	PrincipalID, PrincipalType string
	// ResourceID and ResourceType are where a role belongs.
	ResourceID, ResourceType string
}

func (a AuditLog) itemID() string { return a.ID }

// UnmarshalJSON finds the details under the name of the entry's type.
func (a *AuditLog) UnmarshalJSON(text []byte) error {
	var entry struct {
		ID          string    `json:"id"`
		Type        string    `json:"type"`
		EffectiveAt Timestamp `json:"effective_at"`
		Project     struct {
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
	if err := json.Unmarshal(text, &entry); err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	*a = AuditLog{
		ID: entry.ID, Type: entry.Type, EffectiveAt: entry.EffectiveAt, ProjectID: entry.Project.ID,
		Actor:   AuditLogActor{Type: entry.Actor.Type, UserID: entry.Actor.Session.User.ID},
		Details: auditLogDetails(fields[entry.Type]),
	}
	return nil
}

// auditLogDetails reads each field alone, so that one of another form does not hide the others. The modification of a role
// has where the role belongs one level below.
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

// AuditLogQuery chooses entries: those of the types whose time is From or later, and before Until.
type AuditLogQuery struct {
	Types       []string
	From, Until time.Time
	// Limit is how many entries a page has at most, up to 100.
	Limit int
}

// ListAuditLogs gives a page of the entries. The API promises no order; the newest have been seen to come first.
//
// GET /organization/audit_logs, https://platform.openai.com/docs/api-reference/audit-logs/list, scope api.audit_logs.read.
// An owner has to switch audit logging on before.
func (c *Client) ListAuditLogs(ctx context.Context, query AuditLogQuery, cursor Cursor) (Page[AuditLog], error) {
	// The API has been seen to ignore types that are sent without the brackets.
	return list[AuditLog](ctx, c, byLastID(query.Limit), "/organization/audit_logs", nil, url.Values{
		"event_types[]":     query.Types,
		"effective_at[gte]": {strconv.FormatInt(query.From.Unix(), 10)},
		"effective_at[lt]":  {strconv.FormatInt(query.Until.Unix(), 10)},
	}, cursor)
}
