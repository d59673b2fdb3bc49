package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The capabilities and the actions are printed identically on each run.
func TestCapabilitiesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, argument := range []string{"capabilities", "--list-action-schemas"} {
		t.Run(argument, func(t *testing.T) {
			t.Parallel()
			var first string
			for range 40 {
				command := exec.CommandContext(t.Context(), "baton-openai", argument)
				command.Env = append(os.Environ(), "BATON_OPENAI_ADMIN_KEY="+adminKey, "GORACE="+raceSettings)
				output, err := command.Output()
				require.NoError(t, err)
				if first == "" {
					first = string(output)
				}
				require.Equal(t, first, string(output))
			}
		})
	}
}
