package openaitest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server is a stand-in of the OpenAI Admin API for one organization. Its zero value is ready for use: an empty
// organization that accepts every bearer that starts with sk-admin-. It implements [http.Handler] and serves below /v1.
// The exported fields are set before the first request; later changes go through [Server.Update] and [Server.SetFault].
type Server struct {
	Organization Organization
	// AuditLog is what was done in the organization.
	AuditLog AuditLog
	// Keys are the bearer values that are accepted; nil accepts every one that starts with sk-admin-.
	Keys map[string]Key

	// ListImplicitOwners lists organization owners in every project's users, as role owner.
	ListImplicitOwners bool
	// AdminListRepeatsProjectKeys lists the project keys once more, as admin keys.
	AdminListRepeatsProjectKeys bool
	// LeakKeyValues serves the secret of each admin key in the list.
	LeakKeyValues bool
	// OmitAssignmentSources leaves assignment_sources out of the role assignment lists.
	OmitAssignmentSources bool
	// CapitalizedRoleNames serves the names of the predefined roles as Owner, Reader, Member and Viewer.
	CapitalizedRoleNames bool
	// RoleDisplayNames serves their display names in place of their names, such as Organization Owner and Project Member.
	RoleDisplayNames bool
	// NamelessRoles serves them without a name: only their ids say which they are.
	NamelessRoles bool
	// EmailsMatchCase finds users by email only in the spelling of the address that they have.
	EmailsMatchCase bool
	// OmitOptionalUserFields leaves object, id, name, email, role and added_at of a user.
	OmitOptionalUserFields bool
	// GroupMembersUnavailable is the status, 403 or 404, that the routes of group members answer where the plan lacks them.
	GroupMembersUnavailable int

	// OmitOrganizationHeader leaves the header openai-organization out. Other parts of the API send it; whether the Admin
	// API does is not known.
	OmitOrganizationHeader bool

	// CreatedStatus is the status of a creation: 200, or 201 as before December 2025. 0 is 200.
	CreatedStatus int
	// DeleteAnswersNoContent answers each deletion with 204 and no body.
	DeleteAnswersNoContent bool
	// WriteLag is how many reads, of whatever route, do not see a write yet. Writes see each other at once.
	WriteLag int
	// EmptyProjectGroupsStay leaves a group in a project when its last role there is taken. What the API does is not known.
	EmptyProjectGroupsStay bool
	// LastOwnerMayGo lets the last owner lose the role or leave. What the API does is not documented.
	LastOwnerMayGo bool
	// ExpiredInvitesBlock refuses to invite an address that has an invite which has expired, until that is deleted.
	ExpiredInvitesBlock bool
	// MembersRefuseViewer refuses the word viewer where a user is added to a project or modified there; the role can still be
	// assigned by its id.
	MembersRefuseViewer bool
	// AssignedRolesAddUp lets a predefined role that is assigned to a member of a project stand beside the one of the row,
	// which it replaces otherwise. What the API does is not known.
	AssignedRolesAddUp bool
	// OmitPredefinedRoles leaves the predefined roles out of the role lists. They can still be assigned by their short ids.
	OmitPredefinedRoles bool
	// PaymentMethodMissing refuses invitations, as the API does where nobody has set up how to pay.
	PaymentMethodMissing bool
	// ArchiveReportsError archives projects and answers that they are archived, as an error.
	ArchiveReportsError bool
	// UnsetIsNull answers a limit or a list of models that nobody has set with 200 and null fields, in place of 404. What the
	// API does is not known.
	UnsetIsNull bool
	// ServiceAccountDeleteReports404 deletes service accounts and answers 404.
	ServiceAccountDeleteReports404 bool
	// ServiceAccountComesWithKey makes every service account a member with a key, also where only the account is asked for.
	ServiceAccountComesWithKey bool
	// ServiceAccountKeysMayGo lets a key of a service account be deleted alone. The document says that this is an error; its
	// sentence is older than the route by which an account gets a second key.
	ServiceAccountKeysMayGo bool
	// LargestPage, if set, is the most rows that a page has, whatever limit the request names. It makes lists of several pages
	// from few rows.
	LargestPage int
	// Now is the clock by which things are created; nil is [time.Now].
	Now func() time.Time

	// Faults are the faults per route template, such as "GET /organization/groups/{group_id}/users", or "*" for all.
	Faults map[string]Fault
	// RateLimit, if set, limits each route template.
	RateLimit *RateLimit
	// Latency is how long every answer takes.
	Latency time.Duration
	// OnRequest, if set, is called before the answer is computed, while no lock is held.
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

// Update changes the organization; change must not call methods of the server. The change, and every write before it, is
// visible at once.
func (s *Server) Update(change func(*Organization)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ownLocked()
	s.views = nil
	before := s.Organization.clone()
	change(&s.Organization)
	s.recordChangesLocked(&before, bySession, false)
}

// SetFault sets the fault of a route template, or of "*", and starts its counting anew. It panics on a template that the
// server does not know, because a misspelt fault would never happen.
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

// prefix is where the API lives on its host.
const prefix = "/v1"

// route is one method of one path of the API. Its family is the word by which [Key.MissingScopes] names it.
type route struct {
	template string
	family   string
	// query are the query parameters that the route knows.
	query  []string
	handle func(*Server, *call) (any, error)
}

// routes are all that the server knows. Each noun's file holds its own.
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
