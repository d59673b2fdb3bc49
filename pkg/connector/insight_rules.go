package connector

import (
	"context"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The kinds of insight: what ConductorOne cannot work out from the resources and grants that it has. They are part of the
// ids, and as permanent as these.
const (
	insightKeyWithoutAccess = "key_owner_without_access"
	insightAdminKeyNoOwner  = "admin_key_owner_not_owner"
	insightAccountNoRole    = "service_account_without_role"
)

// How much an insight matters.
const (
	severityHigh   = "High"
	severityMedium = "Medium"
)

// insight is something about a resource that an administrator should look into.
type insight struct {
	kind           string
	target, parent *v2.ResourceId
	// title comes before the name of the resource, issue is one sentence.
	title, name     string
	issue, severity string
}

// insightSource answers the questions that decide an insight, from the lists of a sync or by calls of the API.
type insightSource interface {
	memberLookup
	isNotOwner(ctx context.Context, userID string) (bool, error)
	hasNoRole(ctx context.Context, projectID, accountID string) (bool, error)
}

// insights gives the insights of a key that can be used. accountReported tells whether the service account that owns it
// has an insight of its own, which says the same.
func (k apiKey) insights(ctx context.Context, known insightSource, accountReported func() (bool, error)) ([]insight, error) {
	if !k.isLive() {
		return nil, nil
	}
	state, err := k.ownerState(ctx, known)
	if err != nil {
		return nil, err
	}
	switch {
	case k.detail == detailAdminKey && state == ownerLeftOrganization:
		return k.keyInsight(insightAdminKeyNoOwner, "The admin key is still there, although its owner has left the organization."), nil
	case k.detail == detailAdminKey && state == ownerActive:
		isNotOwner, err := known.isNotOwner(ctx, k.ownerID)
		if err != nil || !isNotOwner {
			return nil, err
		}
		return k.keyInsight(insightAdminKeyNoOwner, "The admin key is still there, although its owner is not an owner of the organization."), nil
	case state == ownerLeftOrganization:
		return k.keyInsight(insightKeyWithoutAccess, "The key is still there, although its owner has left the organization."), nil
	case k.access != client.OwnerHasNone:
		return nil, nil
	case state == ownerLeftProject && k.ownerType == client.OwnerServiceAccount:
		if reported, err := accountReported(); reported || err != nil {
			return nil, err
		}
	}
	return k.keyInsight(insightKeyWithoutAccess, "The key is still there, although its owner has no access to the project any more."), nil
}

func (k apiKey) keyInsight(kind, issue string) []insight {
	title := "Key of an owner without access: "
	if kind == insightAdminKeyNoOwner {
		title = "Admin key of no owner: "
	}
	return []insight{{
		kind: kind, target: resourceID(resourceTypeAPIKey, k.id), parent: k.parent(),
		title: title, name: k.displayName(profile{}), issue: issue, severity: severityHigh,
	}}
}

// isLive tells a key that has not expired.
func (k apiKey) isLive() bool {
	at, expires := k.expiresAt.Time()
	return !expires || at.After(time.Now())
}

// accountsWithKeys has the ids of the service accounts that own one of the project's keys which can be used.
func accountsWithKeys(projectID string, keys []client.ProjectAPIKey) map[string]bool {
	owners := map[string]bool{}
	for _, row := range keys {
		if key := projectKey(projectID, row); key.ownerType == client.OwnerServiceAccount && key.isLive() {
			owners[key.ownerID] = true
		}
	}
	return owners
}

// accountInsights gives the insights of a service account. The word none stands for an account without a role and for one whose
// role was given by assignment.
func accountInsights(ctx context.Context, projectID string, account client.ServiceAccount, hasKeys bool, known insightSource) ([]insight, error) {
	if !hasKeys || projectRoleName(account.Role) != "" {
		return nil, nil
	}
	hasNone, err := known.hasNoRole(ctx, projectID, account.ID)
	if err != nil || !hasNone {
		return nil, err
	}
	return []insight{{
		kind: insightAccountNoRole, target: resourceID(resourceTypeServiceAccount, account.ID), parent: resourceID(resourceTypeProject, projectID),
		title: "Service account with keys and no role: ", name: profile{}.name(account.ID, account.Name),
		issue: "The service account has no role in its project, although it has keys.", severity: severityMedium,
	}}, nil
}

// insightResources makes the resources of insights, unless finding them failed.
func insightResources(insights []insight, err error) ([]*v2.Resource, bool, error) {
	if err != nil {
		return nil, false, err
	}
	resources := make([]*v2.Resource, 0, len(insights))
	for _, i := range insights {
		resource, err := i.resource()
		if err != nil {
			return nil, false, err
		}
		resources = append(resources, resource)
	}
	return resources, false, nil
}

func (i insight) resource() (*v2.Resource, error) {
	id := i.kind + "/" + i.target.GetResource()
	return newResource(resourceTypeSecurityInsight, id, id, displayText(i.title+i.name, maxNameBytes), i.parent,
		rs.WithSecurityInsightTrait(rs.WithIssue(i.issue), rs.WithIssueSeverity(i.severity), rs.WithInsightResourceTarget(i.target)))
}
