package service

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/conductorone/baton-openai/pkg/config"
)

// LogToPath lets the connector's process log to --log-path. The SDK does so only in the process of the runner; the other one logs
// to the standard error, which becomes the first file of the flag.
func LogToPath(root *cobra.Command) error {
	command, _, err := root.Find([]string{commandName})
	if err != nil {
		return fmt.Errorf("finding the command %s: %w", commandName, err)
	}
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		if err := config.Normalize(command.Flags()); err != nil {
			return err
		}
		paths, err := command.Flags().GetStringSlice("log-path")
		if err != nil || len(paths) == 0 {
			return err
		}
		switch path := strings.TrimPrefix(paths[0], "file://"); path {
		case "stderr":
		case "stdout":
			os.Stderr = os.Stdout
		default:
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666) //nolint:gosec // as the SDK opens it
			if err != nil {
				return fmt.Errorf("opening the log: %w", err)
			}
			os.Stderr = file
		}
		return nil
	}
	return nil
}
