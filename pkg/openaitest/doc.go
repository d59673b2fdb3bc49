// Package openaitest is a stand-in for the OpenAI Admin API: stateful and in memory, for tests and for trials without an
// organization. A [Server] is an [http.Handler]:
//
//	standIn := &openaitest.Server{Organization: openaitest.Sample()}
//	server := httptest.NewServer(standIn)
//	defer server.Close()
//	// The base URL is server.URL + "/v1"; every bearer that starts with sk-admin- is accepted.
//
// It has the routes for access (users, invites, groups, roles, role assignments, projects with everything below them, admin
// keys) and for the limits of projects (models, tools, rates, costs), and records changes in an audit log ([AuditLog]). It
// follows https://platform.openai.com/docs/api-reference/administration and the observed behaviour of the API. Quirks of the
// API are fields of the server ([Server.LeakKeyValues], [Server.WriteLag]), quirks of one object are its [Fields], failures are
// a [Fault] of a route. The server refuses unknown requests and lists them in [Server.Unknown]; wrong configuration makes it
// panic. A refused write changes nothing. Ids come from a counter and times from [Server.Now]: the same writes make the same
// organization.
//
// # What was chosen
//
// The API's answers to these are not public, or differ:
//
//   - The last owner, the only user with the role owner: cannot be demoted or deleted, 400 last_owner. A service account
//     among the users counts as an owner, an owner through a group does not.
//   - Service accounts among the users: their predefined role cannot be changed, 400; they can hold custom roles.
//   - SCIM-managed groups: cannot be renamed or deleted, and their members cannot be changed, 400. Roles and projects can.
//   - Invitations of a member, or of an address with a pending invitation: 400, without regard to case. An expired invitation
//     does not matter.
//   - The default project is the one with the name "Default project"; it cannot be modified or archived, 400.
//   - A user or a group that is already in the project: 400, with "already exists in project".
//   - Custom project roles of users: for members only, 404 otherwise. Organization owners are members; a custom role adds a
//     row for one of them. The predefined role cannot be unassigned, 400; it ends with the membership.
//   - Project roles of service accounts, through the routes of role assignments: 400.
//   - An unknown id of a role: 404, but 400 in the modification of a user. The short id of a predefined role can be assigned,
//     but not unassigned.
//   - Two custom roles with the same name in one scope: 400.
//   - A key of a service account: cannot be deleted separately, 400, as in an older form of the document, unless
//     [Server.ServiceAccountKeysMayGo] is set. It is deleted with the account. The names of keys need not be unique.
//   - The audit log: consequences of another change have no entry, such as the memberships of a deleted user. If it is off, 403
//     or 404. Changes of group members have no entry: the API has no type for them.
//   - Unset model permissions and spend limits: 404, by the noun, for GET and DELETE.
//   - A hosted tool that the organization enables for every project: cannot be switched off, 409.
//   - Numbers of a rate limit: 0 or more, and only those of the model's row, 400 otherwise. A spend limit is enforced as soon
//     as it is set.
//   - An unknown path: 404 with one of the two observed messages, and outside of /v1 with the code unknown_url.
//
// # What is not modelled
//
//   - Routes without access or principals: usage, costs, certificates, spend alerts. Spend alerts have been seen to overwrite
//     the spend limit of a project: https://github.com/jianyuan/terraform-provider-openai/issues/256.
//   - The existing models and the limits of the organization: a project takes any model and any number.
//   - Eventual consistency, beyond [Server.WriteLag]: writes always see each other.
//   - The acceptance of invitations, for which there is no route: use [Server.Update].
//   - The permissions of predefined roles, which OpenAI does not publish: the lists are empty. The permissions of custom roles,
//     and the residency of a project, are any strings.
//   - Audit log entries about tenants, and about models, hosted tools and spend limits, for which there are no types.
//   - The parameter before of the audit log and of rate limits.
//   - Organization owners in project role assignments, unless [Server.ListImplicitOwners] lists them.
//   - The project role of a key's owner who left the project: owner for organization owners, else member.
//   - A key's owner_project_access, except that it ends when the owner is removed, even if a group still gives access.
//   - The permissions of keys: a created admin key is not accepted if [Server.Keys] is set, and belongs to the first owner.
//   - A user's technical level and developer persona, and the scopes of a created key: they are accepted and ignored.
//   - The members and keys of an archived project: nothing below it is served.
//   - The body of a GET or a DELETE, and the content type of a request: they are ignored.
//   - SCIM, billing and plans, except for the flags, [Server.PaymentMethodMissing] and [Server.GroupMembersUnavailable].
//   - Expiry: times are data, and the status of an expired key or invite does not change.
//   - Undocumented bodies: an unknown id is answered like an unknown project, with another noun.
//   - A cursor of a deleted row: it is refused with 400.
//   - The headers openai-organization, openai-version and openai-processing-ms.
package openaitest
