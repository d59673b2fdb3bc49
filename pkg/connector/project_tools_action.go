package connector

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

func (p provisioning) projectToolsActions() []action {
	tools := convert(client.HostedToolNames(), func(name string) actionField {
		return actionField{
			name: name, displayName: strings.ReplaceAll(name, "_", " "), kind: kindYesNo,
			description: "Whether the project may use the hosted tool " + name + "; it stays as it is if this is left out",
		}
	})
	return []action{{
		name: "set_project_tools", displayName: "Set project tools",
		description: "Says which of the tools that OpenAI hosts a project may use.",
		arguments:   append([]actionField{projectArgument()}, tools...),
		returns:     []actionField{projectReturn()},
		doing:       "setting the hosted tools of",
		subject:     projectSubject,
		run:         p.setProjectTools,
	}}
}

// setProjectTools leaves the tools as they are that are not given.
func (p provisioning) setProjectTools(ctx context.Context, arguments actionArguments) (actionResult, error) {
	wanted := map[string]bool{}
	for _, name := range client.HostedToolNames() {
		if is := arguments.yesNo(name); is != nil {
			wanted[name] = *is
		}
	}
	if len(wanted) == 0 {
		return actionResult{}, newError(codes.InvalidArgument, "nothing is asked for: give at least one of %s", strings.Join(client.HostedToolNames(), ", "))
	}
	return p.changeInProject(ctx, arguments.id(argumentProject), func(_ context.Context, project client.Project) (change, error) {
		return change{
			write: func(ctx context.Context) error {
				_, err := p.client.ModifyProjectHostedTools(ctx, project.ID, wanted)
				return err
			},
			read: func(ctx context.Context) (string, error) {
				tools, err := p.client.GetProjectHostedTools(ctx, project.ID)
				return describeTools(tools.Enabled, wanted), err
			},
			wanted: describeTools(wanted, wanted),
		}, nil
	})
}

// describeTools tells of the tools that are asked for.
func describeTools(enabled, asked map[string]bool) string {
	var words []string
	for _, name := range client.HostedToolNames() {
		if _, is := asked[name]; !is {
			continue
		}
		if enabled[name] {
			words = append(words, name+" on")
		} else {
			words = append(words, name+" off")
		}
	}
	return strings.Join(words, ", ")
}
