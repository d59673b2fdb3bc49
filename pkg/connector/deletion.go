package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"
)

// delete is the frame of every deletion. remove is true if the resource was gone already, which is no error.
func (p provisioning) delete(ctx context.Context, resourceType *v2.ResourceType, id *v2.ResourceId, remove func(context.Context) (bool, error)) error {
	if err := checkID(resourceType, id); err != nil {
		return err
	}
	already, err := exclusively(ctx, p, subjectOf(id), remove)
	logChange(ctx, "delete", already, err, zap.String("resource_type", id.GetResourceType()), zap.String("resource_id", id.GetResource()))
	if err != nil {
		return changeError("deleting the "+id.GetResourceType()+" "+id.GetResource(), err)
	}
	return nil
}

// deleteChecked makes a deletion if check, which reads what is to be deleted, allows it. True means that it was gone.
func (p provisioning) deleteChecked(ctx context.Context, check func(context.Context) error, deletion change) (bool, error) {
	if err := check(ctx); err != nil {
		return isGone(err), ignoreGone(err)
	}
	return false, p.consistency.apply(ctx, deletion)
}

// deletionOf is the change that deletes something. get shows whether it is still there.
func deletionOf[T any](remove func(context.Context) error, get func(context.Context) (T, error)) change {
	return change{write: remove, read: presenceOf(get), before: stateThere, wanted: stateNotThere}
}

// deletionByID is [deletionOf] something that has an id in the whole organization.
func deletionByID[T any](id string, remove func(context.Context, string) error, get func(context.Context, string) (T, error)) change {
	return deletionOf(
		func(ctx context.Context) error { return remove(ctx, id) },
		func(ctx context.Context) (T, error) { return get(ctx, id) })
}

// presenceOf reads whether get finds something.
func presenceOf[T any](get func(context.Context) (T, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		_, err := get(ctx)
		return presence(!isGone(err)), ignoreGone(err)
	}
}
