package conductoronetest

import (
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/protobuf/types/known/structpb"
)

// InvokeAction is the task to run an action that belongs to no resource type. The daemon answers within two seconds, even if the
// action still runs. [ActionStatus] then asks for its status.
func InvokeAction(name string, arguments *structpb.Struct) *v1.Task {
	return v1.Task_builder{ActionInvoke: v1.Task_ActionInvokeTask_builder{Name: name, Args: arguments}.Build()}.Build()
}

// ActionStatus is the task to ask for the status of an action, by the answer to its invocation.
func ActionStatus(invoked *v2.InvokeActionResponse) *v1.Task {
	return v1.Task_builder{ActionStatus: v1.Task_ActionStatusTask_builder{Name: invoked.GetName(), Id: invoked.GetId()}.Build()}.Build()
}

// ListActionSchemas is the task to list the actions.
func ListActionSchemas() *v1.Task {
	return v1.Task_builder{ActionListSchemas: &v1.Task_ActionListSchemasTask{}}.Build()
}

// describeAction describes a task about actions. It gives the type of any other task.
func (t *Task) describeAction() string {
	switch {
	case t.message.HasActionInvoke():
		return "invoke the action " + t.message.GetActionInvoke().GetName()
	case t.message.HasActionStatus():
		return fmt.Sprintf("ask for the status of the action %s, %s", t.message.GetActionStatus().GetName(), t.message.GetActionStatus().GetId())
	case t.message.HasActionListSchemas():
		return "list the actions"
	default:
		return t.message.WhichTaskType().String()
	}
}
