package connector

import (
	"fmt"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// changeRequest is a grant that is to be made or revoked: WHO is the principal, WHAT the entitlement's resource and slug. A
// request need not say more, since the command line does not.
type changeRequest struct {
	resource  *v2.ResourceId
	slug      string
	principal *v2.ResourceId
	// parent is the resource's parent, nil where the request does not name it.
	parent *v2.ResourceId
	// seenDirect says that a sync has found the grant to be held directly, as well as through groups, and seenInherited that it has
	// found it to be held through groups alone. Only a revocation sets them.
	seenDirect, seenInherited bool
}

func newChangeRequest(principal *v2.Resource, entitlement *v2.Entitlement) (changeRequest, error) {
	r := changeRequest{
		resource: entitlement.GetResource().GetId(), slug: entitlement.GetSlug(), principal: principal.GetId(),
		parent: entitlement.GetResource().GetParentResourceId(),
	}
	switch {
	case r.resource.GetResourceType() == "" || r.resource.GetResource() == "":
		return changeRequest{}, newError(codes.InvalidArgument, "the entitlement %q names no resource", entitlement.GetId())
	case r.principal.GetResourceType() == "" || r.principal.GetResource() == "":
		return changeRequest{}, newError(codes.InvalidArgument, "the principal has no id")
	case isKeyValue(r.resource.GetResource()), isKeyValue(r.principal.GetResource()):
		return changeRequest{}, errKeyForID
	case isAddress(r.principal):
		return changeRequest{}, errAddressForID
	case !isPrintable(entitlement.GetId()), !isPrintable(r.principal.GetResourceType()), !isID(r.resource.GetResource()), !isID(r.principal.GetResource()):
		return changeRequest{}, newError(codes.InvalidArgument, "%q or %q has a character that no id has, or a space at an end",
			entitlement.GetId(), r.principal.GetResourceType()+":"+r.principal.GetResource())
	}
	// The id, which the SDK insists on, ends with the slug. A grant that the SDK made has an entitlement without slug.
	slug, ok := strings.CutPrefix(entitlement.GetId(), ent.NewEntitlementID(reference(r.resource), ""))
	if !ok || slug == "" || r.slug != "" && r.slug != slug {
		return changeRequest{}, newError(codes.InvalidArgument, "the entitlement %q is none of the %s %q", entitlement.GetId(), r.resource.GetResourceType(), r.resource.GetResource())
	}
	r.slug = slug
	return r, nil
}

// newRevocation reads what a grant says of itself as well. Where groups give what the principal holds directly too, the SDK
// notes the entitlement among the grant's own sources.
func newRevocation(grant *v2.Grant) (changeRequest, error) {
	r, err := newChangeRequest(grant.GetPrincipal(), grant.GetEntitlement())
	if err == nil {
		sources := grant.GetSources().GetSources()
		_, r.seenDirect = sources[r.entitlementID()]
		r.seenInherited = len(sources) > 0 && !r.seenDirect
	}
	return r, err
}

// entitlementID and grantID are the ids that a sync gives the same.
func (r changeRequest) entitlementID() string {
	return ent.NewEntitlementID(reference(r.resource), r.slug)
}

func (r changeRequest) grantID() string {
	return fmt.Sprintf("%s:%s:%s", r.entitlementID(), r.principal.GetResourceType(), r.principal.GetResource())
}

// inOrganization and inProject are the principal where roles are assigned to it.
func (r changeRequest) inOrganization() client.Principal {
	return client.OrganizationPrincipal(r.principalType(), r.principal.GetResource())
}

func (r changeRequest) inProject(projectID string) client.Principal {
	return client.ProjectPrincipal(projectID, r.principalType(), r.principal.GetResource())
}

func (r changeRequest) principalType() client.PrincipalType {
	switch r.principal.GetResourceType() {
	case resourceTypeGroup.GetId():
		return client.PrincipalGroup
	case resourceTypeServiceAccount.GetId():
		return client.PrincipalServiceAccount
	default:
		return client.PrincipalUser
	}
}

// withSlug is the same request for another slug of the same resource.
func (r changeRequest) withSlug(slug string) changeRequest {
	r.slug = slug
	return r
}

// unknownSlugError is the error for a slug that the resource type does not have.
func (r changeRequest) unknownSlugError() error {
	return newError(codes.InvalidArgument, "there is no entitlement %q on the type %s", r.slug, r.resource.GetResourceType())
}

// refusePredefinedID refuses the id that OpenAI gives to a predefined role, of which the entitlement is another one: what holds for it,
// such as that the last owner stays, goes by that entitlement.
func (r changeRequest) refusePredefinedID(in, roleID string) error {
	name := predefinedIn(in)(client.Role{ID: roleID})
	if name == "" {
		return nil
	}
	of := changeRequest{resource: resourceID(resourceTypeProject, in), slug: name}
	if in == organizationKey {
		of = changeRequest{resource: resourceID(resourceTypeOrganizationRole, name), slug: slugAssigned}
	}
	return newError(codes.InvalidArgument, "%s is the id of OpenAI's role %s, whose entitlement is %s: name that one", roleID, name, of.entitlementID())
}

// wrongPrincipalError is the error for a principal of a type that cannot be granted the entitlement.
func (r changeRequest) wrongPrincipalError() error {
	if r.principal.GetResourceType() == resourceTypeInvitation.GetId() {
		return newError(codes.InvalidArgument, "%s is not for an invitation: name the projects when inviting, and grant the rest when it is accepted", r.entitlementID())
	}
	return newError(codes.InvalidArgument, "%s is not for the type %s", r.entitlementID(), r.principal.GetResourceType())
}
