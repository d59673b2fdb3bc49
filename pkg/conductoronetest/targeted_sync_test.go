package conductoronetest_test

import (
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

func TestTargetedSync(t *testing.T) {
	t.Parallel()
	id := func(resourceType, resource string) *v2.ResourceId {
		return v2.ResourceId_builder{ResourceType: resourceType, Resource: resource}.Build()
	}
	changed := func(id, parent *v2.ResourceId) *v2.Event {
		return v2.Event_builder{Id: "e", ResourceChangeEvent: v2.ResourceChangeEvent_builder{ResourceId: id, ParentResourceId: parent}.Build()}.Build()
	}
	used := v2.Event_builder{Id: "u", UsageEvent: &v2.UsageEvent{}}.Build()
	assert.Nil(t, conductoronetest.TargetedSync(nil))
	assert.Nil(t, conductoronetest.TargetedSync([]*v2.Event{used}), "nothing has changed")

	task := conductoronetest.TargetedSync([]*v2.Event{
		changed(id("user", "ann"), nil), used, changed(id("key", "1"), id("project", "p")), changed(id("user", "ann"), nil), changed(id("key", "1"), nil),
	})
	targets := task.GetSyncFull().GetTargetedSyncResources()
	require.Len(t, targets, 3)
	assert.Equal(t, "p", targets[1].GetParentResourceId().GetResource())

	p := newPeer(t, &conductoronetest.Service{})
	assert.Equal(t, "targeted sync of user ann, key 1, key 1", p.service.Enqueue(task).String())
	assert.Equal(t, "full sync", p.service.Enqueue(v1.Task_builder{SyncFull: &v1.Task_SyncFullTask{}}.Build()).String())
}
