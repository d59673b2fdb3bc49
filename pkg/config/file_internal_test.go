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
