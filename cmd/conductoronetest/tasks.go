package main

import (
	"fmt"
	"os"
	"strings"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// step is a task for the daemon, or a shell command.
type step struct {
	task *v1.Task
	// command is the shell command; empty for a task.
	command string
}

// commandMark begins a line with a command.
const commandMark = "$ "

// readSteps reads a task or a command from each line that is not empty or a comment.
func readSteps(path string) ([]step, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is an argument of the command
	if err != nil {
		return nil, fmt.Errorf("reading the tasks: %w", err)
	}
	var steps []step
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if command, isCommand := strings.CutPrefix(line, commandMark); isCommand {
			steps = append(steps, step{command: command})
			continue
		}
		task := &v1.Task{}
		if err := protojson.Unmarshal([]byte(line), task); err != nil {
			return nil, fmt.Errorf("reading the task in line %d of %s: %w", number, path, err)
		}
		if !task.HasTaskType() {
			return nil, fmt.Errorf("line %d of %s has no type of task", number, path)
		}
		steps = append(steps, step{task: task})
	}
	return steps, nil
}
