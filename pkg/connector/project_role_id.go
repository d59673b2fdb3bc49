package connector

import (
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// projectRoleID makes the id of a project role's resource: the same role id may come back in another project.
func projectRoleID(projectID, roleID string) string {
	return projectID + "/" + roleID
}

func firstSegment(id string) string {
	segment, _, _ := strings.Cut(id, "/")
	return segment
}

// splitProjectRoleID parts the id of a project role. Ids are opaque and may have slashes themselves: where there is more than
// one, the resource's parent tells the project, or else the API, which is asked for each project that it could be.
func splitProjectRoleID(ctx context.Context, c *client.Client, id string, parent *v2.ResourceId) (string, string, error) {
	if parent.GetResourceType() == resourceTypeProject.GetId() {
		if roleID, ok := strings.CutPrefix(id, projectRoleID(parent.GetResource(), "")); ok && parent.GetResource() != "" && roleID != "" {
			return parent.GetResource(), roleID, nil
		}
	}
	var projects []string
	for at := range len(id) {
		if id[at] == '/' && at > 0 && at < len(id)-1 {
			projects = append(projects, id[:at])
		}
	}
	for i, projectID := range projects {
		if i == len(projects)-1 {
			return projectID, id[len(projectID)+1:], nil
		}
		switch _, err := c.GetProject(ctx, projectID); {
		case err == nil:
			return projectID, id[len(projectID)+1:], nil
		case !isGone(err):
			return "", "", err
		}
	}
	return "", "", newError(codes.InvalidArgument, "%q is not the id of a project role, which is <project id>/<role id>", id)
}
