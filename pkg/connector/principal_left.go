package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// leftDuringSync decides about the role list of one principal that failed. True means that the principal has left since
// it was listed, and has no grants. A large organization takes hours to sync, in which people come and go; without this
// a sync would fail on each of them, and again at the same place when it is run again. A 404 alone says too little: read
// asks for the principal itself, and only what is not there either has left.
func leftDuringSync(ctx context.Context, err error, principal *v2.ResourceId, in string, read func(context.Context) error) (bool, error) {
	if kind := kindOf(err); kind != client.KindGone && kind != client.KindCursorGone {
		return false, err
	}
	switch readErr := read(ctx); {
	case readErr == nil:
		return false, err
	case !isGone(readErr):
		return false, readError("asking whether a principal is still there", readErr)
	}
	warn(ctx, "a principal left while the sync ran; its roles are not shown",
		zap.String("principal_type", principal.GetResourceType()), zap.String("principal_id", principal.GetResource()), zap.String("in", in))
	return true, nil
}
