package connector

import (
	"context"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The states of a key's owner in the key's profile. A key outlives the owner's access, and the owner.
const (
	profileOwnerState = "owner_state"

	ownerActive           = "active"
	ownerLeftProject      = "left_project"
	ownerLeftOrganization = "left_organization"
	ownerNone             = "no_owner"
)

// membership is whether a user or service account exists, as far as it is known.
type membership int

const (
	membershipUnknown membership = iota
	noMember
	isMember
)

// memberLookup tells of single users and service accounts whether the organization has them.
type memberLookup interface {
	hasUser(ctx context.Context, id string) (membership, error)
	hasServiceAccount(ctx context.Context, projectID, id string) (membership, error)
}

// ownerState says whether the key's owner still has access; "" if that is not known. A project's key says itself whether
// the owner has access. If not, the lists tell whether the owner is there at all, and so they do of an admin key's.
func (k apiKey) ownerState(ctx context.Context, known memberLookup) (string, error) {
	switch {
	case k.ownerID == "":
		return ownerNone, nil
	case k.access == client.OwnerHasAccess:
		return ownerActive, nil
	}
	switch is, err := k.ownerMembership(ctx, known); {
	case err != nil || is == membershipUnknown:
		return "", err
	case is == noMember:
		return ownerLeftOrganization, nil
	case k.access == client.OwnerHasNone:
		return ownerLeftProject, nil
	case k.projectID == "":
		return ownerActive, nil
	default:
		return "", nil
	}
}

// ownerMembership tells whether the owner is there. A service account may be a user as well. One that owns an admin key may be
// of any project, and is looked for among the users only.
func (k apiKey) ownerMembership(ctx context.Context, known memberLookup) (membership, error) {
	isOfProject := k.ownerType == client.OwnerServiceAccount && k.projectID != ""
	if isOfProject {
		if is, err := known.hasServiceAccount(ctx, k.projectID, k.ownerID); err != nil || is != noMember {
			return is, err
		}
	}
	is, err := known.hasUser(ctx, k.ownerID)
	if is == noMember && !isOfProject && k.ownerType != client.OwnerUser {
		return membershipUnknown, err
	}
	return is, err
}
