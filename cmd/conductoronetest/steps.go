package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// runCommand runs a command while the daemon runs, in the environment of this process.
func runCommand(ctx context.Context, number int, text string, stdout, stderr io.Writer) error {
	_, _ = fmt.Fprintf(stdout, "%d. Meanwhile: %s\n", number, text)
	command := exec.CommandContext(ctx, "sh", "-c", text) //nolint:gosec // running what the file names is the purpose
	command.Stdout, command.Stderr = stdout, stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("running %q: %w", text, err)
	}
	return nil
}

// runEvents lets the daemon list the new events of a feed, prints them, and lets it sync the resources that they name. The feed
// continues where the last such task ended.
func (o *options) runEvents(
	ctx context.Context, d *daemon, service *conductoronetest.Service, feeds map[string]*conductoronetest.EventFeed,
	message *v1.Task_ListEventsTask, number int, stdout io.Writer,
) error {
	id := message.GetEventFeedId()
	if feeds[id] == nil {
		feeds[id] = service.Follow(id, message.GetStartAt().AsTime())
	}
	var all []*v2.Event
	for more := true; more; {
		task := feeds[id].Next()
		if err := o.runTask(ctx, d, task, number, stdout); err != nil {
			return err
		}
		var events []*v2.Event
		var err error
		if events, more, err = feeds[id].Take(task); err != nil {
			return err
		}
		for _, event := range events {
			_, _ = fmt.Fprintf(stdout, "   %s\n", describe(event))
		}
		all = append(all, events...)
	}
	if targeted := conductoronetest.TargetedSync(all); targeted != nil {
		return o.runTask(ctx, d, service.Enqueue(targeted), number, stdout)
	}
	return nil
}

// describe describes an event.
func describe(event *v2.Event) string {
	named := func(id *v2.ResourceId) string { return id.GetResourceType() + " " + id.GetResource() }
	at := event.GetOccurredAt().AsTime().Format("15:04:05")
	switch {
	case event.HasResourceChangeEvent():
		return fmt.Sprintf("%s: %s has changed", at, named(event.GetResourceChangeEvent().GetResourceId()))
	case event.HasCreateGrantEvent():
		given := event.GetCreateGrantEvent()
		return fmt.Sprintf("%s: %s was granted to %s", at, given.GetEntitlement().GetId(), named(given.GetPrincipal().GetId()))
	case event.HasUsageEvent():
		used := event.GetUsageEvent()
		return fmt.Sprintf("%s: %s was used by %s", at, named(used.GetTargetResource().GetId()), named(used.GetActorResource().GetId()))
	default:
		return at + ": " + strings.TrimSpace(event.String())
	}
}
