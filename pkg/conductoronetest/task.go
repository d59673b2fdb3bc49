package conductoronetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Task is a task of the daemon, as the service sees it.
type Task struct {
	// ID is the id of the task, which the service sets.
	ID string

	service  *Service
	message  *v1.Task
	begun    chan struct{}
	finished chan struct{}

	// The service's lock guards these.
	isBegun, isActive, isFinished, isCancelled bool
	reports                                    []Outcome
	heartbeats                                 int
	uploads                                    [][]byte
}

// Outcome is a report of the daemon about a task.
type Outcome struct {
	// Status is OK for a success.
	Status *status.Status
	// Retryable says that the task may be tried again; false for a success.
	Retryable bool
	// Response is the connector's answer, if any.
	Response *anypb.Any
}

// Succeeded tells whether the task succeeded.
func (o Outcome) Succeeded() bool { return o.Status.Code() == codes.OK }

// Enqueue sets the id of the task and adds it to the queue for the daemon.
func (s *Service) Enqueue(message *v1.Task) *Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	// An id has 27 letters and digits.
	task := &Task{
		ID: fmt.Sprintf("task%023d", s.made), service: s, message: proto.CloneOf(message),
		begun: make(chan struct{}), finished: make(chan struct{}),
	}
	task.message.SetId(task.ID)
	s.tasks[task.ID] = task
	s.queue = append(s.queue, task)
	return task
}

// Begun is closed after the daemon got the task.
func (t *Task) Begun() <-chan struct{} { return t.begun }

// Finished is closed after the last report about the task.
func (t *Task) Finished() <-chan struct{} { return t.finished }

// Wait waits until the task is finished and returns the last report.
func (t *Task) Wait(ctx context.Context) (Outcome, error) {
	select {
	case <-t.finished:
		return t.Outcome(), nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("conductoronetest: waiting for %s: %w", t.ID, context.Cause(ctx))
	}
}

// Outcome is the last report about the task; the zero value without one.
func (t *Task) Outcome() Outcome {
	t.service.mu.Lock()
	defer t.service.mu.Unlock()
	if len(t.reports) == 0 {
		return Outcome{}
	}
	return t.reports[len(t.reports)-1]
}

// String describes the task.
func (t *Task) String() string {
	targets := t.message.GetSyncFull().GetTargetedSyncResources()
	switch {
	case len(targets) > 0:
		names := make([]string, 0, len(targets))
		for _, target := range targets {
			names = append(names, resourceName(target.GetId()))
		}
		return "targeted sync of " + strings.Join(names, ", ")
	case t.message.HasSyncFull():
		return "full sync"
	case t.message.HasGrant():
		return fmt.Sprintf("grant %s to %s", t.message.GetGrant().GetEntitlement().GetId(), resourceName(t.message.GetGrant().GetPrincipal().GetId()))
	case t.message.HasRevoke():
		grant := t.message.GetRevoke().GetGrant()
		return fmt.Sprintf("revoke %s from %s", grant.GetEntitlement().GetId(), resourceName(grant.GetPrincipal().GetId()))
	case t.message.HasCreateAccount():
		return "create account " + t.message.GetCreateAccount().GetAccountInfo().GetLogin()
	case t.message.HasDeleteResource():
		return "delete " + resourceName(t.message.GetDeleteResource().GetResourceId())
	case t.message.HasIssueCredential():
		return "issue a credential to " + resourceName(t.message.GetIssueCredential().GetIdentityId())
	case t.message.HasListEvents():
		return "list the events of " + t.message.GetListEvents().GetEventFeedId()
	default:
		return t.describeAction()
	}
}

func resourceName(id *v2.ResourceId) string { return id.GetResourceType() + " " + id.GetResource() }

// Reports returns all reports about the task, in order: more than one after a retry.
func (t *Task) Reports() []Outcome {
	t.service.mu.Lock()
	defer t.service.mu.Unlock()
	return slices.Clone(t.reports)
}

// Heartbeats is the number of heartbeats of the task.
func (t *Task) Heartbeats() int {
	t.service.mu.Lock()
	defer t.service.mu.Unlock()
	return t.heartbeats
}

// Uploads returns the complete uploads of the task.
func (t *Task) Uploads() [][]byte {
	t.service.mu.Lock()
	defer t.service.mu.Unlock()
	copies := make([][]byte, 0, len(t.uploads))
	for _, upload := range t.uploads {
		copies = append(copies, bytes.Clone(upload))
	}
	return copies
}

// Cancel tells the daemon to stop, with the next heartbeat of the task.
func (t *Task) Cancel() {
	t.service.mu.Lock()
	defer t.service.mu.Unlock()
	t.isCancelled = true
}

// takeLocked removes the next tasks from the queue, up to the limit.
func (s *Service) takeLocked(limit int) []*v1.Task {
	taken := make([]*v1.Task, 0, min(limit, len(s.queue)))
	for len(s.queue) > 0 && len(taken) < limit {
		task := s.queue[0]
		s.queue = s.queue[1:]
		task.isActive = true
		if !task.isBegun {
			task.isBegun = true
			close(task.begun)
		}
		taken = append(taken, proto.CloneOf(task.message))
	}
	return taken
}

// activeTaskLocked finds a task that the daemon works on.
func (s *Service) activeTaskLocked(id string) (*Task, error) {
	task, known := s.tasks[id]
	switch {
	case !known:
		return nil, status.Errorf(codes.NotFound, "there is no task %q", id)
	case task.isFinished:
		return nil, status.Errorf(codes.FailedPrecondition, "task %s is finished already", id)
	case !task.isActive:
		return nil, status.Errorf(codes.FailedPrecondition, "task %s was not given out", id)
	default:
		return task, nil
	}
}

// reportLocked adds a report. The task is then finished, or in the queue again.
func (t *Task) reportLocked(outcome Outcome) {
	t.isActive = false
	t.reports = append(t.reports, outcome)
	if outcome.Retryable && len(t.reports) <= t.service.Retries {
		t.service.queue = append(t.service.queue, t)
		return
	}
	t.isFinished = true
	close(t.finished)
}
