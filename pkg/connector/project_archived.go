package connector

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// skipArchived decides about a project's list that failed: true means that the project was archived while the sync ran,
// so that nobody has access to it any more and there is nothing to list. Otherwise it gives the error back.
//
// The refusal of a list of an archived project is documented only as status 400; its code and wording vary, and "is archived" may
// be said of something else. So the project itself is asked for, whatever the refusal says.
func (s *syncReader) skipArchived(ctx context.Context, projectID string, err error) (bool, error) {
	archived, known, recallErr := getFact[bool](ctx, s.session, factArchived, projectID)
	if recallErr != nil {
		return false, errors.Join(err, recallErr)
	}
	if !known {
		var readErr error
		if archived, readErr = projectIsArchived(ctx, s.api, projectID, err); readErr != nil {
			// As long as the project cannot be asked for, nothing is decided.
			return false, readError("asking whether a project is archived", readErr)
		}
	}
	if !archived {
		return false, err
	}
	if !known {
		if s.isFirst("archived/" + projectID) {
			warn(ctx, "a project was archived while the sync ran; who had access to it is not shown", zap.String("project_id", projectID))
		}
		if setErr := s.session.setFact(ctx, factArchived, projectID, true); setErr != nil {
			return false, errors.Join(err, setErr)
		}
	}
	return true, nil
}

// projectIsArchived asks for the project where the refusal may come of its state, also a refusal of a place in a list.
func projectIsArchived(ctx context.Context, api *client.Client, projectID string, err error) (bool, error) {
	switch client.KindOf(err) {
	case client.KindProjectArchived, client.KindRefused, client.KindGone, client.KindNoSuchList, client.KindCursorGone:
	default:
		return false, nil
	}
	project, err := api.GetProject(ctx, projectID)
	if isGone(err) {
		return false, nil
	}
	return project.Status == client.ProjectArchived, err
}
