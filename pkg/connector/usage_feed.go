package connector

import (
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// usageFeed tells who has logged in to OpenAI's own pages, which no list does.
func usageFeed() *eventFeed {
	return &eventFeed{
		id: feedUsage, eventTypes: []v2.EventType{v2.EventType_EVENT_TYPE_USAGE},
		entryTypes: []string{"login.succeeded"}, maxEvents: 1, events: loginEvents,
	}
}

func loginEvents(entry client.AuditLog) []*v2.Event {
	user := entry.Actor.UserID
	if entry.Actor.Type != client.ActorSession || !isValidResourceID(user) {
		return nil
	}
	return withoutNil(newEvent(entry, "", v2.Event_builder{UsageEvent: v2.UsageEvent_builder{
		TargetResource: v2.Resource_builder{Id: organizationResourceID(), DisplayName: organizationName}.Build(),
		ActorResource:  reference(resourceID(resourceTypeUser, user)),
	}.Build()}))
}
