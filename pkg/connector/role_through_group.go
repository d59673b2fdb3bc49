package connector

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// groupGivesRole tells whether a group gives a principal a predefined role, in the organization or in a project: it
// holds the role there and has the principal as a member. The API does not always say through which group a role is
// held. The lists are those that the groups' own grants are read from. Where they are refused for good, no group is
// known to give anything.
func (s *syncReader) groupGivesRole(ctx context.Context, principalID, role, in string) (bool, error) {
	holders, err := s.groupsWithRole(ctx, role, in)
	if err != nil {
		return false, err
	}
	groups := holders.ids
	if in != organizationKey && role == slugOwner {
		owners, err := s.groupsWithRole(ctx, roleOwner, organizationKey)
		if err != nil {
			return false, err
		}
		groups = append(slices.Clip(owners.ids), groups...)
	}
	for _, groupID := range groups {
		members, err := s.groupMembers(ctx, groupID)
		if err != nil || members[principalID] {
			return err == nil, err
		}
	}
	return false, nil
}

// groupGiving is the same for changes, of any role: it gives the id of the group, "" for none. It asks group by group, so it is for what
// is left where everything else has been looked at.
func (p provisioning) groupGiving(ctx context.Context, principalID string, role requestedRole, in string) (string, error) {
	if in != organizationKey && role.name == slugOwner {
		if group, err := p.groupGiving(ctx, principalID, roleByName(organizationKey, roleOwner), organizationKey); err != nil || group != "" {
			return group, err
		}
	}
	scope := client.OrganizationScope()
	if in != organizationKey {
		scope = client.ProjectScope(in)
	}
	groups, err := p.groupsIn(scope)(ctx)
	if err := ignorePermanentRefusal(err); err != nil {
		return "", err
	}
	for _, group := range groups {
		held, err := p.rolesOf(group).assignment(ctx, role)
		switch {
		case ignorePermanentRefusal(err) != nil:
			return "", err
		case held.row == nil:
			continue
		}
		switch _, err := p.client.GetGroupUser(ctx, group.ID, principalID); {
		case err == nil:
			return group.ID, nil
		case ignorePermanentRefusal(err) != nil:
			return "", err
		}
	}
	return "", nil
}

// warnOfUnknownSources tells of each source of an inherited role, once, that is no group of the organization: nothing else
// shows what it gives.
func (s *syncReader) warnOfUnknownSources(ctx context.Context, held client.AssignedRole, in string) error {
	if !s.includes(resourceTypeGroup) || s.isTargeted() {
		return nil
	}
	for _, source := range held.AssignmentSources {
		if !s.isFirst("source/" + source.PrincipalID) {
			continue
		}
		known, err := s.knownGroups(ctx, []string{source.PrincipalID})
		if err != nil {
			return err
		}
		if !known[source.PrincipalID] {
			warn(ctx, "roles are inherited from a source that is no group of the organization; access through it alone is not shown",
				zap.String("source_type", source.PrincipalType), zap.String("source_id", source.PrincipalID), zap.String("role_id", held.ID), zap.String("in", in))
		}
	}
	return nil
}

// groupsOfRole are the ids of the groups that hold a predefined role. whole is false where the roles of some group are refused for good.
type groupsOfRole struct {
	ids   []string
	whole bool
}

// groupsWithRole gives the groups that hold a predefined role.
func (s *syncReader) groupsWithRole(ctx context.Context, role, in string) (groupsOfRole, error) {
	key := storeKey(in) + "/" + role
	s.mu.Lock()
	withRole, known := s.groupsByRole[key]
	s.mu.Unlock()
	if known {
		return withRole, nil
	}
	groups, rolesOf, err := s.groupsAndRoleLists(ctx, in)
	if err != nil {
		return groupsOfRole{}, err
	}
	withRole.whole = true
	for _, groupID := range groups {
		held, err := getRows(ctx, s, rolesOf(groupID))
		if err != nil && !isPermanentRefusal(err) {
			return groupsOfRole{}, err
		}
		withRole.whole = withRole.whole && err == nil
		for _, row := range held {
			name, err := s.predefinedName(ctx, row, in)
			if err != nil {
				return groupsOfRole{}, err
			}
			if name == role {
				withRole.ids = append(withRole.ids, groupID)
			}
		}
	}
	s.mu.Lock()
	s.groupsByRole[key] = withRole
	s.mu.Unlock()
	return withRole, nil
}

// groupsAndRoleLists gives the ids of the groups of the organization or of a project, and the list of the roles of each.
func (s *syncReader) groupsAndRoleLists(ctx context.Context, in string) ([]string, func(groupID string) list[client.AssignedRole], error) {
	if in == organizationKey {
		groups, err := getRows(ctx, s, groupsList())
		return convert(groups, func(group client.Group) string { return group.ID }), groupRolesList, ignorePermanentRefusal(err)
	}
	groups, err := getRows(ctx, s, projectGroupsList(in))
	ids := convert(groups, func(group client.ProjectGroup) string { return group.GroupID })
	return ids, func(groupID string) list[client.AssignedRole] { return projectGroupRolesList(in, groupID) }, ignorePermanentRefusal(err)
}

// groupMembers gives the ids of a group's members.
func (s *syncReader) groupMembers(ctx context.Context, groupID string) (map[string]bool, error) {
	s.mu.Lock()
	members, known := s.membersByGroup[groupID]
	s.mu.Unlock()
	if known {
		return members, nil
	}
	users, err := getRows(ctx, s, groupUsersList(groupID))
	if err := ignorePermanentRefusal(err); err != nil {
		return nil, err
	}
	members = make(map[string]bool, len(users))
	for _, user := range users {
		members[user.ID] = true
	}
	s.mu.Lock()
	s.membersByGroup[groupID] = members
	s.mu.Unlock()
	return members, nil
}
