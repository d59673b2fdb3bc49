package connector

import (
	"context"
	"time"

	"github.com/conductorone/baton-openai/pkg/client"
)

// assigneeCount is the number of principals that a role is assigned to: users, groups and, in a project, service accounts. The
// members of a group are counted as the group.
type assigneeCount struct {
	count int
	// isComplete says that everybody was asked; otherwise there may be more.
	isComplete bool
}

// countAssignees asks each principal that may have the role, since the API does not list them: a call for
// each group and each user of the organization or of the project. It takes at most half of the remaining time; the other
// half is left for the deletion.
func (p provisioning) countAssignees(ctx context.Context, at roleAddress) (assigneeCount, error) {
	counting := client.Awaited(ctx)
	if deadline, has := ctx.Deadline(); has {
		var cancel context.CancelFunc
		counting, cancel = context.WithTimeout(counting, time.Until(deadline)/2)
		defer cancel()
	}
	count, err := p.countAssigned(counting, at)
	switch {
	case err == nil:
		return assigneeCount{count: count, isComplete: true}, nil
	case counting.Err() != nil && ctx.Err() == nil && kindOf(err) == client.KindStopped:
		warn(ctx, "there was no time to ask everybody who may hold the role; more may lose it than are counted")
		return assigneeCount{count: count}, nil
	case isGone(err):
		// The role itself exists.
		return assigneeCount{}, readError("counting who holds the role", err)
	default:
		return assigneeCount{}, err
	}
}

// countAssigned is to how many the role was found assigned when there was an error.
func (p provisioning) countAssigned(ctx context.Context, at roleAddress) (int, error) {
	count := 0
	// A service account may be a user as well.
	asked := map[assigneeKey]bool{}
	for _, list := range p.possibleHolders(at.in) {
		principals, err := list(ctx)
		if err != nil {
			return count, err
		}
		for _, principal := range principals {
			of := assigneeKey{principal.Type == client.PrincipalGroup, principal.ID}
			if asked[of] {
				continue
			}
			asked[of] = true
			held, err := p.rolesOf(principal).confirmedAssignment(ctx, roleByID(at.id))
			if err != nil {
				return count, err
			}
			if held.direct {
				count++
			}
		}
	}
	return count, nil
}

// assigneeKey names the roles of one route: those of a service account are those of a user.
type assigneeKey struct {
	isGroup bool
	id      string
}

type principalList func(context.Context) ([]client.Principal, error)

// possibleHolders are the lists of those to whom a role may be assigned. Groups come first: there are fewer of them, and more
// people lose what one of them loses.
func (p provisioning) possibleHolders(in client.RoleScope) []principalList {
	of := in.ProjectID
	if of == "" {
		return []principalList{
			p.groupsIn(in),
			principalsOf(p.client.ListUsers, func(user client.User) client.Principal {
				return client.OrganizationPrincipal(client.PrincipalUser, user.ID)
			}),
		}
	}
	return []principalList{
		p.groupsIn(in),
		principalsOf(listOf(p.client.ListProjectServiceAccounts, of), func(account client.ServiceAccount) client.Principal {
			return client.ProjectPrincipal(of, client.PrincipalServiceAccount, account.ID)
		}),
		principalsOf(listOf(p.client.ListProjectUsers, of), func(user client.ProjectUser) client.Principal {
			return client.ProjectPrincipal(of, client.PrincipalUser, user.ID)
		}),
	}
}

// groupsIn lists the groups of the organization or of a project.
func (p provisioning) groupsIn(in client.RoleScope) principalList {
	of := in.ProjectID
	if of == "" {
		return principalsOf(p.client.ListGroups, func(group client.Group) client.Principal {
			return client.OrganizationPrincipal(client.PrincipalGroup, group.ID)
		})
	}
	return principalsOf(listOf(p.client.ListProjectGroups, of), func(group client.ProjectGroup) client.Principal {
		return client.ProjectPrincipal(of, client.PrincipalGroup, group.GroupID)
	})
}

func principalsOf[T any](list pageReader[T], principal func(T) client.Principal) principalList {
	return func(ctx context.Context) ([]client.Principal, error) {
		rows, err := listAll(ctx, list)
		return convert(rows, principal), err
	}
}
