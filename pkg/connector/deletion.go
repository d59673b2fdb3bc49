package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// deletion is how a resource is deleted. Deleting what is not there is no error.
type deletion struct {
	resourceType *v2.ResourceType
	// check reads the resource and refuses what must not be deleted; NotFound means that it is gone already.
	check func(context.Context) error
	// remove deletes it, and gone tells whether it is not there any more.
	remove func(context.Context) error
	gone   func(context.Context) (bool, error)
}

func (d deletion) run(ctx context.Context, p patience, id *v2.ResourceId) error {
	if id.GetResourceType() != d.resourceType.GetId() || id.GetResource() == "" || !isReadable(id.GetResource()) {
		return malformed("%q is not the id of a %s", id.GetResource(), d.resourceType.GetId())
	}
	ctx = client.Urgent(ctx)
	already := false
	err := d.check(ctx)
	switch {
	case isGone(err):
		already, err = true, nil
	case err == nil:
		err = p.settle(ctx, d.remove(ctx), d.gone)
	}
	logChange(ctx, "delete", already, err, zap.String("resource_type", id.GetResourceType()), zap.String("resource_id", id.GetResource()))
	if err != nil {
		return refused("deleting the "+id.GetResourceType()+" "+id.GetResource(), err)
	}
	return nil
}
