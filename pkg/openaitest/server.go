package openaitest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server is a stand-in for the OpenAI Admin API of one organization. Its zero value is ready for use: an empty organization that
// accepts every bearer that starts with sk-admin-. It implements [http.Handler] and serves below /v1. Set the exported fields
// before the first request, and use [Server.Update] and [Server.SetFault] later.
type Server struct {
	Organization Organization
	// AuditLog is the audit log of the organization.
	AuditLog AuditLog
	// Keys are the accepted bearer values. nil accepts every one that starts with sk-admin-.
	Keys map[string]Key

	// ListImplicitOwners lists organization owners among the users of every project, with the role owner.
	ListImplicitOwners bool
	// AdminListRepeatsProjectKeys also lists the project keys as admin keys.
	AdminListRepeatsProjectKeys bool
	// LeakKeyValues serves the secret of each admin key in the list.
	LeakKeyValues bool
	// OmitAssignmentSources omits assignment_sources in the role assignment lists.
	OmitAssignmentSources bool
	// AssignmentsOmit are fields that the rows of the role assignment lists lack, such as name and predefined_role.
	AssignmentsOmit []string
	// CapitalizedRoleNames serves the names of the predefined roles as Owner, Reader, Member and Viewer.
	CapitalizedRoleNames bool
	// RoleDisplayNames serves the display names of the predefined roles as names, such as Organization Owner and Project Member.
	RoleDisplayNames bool
	// NamelessRoles serves the predefined roles without a name.
	NamelessRoles bool
	// EmailsMatchCase makes the search for email addresses case-sensitive.
	EmailsMatchCase bool
	// OmitOptionalUserFields omits all fields of a user but object, id, name, email, role and added_at.
	OmitOptionalUserFields bool
	// GroupMembersUnavailable is the status, 403 or 404, of the routes of group members if the plan lacks them.
	GroupMembersUnavailable int

	// OmitOrganizationHeader omits the header openai-organization. Other parts of the API send it; for the Admin API it is not
	// known.
	OmitOrganizationHeader bool

	// CreatedStatus is the status of a creation: 200, or 201 as before December 2025. 0 means 200.
	CreatedStatus int
	// DeleteAnswersNoContent answers each deletion with 204 and no body.
	DeleteAnswersNoContent bool
	// WriteLag is the number of reads, of all routes, that do not see a write yet. Writes see each other at once.
	WriteLag int
	// EmptyProjectGroupsStay keeps a group in a project without roles. What the API does is not known.
	EmptyProjectGroupsStay bool
	// LastOwnerMayGo allows to demote or delete the last owner. What the API does is not documented.
	LastOwnerMayGo bool
	// ExpiredInvitesBlock refuses to invite an address that has an expired invite.
	ExpiredInvitesBlock bool
	// MembersRefuseViewer refuses the role viewer by name when a user is added to a project or modified there. The role can still
	// be assigned by id.
	MembersRefuseViewer bool
	// AssignedRolesAddUp adds an assigned predefined role of a project member to the one of the row instead of replacing it. What
	// the API does is not known.
	AssignedRolesAddUp bool
	// OmitPredefinedRoles omits the predefined roles in the role lists. They can still be assigned by their short ids.
	OmitPredefinedRoles bool
	// PaymentMethodMissing refuses invitations, as the API does without a payment method.
	PaymentMethodMissing bool
	// ArchiveReportsError archives projects and answers with the error that they are archived.
	ArchiveReportsError bool
	// UnsetIsNull answers an unset spend limit, or unset model permissions, with 200 and null fields instead of 404. What the API
	// does is not known.
	UnsetIsNull bool
	// ServiceAccountDeleteReports404 deletes service accounts and answers 404.
	ServiceAccountDeleteReports404 bool
	// ServiceAccountComesWithKey creates every service account as a member with a key, even if the request excludes the key.
	ServiceAccountComesWithKey bool
	// ServiceAccountKeysMayGo allows to delete a key of a service account. The document says that this is an error, but that text
	// is older than the route that creates further keys.
	ServiceAccountKeysMayGo bool
	// ServiceAccountRolesMayGo allows to unassign a role from a service account. One public client does so, and another one says that
	// the API only reads such roles.
	ServiceAccountRolesMayGo bool
	// RolesOfMembersOnly answers 404 for the roles in a project of somebody who is in it through a group only. What the API does is
	// not known.
	RolesOfMembersOnly bool
	// LargestPage, if set, is the most rows that a page has, whatever limit the request names. It makes lists of several pages
	// from few rows.
	LargestPage int
	// Now is the clock; nil means [time.Now].
	Now func() time.Time

	// Faults are the faults by route template, such as "GET /organization/groups/{group_id}/users", or "*" for all.
	Faults map[string]Fault
	// RateLimit, if set, limits each route template.
	RateLimit *RateLimit
	// Latency is the time that every answer takes.
	Latency time.Duration
	// OnRequest, if set, is called before the answer is computed, without a lock.
	OnRequest func(Request)

	mu       sync.Mutex
	once     sync.Once
	mux      *http.ServeMux
	owned    bool
	views    []view
	made     int
	served   int
	requests []Request
	unknown  []string
	matched  map[string]int
	buckets  map[string]*bucket
}

// Snapshot returns a deep copy of the organization.
func (s *Server) Snapshot() Organization {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Organization.clone()
}

// Update changes the organization. change must not call methods of the server. The change, and all earlier writes, are visible at
// once.
func (s *Server) Update(change func(*Organization)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ownLocked()
	s.views = nil
	before := s.Organization.clone()
	change(&s.Organization)
	s.recordChangesLocked(&before, bySession, false)
}

// SetFault sets the fault of a route template, or of "*", and resets its count. It panics on an unknown template.
func (s *Server) SetFault(route string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Faults == nil {
		s.Faults = map[string]Fault{}
	}
	s.Faults[route] = f
	delete(s.matched, route)
	s.checkLocked()
}

// prefix is the path of the API.
const prefix = "/v1"

// route is one method of one path of the API. Its family is the key in [Key.MissingScopes].
type route struct {
	template string
	family   string
	// query are the known query parameters.
	query  []string
	handle func(*Server, *call) (any, error)
}

// routes are all known routes. Each noun's file has its own.
var routes = slices.Concat(
	userRoutes,
	userRoleRoutes,
	inviteRoutes,
	groupRoutes,
	groupRoleRoutes,
	roleRoutes,
	projectRoutes,
	projectUserRoutes,
	projectUserRoleRoutes,
	projectGroupRoutes,
	projectGroupRoleRoutes,
	serviceAccountRoutes,
	projectAPIKeyRoutes,
	modelPermissionRoutes,
	hostedToolRoutes,
	modelRateLimitRoutes,
	spendLimitRoutes,
	adminAPIKeyRoutes,
	auditLogRoutes,
)
