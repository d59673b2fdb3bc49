package main

import (
	"fmt"
	"os"
	"strings"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// readTasks reads one task from each line that is not empty or a comment.
func readTasks(path string) ([]*v1.Task, error) {
	text, err := os.ReadFile(path) //nolint:gosec // whoever runs the command says which
	if err != nil {
		return nil, fmt.Errorf("reading the tasks: %w", err)
	}
	var tasks []*v1.Task
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		task := &v1.Task{}
		if err := protojson.Unmarshal([]byte(line), task); err != nil {
			return nil, fmt.Errorf("reading the task in line %d of %s: %w", number, path, err)
		}
		if !task.HasTaskType() {
			return nil, fmt.Errorf("line %d of %s has no type of task", number, path)
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}
