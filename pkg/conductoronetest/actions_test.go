package conductoronetest_test

import (
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/assert"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

func TestTasksOfActions(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	assert.Equal(t, "list the actions", p.service.Enqueue(conductoronetest.ListActionSchemas()).String())
	assert.Equal(t, "invoke the action try", p.service.Enqueue(conductoronetest.InvokeAction("try", &structpb.Struct{})).String())
	invoked := v2.InvokeActionResponse_builder{Name: "try", Id: "a1"}.Build()
	assert.Equal(t, "ask for the status of the action try, a1", p.service.Enqueue(conductoronetest.ActionStatus(invoked)).String())
}
