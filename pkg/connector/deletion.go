package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
)

// delete is the frame of every deletion. deletes is true if the resource was not there any more, which is no error.
func (p provisioning) delete(ctx context.Context, resourceType *v2.ResourceType, id *v2.ResourceId, deletes func(context.Context) (bool, error)) error {
	if id.GetResourceType() != resourceType.GetId() || id.GetResource() == "" || !isReadable(id.GetResource()) {
		return newError(codes.InvalidArgument, "%q is not the id of something of the type %s", id.GetResource(), resourceType.GetId())
	}
	already, err := inTurn(ctx, p, aboutPrincipal(id), deletes)
	logChange(ctx, "delete", already, err, zap.String("resource_type", id.GetResourceType()), zap.String("resource_id", id.GetResource()))
	if err != nil {
		return changeError("deleting the "+id.GetResourceType()+" "+id.GetResource(), err)
	}
	return nil
}

// deleteChecked makes a deletion if check, which reads what is to be deleted, allows it. True means that it was gone.
func (p provisioning) deleteChecked(ctx context.Context, check func(context.Context) error, deletion change) (bool, error) {
	if err := check(ctx); err != nil {
		return isGone(err), unlessGone(err)
	}
	return false, p.consistency.apply(ctx, deletion)
}
