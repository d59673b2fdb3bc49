package connector

import (
	"context"
	"errors"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

type securityInsightBuilder struct {
	builder
	noEntitlements
	noGrants
}

// The lists that insights are made of, after the first one, the users.
const (
	listOfAdminKeys = "admin_keys"
	listOfProjects  = "projects"
)

// List gives the insights of the admin keys, then those of each project. They are made of the lists that other types are
// listed from, which are read once for all. Where insights are not asked for, there are none.
func (b *securityInsightBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	const doing = "looking for security insights"
	if parent != nil || !b.reader.insights {
		return nil, nil, nil
	}
	first, err := parsePageToken(opts, listOfAdminKeys, listOfProjects)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if err := s.beginType(ctx, resourceTypeSecurityInsight); err != nil {
		return nil, nil, readError(doing, err)
	}
	return fillResponse(first, func(response *response[*v2.Resource], token pageToken) (*pageToken, error) {
		next, err := s.insightsAt(ctx, response, token)
		if err != nil {
			return nil, readError(doing, withType(resourceTypeSecurityInsight, err))
		}
		return next, nil
	})
}

// insightsAt adds what a page of one of the lists gives. Each list leads to the next one.
func (s *syncReader) insightsAt(ctx context.Context, response *response[*v2.Resource], token pageToken) (*pageToken, error) {
	switch token.List {
	case listOfProjects:
		page, err := getPage(ctx, s, projectsList(), token.Cursor)
		if err != nil {
			return nil, err
		}
		next, _, err := addRows(response, token, page, func(project client.Project) ([]*v2.Resource, bool, error) {
			return insightResources(s.projectInsights(ctx, project))
		})
		return next, err
	case listOfAdminKeys:
		page, err := getPage(ctx, s, adminKeysList(), token.Cursor)
		if err != nil {
			return nil, err
		}
		next, _, err := addRows(response, token, page, func(key client.AdminAPIKey) ([]*v2.Resource, bool, error) {
			if key.IsProjectKey() {
				return nil, false, nil
			}
			return insightResources(adminKey(key).insights(ctx, s, nil))
		})
		if next == nil && err == nil {
			next = &pageToken{List: listOfProjects}
		}
		return next, err
	default:
		page, err := getPage(ctx, s, usersList(), token.Cursor)
		if err != nil {
			return nil, err
		}
		if page.Next.IsZero() {
			return &pageToken{List: listOfAdminKeys}, nil
		}
		return &pageToken{Cursor: page.Next}, nil
	}
}

// projectInsights gives the insights about an active project's service accounts and keys.
func (s *syncReader) projectInsights(ctx context.Context, project client.Project) ([]insight, error) {
	if project.Status == client.ProjectArchived {
		return nil, nil
	}
	insights, err := s.insightsIn(ctx, project.ID)
	if err == nil {
		return insights, nil
	}
	archived, err := s.skipArchived(ctx, project.ID, err)
	if archived {
		return nil, nil
	}
	return nil, err
}

func (s *syncReader) insightsIn(ctx context.Context, projectID string) ([]insight, error) {
	accounts, err := getRows(ctx, s, serviceAccountsList(projectID))
	if err != nil {
		return nil, err
	}
	keys, err := getRows(ctx, s, projectKeysList(projectID))
	if err != nil {
		return nil, err
	}
	var insights []insight
	withKeys, reported := accountsWithKeys(projectID, keys), map[string]bool{}
	for _, account := range accounts {
		found, err := accountInsights(ctx, projectID, account, withKeys[account.ID], s)
		if err != nil {
			return nil, err
		}
		reported[account.ID] = len(found) > 0
		insights = append(insights, found...)
	}
	for _, row := range keys {
		key := projectKey(projectID, row)
		found, err := key.insights(ctx, s, func() (bool, error) { return reported[key.ownerID], nil })
		if err != nil {
			return nil, err
		}
		insights = append(insights, found...)
	}
	return insights, nil
}

var errNoInsights = errors.New("security insights are not asked for: --security-insights has them listed")

// Get looks at the key or the service account again: an insight is there as long as there is reason for it.
//
// GET /organization/projects/{project_id}/service_accounts/{service_account_id}, GET
// /organization/projects/{project_id}/api_keys, and what [apiKeyBuilder.Get], [apiMembers.isNotOwner] and
// [apiMembers.hasNoRole] ask for.
func (b *securityInsightBuilder) Get(ctx context.Context, id, parent *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	if !b.reader.insights {
		return nil, nil, newError(codes.NotFound, "%w", errNoInsights)
	}
	known := apiMembers{b.reader, b.client}
	return getResource(id, func() (*v2.Resource, error) {
		kind, about, _ := strings.Cut(id.GetResource(), "/")
		switch kind {
		case insightKeyWithoutAccess, insightAdminKeyNoOwner:
			return getWithKey(ctx, b.client, about, parent, func(key apiKey) (*v2.Resource, error) {
				insights, err := key.insights(ctx, known, func() (bool, error) { return b.lacksRole(ctx, key) })
				return insightOf(kind, insights, err)
			})
		case insightAccountNoRole:
			return getInProject(ctx, b.client, parent, func(ctx context.Context, project *v2.ResourceId) (*v2.Resource, error) {
				account, err := b.client.GetProjectServiceAccount(ctx, project.GetResource(), about)
				if err != nil {
					return nil, err
				}
				keys, err := allRows(pages(ctx, listOf(b.client.ListProjectAPIKeys, project.GetResource())))
				if err != nil {
					return nil, err
				}
				hasKeys := accountsWithKeys(project.GetResource(), keys)[account.ID]
				insights, err := accountInsights(ctx, project.GetResource(), account, hasKeys, known)
				return insightOf(kind, insights, err)
			})
		default:
			return nil, errNotThere
		}
	})
}

// lacksRole tells whether the key is of a service account that is there and has no role.
func (b *securityInsightBuilder) lacksRole(ctx context.Context, key apiKey) (bool, error) {
	account, err := b.client.GetProjectServiceAccount(ctx, key.projectID, key.ownerID)
	if err != nil || projectRoleName(account.Role) != "" {
		return false, ignoreGone(err)
	}
	return apiMembers{b.reader, b.client}.hasNoRole(ctx, key.projectID, key.ownerID)
}

// insightOf is that of the kind.
func insightOf(kind string, insights []insight, err error) (*v2.Resource, error) {
	if err != nil {
		return nil, err
	}
	for _, i := range insights {
		if i.kind == kind {
			return i.resource()
		}
	}
	return nil, errNotThere
}
