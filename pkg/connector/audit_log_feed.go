package connector

import (
	"fmt"
	"maps"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"

	"github.com/conductorone/baton-openai/pkg/client"
)

// auditLogFeed tells which resources have changed, so that ConductorOne reads them anew, and which roles were given.
func auditLogFeed() *eventFeed {
	return &eventFeed{
		id:         feedAuditLog,
		eventTypes: []v2.EventType{v2.EventType_EVENT_TYPE_RESOURCE_CHANGE, v2.EventType_EVENT_TYPE_CREATE_GRANT},
		entryTypes: slices.Sorted(maps.Keys(auditLogChanges)), maxEvents: maxChanges, events: changeEvents,
	}
}

// maxChanges is how many events an entry gives at most.
const maxChanges = 2

// changeEvents gives each event of an entry an id of its own, which is the same whenever the entry is read.
func changeEvents(entry client.AuditLog) []*v2.Event {
	meaning, known := auditLogChanges[entry.Type]
	if !known {
		return nil
	}
	var events []*v2.Event
	for i, changed := range meaning(entry) {
		if !isValidResourceID(changed.id.GetResource()) {
			continue
		}
		suffix := ""
		if i > 0 {
			suffix = fmt.Sprintf("/%d", i)
		}
		events = append(events, newEvent(entry, suffix, v2.Event_builder{
			ResourceChangeEvent: v2.ResourceChangeEvent_builder{ResourceId: changed.id, ParentResourceId: changed.parent}.Build(),
		}))
	}
	if given := grantedRole(entry); given != nil && len(events) > 0 {
		events = append(events, newEvent(entry, "/grant", v2.Event_builder{CreateGrantEvent: given}))
	}
	return withoutNil(events...)
}

// withoutNil leaves out what could not be made.
func withoutNil(events ...*v2.Event) []*v2.Event {
	return slices.DeleteFunc(events, func(event *v2.Event) bool { return event == nil })
}

// isValidResourceID tells whether an id of the log can be that of a resource.
func isValidResourceID(id string) bool { return id != "" && len(id) <= maxIDBytes && isPrintable(id) }

// grantedRole is the grant of a role where role and principal can be read beyond doubt: a predefined role by the
// documented form of its id, to a group or, in the organization, to a user. In a project a user's id may be a service
// account's. Of a custom role the log has no more than an id, which says nothing about the role. ConductorOne also reads
// the resource again: the role may have replaced another one.
func grantedRole(entry client.AuditLog) *v2.CreateGrantEvent {
	details := entry.Details
	if entry.Type != roleAssignmentCreated || !isValidResourceID(details.PrincipalID) {
		return nil
	}
	name := assignedRoleName(details)
	var principal, resource *v2.ResourceId
	slug := name
	switch inOrganization := details.ResourceType == scopeOrganization.resourceType; {
	case name == "":
		return nil
	case details.PrincipalType == principalGroup:
		principal = resourceID(resourceTypeGroup, details.PrincipalID)
	case details.PrincipalType == principalUser && inOrganization:
		principal = resourceID(resourceTypeUser, details.PrincipalID)
	default:
		return nil
	}
	if details.ResourceType == scopeOrganization.resourceType {
		resource, slug = resourceID(resourceTypeOrganizationRole, name), slugAssigned
	} else {
		resource = resourceID(resourceTypeProject, details.ResourceID)
	}
	return v2.CreateGrantEvent_builder{
		Entitlement: v2.Entitlement_builder{Id: ent.NewEntitlementID(reference(resource), slug), Slug: slug, Resource: reference(resource)}.Build(),
		Principal:   reference(principal),
	}.Build()
}
