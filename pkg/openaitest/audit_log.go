package openaitest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const auditLogFamily = "audit_logs"

var auditLogRoutes = []route{
	{"GET /organization/audit_logs", auditLogFamily, slices.Concat(lastIDQuery, auditLogQuery), (*Server).listAuditLogsLocked},
}

// The query parameters that filter entries.
var (
	effectiveAtQuery = []string{"effective_at[gt]", "effective_at[gte]", "effective_at[lt]", "effective_at[lte]"}
	auditLogQuery    = append([]string{"event_types[]", "project_ids[]", "actor_ids[]", "actor_emails[]", "resource_ids[]", "tenant_only"}, effectiveAtQuery...)
)

// AuditLog is the audit log of the organization. Changes by requests and by [Server.Update] make entries, as far as the API has a
// type for them. [Server.Record] adds other entries.
type AuditLog struct {
	// Entries are all entries, in the order of recording.
	Entries []AuditLogEntry

	// Off is the status, 403 or 404, of the list if audit logging is off. Nothing is recorded then.
	Off int
	// Lag is the time after which an entry is served.
	Lag time.Duration
	// LateBy is the additional lag of every LateEvery-th entry.
	LateEvery int
	LateBy    time.Duration
	// NamesProjects gives entries of an admin key the project of the change. By the documentation they have the default project.
	NamesProjects bool
	// OldestFirst reverses the order. The API promises none.
	OldestFirst bool
}

// AuditLogEntry is a row of GET /organization/audit_logs.
type AuditLogEntry struct {
	// [Server.Record] sets ID and EffectiveAt if they are zero.
	ID, Type    string
	EffectiveAt int64
	// ProjectID is the project of the entry; empty means none.
	ProjectID string
	Actor     AuditLogActor
	// Details are the value of the field that has the name of the type.
	Details map[string]any
	JSON    Fields
}

// AuditLogActor is a user in a session of OpenAI's web pages or, with KeyID, a key of that user.
type AuditLogActor struct{ UserID, KeyID string }

// Record adds entries to the audit log.
func (s *Server) Record(entries ...AuditLogEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, entry := range entries {
		s.recordLocked(entry)
	}
}

func (s *Server) recordLocked(entry AuditLogEntry) {
	log := &s.AuditLog
	if log.Off != 0 {
		return
	}
	entry.ID = cmp.Or(entry.ID, fmt.Sprintf("audit_log-Made%012d", len(log.Entries)+1))
	entry.EffectiveAt = cmp.Or(entry.EffectiveAt, s.nowLocked())
	if entry.Actor.KeyID != "" && !log.NamesProjects {
		entry.ProjectID = ""
		if project := find(s.Organization.Projects, (*Project).isDefault); project != nil {
			entry.ProjectID = project.ID
		}
	}
	log.Entries = append(log.Entries, entry)
}

// Recorded returns a copy of all entries, served or not.
func (s *Server) Recorded() []AuditLogEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.AuditLog.Entries)
}

// listAuditLogsLocked lists the newest entry first.
func (s *Server) listAuditLogsLocked(c *call) (any, error) {
	switch s.AuditLog.Off {
	case http.StatusForbidden:
		return nil, &apiError{status: http.StatusForbidden, message: "Audit logging is not enabled for this organization."}
	case http.StatusNotFound:
		return nil, &apiError{status: http.StatusNotFound, message: "Not found"}
	}
	keep, err := auditLogFilter(c)
	if err != nil {
		return nil, err
	}
	return lister[AuditLogEntry]{
		rows:   s.servedEntriesLocked(),
		id:     func(e AuditLogEntry) string { return e.ID },
		render: s.renderAuditLogLocked,
		keep:   keep,
	}.byLastID(c)
}

// servedEntriesLocked are the entries whose lag is over.
func (s *Server) servedEntriesLocked() []AuditLogEntry {
	log := &s.AuditLog
	var served []AuditLogEntry
	for i, entry := range log.Entries {
		wait := log.Lag
		if log.LateEvery > 0 && (i+1)%log.LateEvery == 0 {
			wait += log.LateBy
		}
		if entry.EffectiveAt+int64(wait/time.Second) <= s.nowLocked() {
			served = append(served, entry)
		}
	}
	slices.SortStableFunc(served, func(a, b AuditLogEntry) int { return cmp.Compare(a.EffectiveAt, b.EffectiveAt) })
	if !log.OldestFirst {
		slices.Reverse(served)
	}
	return served
}

// auditLogFilter is the filter of the query. No entry of this server is about a tenant.
func auditLogFilter(c *call) (func(AuditLogEntry) bool, error) {
	tenantOnly, err := c.choice("tenant_only", "false", "true")
	if err != nil {
		return nil, err
	}
	for _, eventType := range c.query["event_types[]"] {
		if !slices.Contains(auditLogTypes, eventType) {
			return nil, notOneOf("event_types", eventType, auditLogTypes...)
		}
	}
	limits := map[string]int64{}
	for _, name := range effectiveAtQuery {
		if values, given := c.query[name]; given {
			if limits[name], err = strconv.ParseInt(values[0], 10, 64); err != nil {
				return nil, invalid(name, "invalid_type", "Invalid type for '%s': expected an integer, but got '%s' instead.", name, values[0])
			}
		}
	}
	among := func(param, value string) bool {
		return len(c.query[param]) == 0 || slices.Contains(c.query[param], value)
	}
	return func(e AuditLogEntry) bool {
		target, _ := e.Details["id"].(string)
		return tenantOnly == "false" && isWithin(limits, e.EffectiveAt) && among("event_types[]", e.Type) && among("project_ids[]", e.ProjectID) &&
			among("resource_ids[]", target) && (among("actor_ids[]", e.Actor.UserID) || among("actor_ids[]", e.Actor.KeyID))
	}, nil
}

func isWithin(limits map[string]int64, at int64) bool {
	for name, limit := range limits {
		within := map[string]bool{
			"effective_at[gt]": at > limit, "effective_at[gte]": at >= limit, "effective_at[lt]": at < limit, "effective_at[lte]": at <= limit,
		}
		if !within[name] {
			return false
		}
	}
	return true
}

// renderAuditLogLocked includes personal data of a session, which clients should not keep.
func (s *Server) renderAuditLogLocked(e AuditLogEntry) object {
	details := object{}
	maps.Copy(details, e.Details)
	rendered := object{"id": e.ID, "type": e.Type, "effective_at": e.EffectiveAt, "actor": s.renderAuditLogActorLocked(e.Actor), e.Type: details}
	if project := s.Organization.project(e.ProjectID); project != nil {
		rendered["project"] = object{"id": project.ID, "name": project.Name}
	} else if e.ProjectID != "" {
		rendered["project"] = object{"id": e.ProjectID, "name": e.ProjectID}
	}
	return rendered.with(e.JSON)
}

func (s *Server) renderAuditLogActorLocked(actor AuditLogActor) any {
	if actor == (AuditLogActor{}) {
		return nil
	}
	user := object{"id": actor.UserID, "email": actor.UserID + "@example.com"}
	if known := s.Organization.user(actor.UserID); known != nil && known.Email != "" {
		user["email"] = known.Email
	}
	if actor.KeyID != "" {
		return object{"type": "api_key", "api_key": object{"id": actor.KeyID, "type": typeUser, typeUser: user}}
	}
	return object{"type": "session", "session": object{
		typeUser: user, "ip_address": "203.0.113.7", "user_agent": "Browser/1.0", "ja3": "a497151ce4338a12c4418c44d375173e",
	}}
}

// auditLogTypes are the types that the filter knows, without those of tenants, tunnels and workload identities.
var auditLogTypes = []string{
	"api_key.created", "api_key.updated", "api_key.deleted",
	"certificate.created", "certificate.updated", "certificate.deleted", "certificates.activated", "certificates.deactivated",
	"checkpoint.permission.created", "checkpoint.permission.deleted", "external_key.registered", "external_key.removed",
	"group.created", "group.updated", "group.deleted", "invite.sent", "invite.accepted", "invite.deleted",
	"ip_allowlist.created", "ip_allowlist.updated", "ip_allowlist.deleted", "ip_allowlist.config.activated", "ip_allowlist.config.deactivated",
	"login.succeeded", "login.failed", "logout.succeeded", "logout.failed", "organization.updated",
	"project.created", "project.updated", "project.archived", "project.deleted", "rate_limit.updated", "rate_limit.deleted", "resource.deleted",
	"role.created", "role.updated", "role.deleted", "role.assignment.created", "role.assignment.deleted", "scim.enabled", "scim.disabled",
	"service_account.created", "service_account.updated", "service_account.deleted", "user.added", "user.updated", "user.deleted",
}
