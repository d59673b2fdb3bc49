package connector

import (
	"fmt"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The SDK moved status, profile and creation time from the traits to the resource. Older readers of a file look at the
// trait, where a missing status reads as enabled, so both get them: the deprecated trait options below fill both places.

// profile is a resource's profile. What the API does not say is left out.
type profile map[string]any

func (p profile) text(key, value string) profile {
	if value != "" {
		p[key] = value
	}
	return p
}

func (p profile) flag(key string, value *bool) profile {
	if value != nil {
		p[key] = *value
	}
	return p
}

func (p profile) time(key string, value client.Timestamp) profile {
	if at, ok := value.Time(); ok {
		p[key] = at.Format(time.RFC3339)
	}
	return p
}

// list takes a nil list for one that the API does not tell, and an empty one for an empty one.
func (p profile) list(key string, values []string) profile {
	if values == nil {
		return p
	}
	list := make([]any, 0, len(values))
	for _, value := range values {
		list = append(list, value)
	}
	p[key] = list
	return p
}

// account has the fields that users, invitations and service accounts share.
type account struct {
	status        v2.UserTrait_Status_Status
	statusDetails string
	accountType   v2.UserTrait_AccountType
	email         string
	createdAt     client.Timestamp
	profile       profile
}

func (a account) trait() rs.ResourceOption {
	options := []rs.UserTraitOption{
		rs.WithDetailedStatus(a.status, displayText(a.statusDetails, maxNameBytes)), //nolint:staticcheck // fills the trait and the resource, see above
		rs.WithUserProfile(a.profile), //nolint:staticcheck // fills the trait and the resource, see above
		rs.WithAccountType(a.accountType),
	}
	if !isBlank(a.email) {
		options = append(options, rs.WithEmail(a.email, true), rs.WithUserLogin(a.email))
	}
	if at, ok := a.createdAt.Time(); ok {
		options = append(options, rs.WithCreatedAt(at)) //nolint:staticcheck // fills the trait and the resource, see above
	}
	return rs.WithUserTrait(options...)
}

// nonHuman marks a machine's account. OpenAI gives it keys that the organization keeps, which the SDK calls an app registration.
func nonHuman() rs.ResourceOption {
	return rs.WithNHIType(v2.NonHumanIdentityTrait_NHI_TYPE_APP_REGISTRATION, detailServiceAccount)
}

// detailServiceAccount is the kind of a non-human identity.
const detailServiceAccount = "openai.service_account"

func groupTrait(p profile) rs.ResourceOption {
	return rs.WithGroupTrait(rs.WithGroupProfile(p)) //nolint:staticcheck // fills the trait and the resource, see above
}

func roleTrait(p profile) rs.ResourceOption {
	return rs.WithRoleTrait(rs.WithRoleProfile(p)) //nolint:staticcheck // fills the trait and the resource, see above
}

func secretTrait(p profile, createdAt client.Timestamp, options ...rs.SecretTraitOption) rs.ResourceOption {
	options = append(options, func(trait *v2.SecretTrait) error {
		values, err := structpb.NewStruct(p)
		if err != nil {
			return fmt.Errorf("making the profile: %w", err)
		}
		trait.SetProfile(values) //nolint:staticcheck // fills the trait and the resource, see above
		return nil
	})
	if at, ok := createdAt.Time(); ok {
		options = append(options, rs.WithSecretCreatedAt(at)) //nolint:staticcheck // fills the trait and the resource, see above
	}
	return rs.WithSecretTrait(options...)
}

// createdAt is for resources whose trait has no creation time.
func createdAt(at client.Timestamp) rs.ResourceOption {
	if t, ok := at.Time(); ok {
		return rs.WithResourceCreatedAt(t)
	}
	return func(*v2.Resource) error { return nil }
}

const (
	// maxIDBytes is the SDK's limit. The SDK's own error for a longer id does not name the resource.
	maxIDBytes = 1_024
	// maxResourceBytes is below the 4 MiB of the SDK's messages, each of which has to hold one resource at least.
	maxResourceBytes = 3 << 20
)

// newResource makes a resource with what every resource carries: its parent, and the API's own id.
func newResource(resourceType *v2.ResourceType, id, rawID, displayName string, parent *v2.ResourceId, options ...rs.ResourceOption) (*v2.Resource, error) {
	if len(id) > maxIDBytes {
		return nil, fmt.Errorf("the id of the %s %.60q… has %d bytes, and %d can be stored", resourceType.GetId(), id, len(id), maxIDBytes)
	}
	options = append(options, rs.WithAnnotation(&v2.RawId{Id: rawID}))
	if parent != nil {
		options = append(options, rs.WithParentResourceID(parent))
	}
	resource, err := rs.NewResource(displayName, resourceType, id, options...)
	if err != nil {
		return nil, fmt.Errorf("making the %s %q: %w", resourceType.GetId(), id, err)
	}
	if err := writeInOrder(resource.GetAnnotations()); err != nil {
		return nil, fmt.Errorf("making the %s %q: %w", resourceType.GetId(), id, err)
	}
	if size := proto.Size(resource); size > maxResourceBytes {
		return nil, fmt.Errorf("the %s %q has %d bytes, and %d can be stored", resourceType.GetId(), id, size, maxResourceBytes)
	}
	return resource, nil
}

// writeInOrder writes annotations anew with the keys of profiles in order. The SDK writes them in any, and a comparison of two syncs
// would show what has not changed.
func writeInOrder(annos []*anypb.Any) error {
	for _, written := range annos {
		annotation, err := written.UnmarshalNew()
		if err != nil {
			return err
		}
		if err := anypb.MarshalFrom(written, annotation, proto.MarshalOptions{Deterministic: true}); err != nil {
			return err
		}
	}
	return nil
}
