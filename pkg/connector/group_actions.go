package connector

import (
	"context"
)

const (
	argumentGroup = "group"
	argumentName  = "name"
)

func (p provisioning) groupActions() []action {
	return []action{{
		name: "update_group", displayName: "Rename group",
		description: "Gives a group another name. A group that SCIM manages is renamed in the identity provider only.",
		arguments: []actionField{
			{name: argumentGroup, displayName: "Group", description: "The group", kind: kindResourceID, required: true, types: types(resourceTypeGroup)},
			{name: argumentName, displayName: "Name", description: "Its new name", required: true},
		},
		returns: []actionField{{name: argumentGroup, displayName: "Group", description: "The group as it is now", kind: kindResource}},
		doing:   "renaming",
		subject: func(a actionArguments) string { return subjectOf(a.id(argumentGroup)) },
		run:     p.renameGroup,
	}}
}

// renameGroup gives a group another name, which other groups may have as well.
func (p provisioning) renameGroup(ctx context.Context, arguments actionArguments) (actionResult, error) {
	id, name := arguments.id(argumentGroup).GetResource(), arguments.text(argumentName)
	group, err := p.client.GetGroup(ctx, id)
	if err != nil {
		return actionResult{}, err
	}
	already := group.Name == name
	if !already {
		if err := p.refuseManagedGroup(ctx, id); err != nil {
			return actionResult{}, err
		}
		err = p.consistency.apply(ctx, change{
			write: func(ctx context.Context) error {
				_, err := p.client.RenameGroup(ctx, id, name)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				var err error
				group, err = p.client.GetGroup(ctx, id)
				return group.Name, err
			},
			before: group.Name, wanted: name,
		})
		if err != nil {
			return actionResult{}, err
		}
		group.Name = name // which a list may show late
	}
	return resourceResult(argumentGroup, group, groupResource, already)
}
