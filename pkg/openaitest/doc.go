// Package openaitest is a stand-in of the OpenAI Admin API: stateful, in memory, for tests and for trying things out
// without an organization. A [Server] is an [http.Handler]:
//
//	standIn := &openaitest.Server{Organization: openaitest.Sample()}
//	server := httptest.NewServer(standIn)
//	defer server.Close()
//	// The base URL is server.URL + "/v1"; every bearer that starts with sk-admin- is accepted.
//
// It serves and changes what grants access (users, invites, groups, roles, role assignments, projects with all that is
// below them, and admin keys) and what a project may use and spend, and records all that in an audit log ([AuditLog]), as
// https://platform.openai.com/docs/api-reference/administration describes them and as the API has been seen to behave. Known oddities of the API are fields of the server ([Server.LeakKeyValues],
// [Server.WriteLag]), oddities of one object are its [Fields], failures are a [Fault] per route. What the server does not
// know, it refuses and remembers in [Server.Unknown]; what is configured wrongly makes it panic. A refused write changes
// nothing. What is made has ids by a counter and times by [Server.Now]: the same writes make the same organization.
//
// # What was chosen
//
// The API's answers to these are not public, or differ:
//
//   - The last owner, the only user whose own row says owner: neither demoted nor deleted, 400 last_owner. A service
//     account among the users counts as an owner. An owner through a group does not.
//   - Service accounts among the users: their predefined role does not change, 400; they can hold custom ones.
//   - SCIM-managed groups: name, existence and members do not change, 400. Roles and projects they are given like others.
//   - Invitations of a member, or of somebody with a pending invitation: 400, whatever the case of the address. An expired
//     invitation is in nobody's way.
//   - The default project is the one with the name "Default project"; it is neither modified nor archived, 400.
//   - Somebody or a group that is in the project already: 400, with "already exists in project".
//   - Custom project roles of people: for members only, 404 otherwise. Organization owners are members; a custom role makes
//     one of them a row. The predefined role does not go by its assignment, 400, but with the membership.
//   - Project roles of service accounts, through the routes of role assignments: 400.
//   - A role's id that nobody knows: 404, but 400 in a user's modification. The short id of a predefined role is good for
//     assigning, not for unassigning.
//   - Two custom roles of one name in one place: 400.
//   - A key of a service account: it is not deleted alone, 400, as an older form of the document words it, unless
//     [Server.ServiceAccountKeysMayGo] is set. It goes with the account. The names of keys need not differ.
//   - The audit log: what follows from another change has no entry of its own, such as the memberships of a deleted user; where
//     it is off, 403 or 404. Nothing is said of the members of groups, for which the API has no type.
//   - What nobody has set, the models of a project and a spend limit: 404, by the noun, for reading and for deleting.
//   - A hosted tool that the organization has switched on for every project: not switched off, 409.
//   - Numbers of a rate limit: 0 or more, and only those that the model's row has, 400 otherwise. A spend limit is enforced
//     as soon as it is set.
//   - An address that it does not know: 404 in one of the two wordings that have been seen, with code unknown_url outside /v1.
//
// # What is not modelled
//
//   - Routes that grant no access and name no principal: usage, costs, certificates, spend alerts, which have been seen to
//     overwrite the spend limit of a project: https://github.com/jianyuan/terraform-provider-openai/issues/256.
//   - Which models there are, and how much the organization may ask of them: a project is given any model and any number.
//   - Eventual consistency, beyond [Server.WriteLag]: writes always see each other.
//   - The acceptance of invitations, which no route does: use [Server.Update].
//   - The permissions of predefined roles, which OpenAI does not publish: the lists are empty. Those of custom roles, and a
//     project's residency, are any words.
//   - Entries of the audit log about tenants, and about models, hosted tools and spend limits, for which there is no type.
//   - The parameter before of the audit log and of rate limits.
//   - The organization's own owners in project role assignments, unless [Server.ListImplicitOwners] lists them.
//   - The project role of a key's owner who has left the project: owner for organization owners, else member.
//   - A key's owner_project_access, beyond that it ends when its owner is removed, even if a group still leads there.
//   - What a key may do: a created admin key opens nothing where [Server.Keys] are listed, and belongs to the first owner.
//   - A user's technical level and developer persona, which are taken and forgotten, as are the scopes of a created key.
//   - What becomes of an archived project's members and keys: nothing below it is served.
//   - The body of a GET or a DELETE, which is ignored, and the content type of a request.
//   - SCIM, billing and plans, beyond the flags, [Server.PaymentMethodMissing] and the gate of group members.
//   - Expiry: times are data, and an expired key or invite stays what its fields say.
//   - Bodies that are not documented: an unknown id is answered like an unknown project, with the noun in its place.
//   - A cursor whose row was deleted: it is refused with 400.
//   - The headers openai-organization, openai-version and openai-processing-ms.
package openaitest
