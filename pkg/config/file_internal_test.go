package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
)

// settings reads a file as the SDK does, with the flags of the four types that it has.
func settings(t *testing.T, path string) (*viper.Viper, *pflag.FlagSet) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("openai-admin-key", "", "")
	flags.Int("workers", 0, "")
	flags.Bool("provisioning", false, "")
	flags.StringSlice("sync-resource-types", nil, "")
	read := viper.New()
	read.SetConfigFile(path)
	read.SetConfigType("yaml")
	_ = read.ReadInConfig() // which the SDK ignores as well
	return read, flags
}

// FuzzConfigurationFile puts a secret anywhere into any file: what is said of the file is one line, without the secret.
func FuzzConfigurationFile(f *testing.F) {
	const secret = "zq9x7wvu5tsr3pon1mlk"
	for _, seed := range []string{
		"", "%", "openai-admin-key: %", "openai-admin-key: \"%", "%: openai-admin-key", "- %", "[%", "{%: %}", "workers: %", "provisioning: %", "workers: [1, %]", "workers: {a: %}",
		"openai-admin-key: {%: 1}", "openai-admin-key: &a [*a, %]", "openai-admin-key: |\n  %\n %", "? %\n: %", "sync-resource-types: %", "sync-resource-types: [%, a]", "%: %: %", "sk-%: 1",
		"openai_admin_key: %", "a.%.b: 1", "%YAML 1.2\n---\n%", "openai-admin-key: %\nopenai-admin-key: %", "\t%: 1", "\x00%", "\xff%", "openai-admin-key: !!binary %", "workers: !!int %",
		"<<: *%", "workers: 0x%", "--- %\n--- %", "workers: 9999999999999999999999",
		"%:", "workers:\n%: ~", "workers: 4\n---\n%: 1", "workers: 4\n---\n\"%", "sync-resource-types: []\n%: []", "sync-resource-types: [~, %]", "<<: {%: }",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "baton.yaml")
		text := strings.ReplaceAll(string(content), "%", secret)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		read, flags := settings(t, path)
		err := checkFile(read, flags.Lookup)
		if err == nil {
			return
		}
		require.Contains(t, err.Error(), "the configuration file ")
		require.NotContains(t, strings.ToLower(err.Error()), secret)
		require.NotContains(t, err.Error(), "\n")
	})
}

// What YAML takes for a number, a time or something else reaches a flag for a text as it is written, unless another source has set it.
func TestTextsOfTheFileStayAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"2026-01-31T00:00:00Z": "2026-01-31T00:00:00Z", "2026-01-31": "2026-01-31", "0123": "0123", "1_000": "1_000", "1e3": "1e3", "True": "True",
		`"0123"`: "0123", "user-1": "user-1", "'a''b'": "a'b", "|-\n  a": "a",
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "baton.yaml")
			require.NoError(t, os.WriteFile(path, []byte("OpenAI-admin-key: "+written+"\nworkers: 010\n"), 0o600))
			read, flags := settings(t, path)
			require.NoError(t, flags.Set("openai-admin-key", read.GetString("openai-admin-key")))
			require.NoError(t, KeepTexts(read, flags))
			require.Equal(t, want, flags.Lookup("openai-admin-key").Value.String())
			require.NoError(t, flags.Set("openai-admin-key", "of the command line"))
			require.NoError(t, KeepTexts(read, flags))
			require.Equal(t, "of the command line", flags.Lookup("openai-admin-key").Value.String())
		})
	}
}
