package connector

import (
	"context"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/status"
)

// changeLocks make changes of the same subject run one after the other, their reads included: each sees what the one
// before has changed. All other changes run at once. It holds within one connector, since ConductorOne hands each task
// to one.
type changeLocks struct {
	mu sync.Mutex
	// subjects has the changes that run or wait, by subject.
	subjects map[string]*subjectChanges
}

// subjectChanges are the changes of one subject.
type subjectChanges struct {
	// turn is held by the change that runs.
	turn chan struct{}
	// count is how many run or wait; the last one removes the entry.
	count int
}

func newChangeLocks() *changeLocks {
	return &changeLocks{subjects: map[string]*subjectChanges{}}
}

// acquire waits until no other change of the subject runs, and gives the function that ends the turn. It fails if the
// context ends first.
func (l *changeLocks) acquire(ctx context.Context, subject string) (func(), error) {
	l.mu.Lock()
	same := l.subjects[subject]
	if same == nil {
		same = &subjectChanges{turn: make(chan struct{}, 1)}
		l.subjects[subject] = same
	}
	same.count++
	l.mu.Unlock()

	release := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		same.count--
		if same.count == 0 {
			delete(l.subjects, subject)
		}
	}
	select {
	case same.turn <- struct{}{}:
		return func() { <-same.turn; release() }, nil
	case <-ctx.Done():
		release()
		return nil, newError(status.FromContextError(ctx.Err()).Code(), "waiting for another change of the same: %w", ctx.Err())
	}
}

// ownersSubject is the second subject of all changes that may remove the last owner. It is acquired after the change's
// own subject, and never the other way round.
const ownersSubject = "the owners of the organization"

// subject is shared by the changes that exclude each other:
//
//   - owner and reader of the organization, of one principal, and the membership, with which they go;
//   - everything of one principal in one project: a custom role needs the membership, and goes with it;
//   - otherwise the same entitlement of the same principal.
func (r changeRequest) subject() string {
	switch r.resource.GetResourceType() {
	case resourceTypeOrganization.GetId():
		return subjectOf(r.principal)
	case resourceTypeOrganizationRole.GetId():
		if r.isPredefinedOrganizationRole() {
			return subjectOf(r.principal)
		}
	case resourceTypeProject.GetId(), resourceTypeProjectRole.GetId():
		// Where ids have slashes, that of the project is not known yet: then its beginning is.
		return "project " + firstSegment(r.resource.GetResource()) + " " + subjectOf(r.principal)
	}
	return r.grantID()
}

// subjectOf is the subject of changes of a resource in the organization, such as the deletion of a user.
func subjectOf(id *v2.ResourceId) string {
	return id.GetResourceType() + " " + id.GetResource()
}
