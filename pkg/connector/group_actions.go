package connector

import (
	"context"

	"github.com/conductorone/baton-openai/pkg/client"
)

const (
	argumentGroup = "group"
	argumentName  = "name"
)

func (p provisioning) groupActions() []action {
	b := &groupBuilder{provisioning: p}
	return []action{{
		name: "update_group", displayName: "Rename group",
		description: "Gives a group another name. A group that SCIM manages is renamed in the identity provider only.",
		arguments: []actionField{
			{name: argumentGroup, displayName: "Group", description: "The group", kind: kindResourceID, required: true, types: types(resourceTypeGroup)},
			{name: argumentName, displayName: "Name", description: "Its new name", required: true},
		},
		returns: []actionField{{name: argumentGroup, displayName: "Group", description: "The group as it is now", kind: kindResource}},
		doing:   "renaming",
		about:   func(a actionArguments) string { return aboutPrincipal(a.id(argumentGroup)) },
		run:     b.rename,
	}}
}

// rename gives a group another name, which other groups may have as well.
func (b *groupBuilder) rename(ctx context.Context, arguments actionArguments) (returned, error) {
	id, name := arguments.id(argumentGroup).GetResource(), arguments.text(argumentName)
	group, err := b.client.GetGroup(ctx, id)
	if err != nil {
		return returned{}, err
	}
	already := group.Name == name
	if !already {
		if err := b.refuseManaged(ctx, id); err != nil {
			return returned{}, err
		}
		err = b.consistency.apply(ctx, change{
			write: func(ctx context.Context) error {
				_, err := b.client.RenameGroup(ctx, id, name)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				var err error
				group, err = b.client.GetGroup(ctx, id)
				return group.Name, err
			},
			before: group.Name, wanted: name,
		})
		if err != nil {
			return returned{}, err
		}
		group.Name = name // which a list may show late
	}
	done, err := b.returnGroup(group)
	done.already = already
	return done, err
}

func (b *groupBuilder) returnGroup(group client.Group) (returned, error) {
	resource, err := groupResource(group)
	if err != nil {
		return returned{}, err
	}
	return returning(argumentGroup, resource)
}
