package connector

import (
	"errors"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/grpc/codes"
)

// A targeted sync names single resources. The syncer asks for each by its id, then for its children, its entitlements
// and its grants. Get has no session store.

// errNotThere is for what the API knows and a sync of everything does not list: archived, accepted, or of another type.
var errNotThere = errors.New("it is not there")

// getResource is the way out of every Get. What is not there is NotFound, which the syncer takes for a resource that is
// left out; every other error ends the sync.
func getResource(id *v2.ResourceId, get func() (*v2.Resource, error)) (*v2.Resource, annotations.Annotations, error) {
	if isKeyValue(id.GetResource()) {
		return nil, nil, errKeyForID
	}
	resource, err := get()
	switch {
	case err == nil:
		return resource, nil, nil
	case errors.Is(err, errNotThere), isGone(err):
		return nil, nil, newError(codes.NotFound, "there is no %s %q", id.GetResourceType(), id.GetResource())
	default:
		return nil, nil, readError("getting the "+id.GetResourceType(), err)
	}
}
