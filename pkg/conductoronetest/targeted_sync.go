package conductoronetest

import (
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
)

// TargetedSync is the task to sync the changed resources of the events, each once and with its parent. It is nil if there are
// none: a sync without resources would be a full one.
func TargetedSync(events []*v2.Event) *v1.Task {
	var changed []*v2.Resource
	seen := map[string]bool{}
	for _, event := range events {
		if !event.HasResourceChangeEvent() {
			continue
		}
		id, parent := event.GetResourceChangeEvent().GetResourceId(), event.GetResourceChangeEvent().GetParentResourceId()
		if key := resourceName(id) + " " + resourceName(parent); !seen[key] {
			seen[key] = true
			changed = append(changed, v2.Resource_builder{Id: id, ParentResourceId: parent}.Build())
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return v1.Task_builder{SyncFull: v1.Task_SyncFullTask_builder{TargetedSyncResources: changed}.Build()}.Build()
}
