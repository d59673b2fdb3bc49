package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"gopkg.in/yaml.v3" // which viper reads the file with
)

// pathEnv is the SDK's variable for the path of the configuration file. The default is in the working directory.
const pathEnv = "BATON_CONFIG_PATH"

// checkFile refuses a configuration file that the SDK would silently ignore, in whole or in part: one that it cannot find or read,
// an unknown setting, an invalid value. Errors quote no values.
//
// The SDK has read the file into settings. lookup gives the flag of a setting, nil for an unknown one.
func checkFile(settings *viper.Viper, lookup func(name string) *pflag.Flag) error {
	path := settings.ConfigFileUsed()
	if path == "" {
		return checkAbsence()
	}
	values, err := writtenSettings(path)
	if err != nil {
		return fmt.Errorf("the configuration file %s %w", path, err)
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		setting := strings.ToLower(name)
		flag := lookup(setting)
		if slices.Contains(commandLineOnly, setting) {
			flag = nil
		}
		if err := checkSetting(flag, setting, values[name]); err != nil {
			return fmt.Errorf("the configuration file %s %w", path, err)
		}
		if seen[setting] {
			return fmt.Errorf("the configuration file %s has %s twice, in large and in small letters: leave one of them out", path, setting)
		}
		seen[setting] = true
	}
	return nil
}

// KeepTexts gives each flag for a text what is written in the configuration file. YAML makes a time or a number of some texts, and the
// SDK writes those in another way: 2026-01-31T00:00:00Z becomes 2026-01-31 00:00:00 +0000 UTC.
func KeepTexts(settings *viper.Viper, flags *pflag.FlagSet) error {
	content, err := os.ReadFile(settings.ConfigFileUsed())
	if err != nil {
		return nil //nolint:nilerr // checkFile says what is wrong with the file
	}
	written := map[string]yaml.Node{}
	if err := yaml.Unmarshal(content, &written); err != nil {
		return nil //nolint:nilerr // the same
	}
	for key, node := range written {
		name := strings.ToLower(key)
		flag := flags.Lookup(name)
		if flag == nil || flag.Value.Type() != "string" || node.Kind != yaml.ScalarNode {
			continue
		}
		if _, isText := settings.Get(name).(string); isText || flag.Value.String() != settings.GetString(name) {
			continue // from the environment or the command line, or a text for YAML as well
		}
		if err := flags.Set(name, node.Value); err != nil {
			return fmt.Errorf("reading the configuration file: %w", err)
		}
	}
	return nil
}

// writtenSettings reads the settings of a file as they are written. The SDK leaves out those without a value, and what follows the
// first document.
func writtenSettings(path string) (map[string]any, error) {
	content, err := os.ReadFile(path) //nolint:gosec // as the SDK reads it
	if err != nil {
		return nil, errors.New(unreadable(err))
	}
	documents := yaml.NewDecoder(bytes.NewReader(content))
	values := map[string]any{}
	if err := documents.Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New(unreadable(err))
	}
	for {
		var further any
		err := documents.Decode(&further)
		switch {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil || further != nil:
			return nil, errors.New("has more than one YAML document: put all settings into one, without lines of ---")
		}
	}
}

// CheckPath refuses a path that the SDK would refuse in words of its own, without a name for what it is.
func CheckPath() error {
	path := os.Getenv(pathEnv)
	if path == "" {
		return nil
	}
	switch filepath.Ext(filepath.Clean(path)) {
	case ".yaml", ".yml":
		return nil
	default:
		return fmt.Errorf("the configuration file %s, which %s names, has to have a name that ends in .yaml or .yml", path, pathEnv)
	}
}

// checkAbsence refuses a missing file if its path was configured.
func checkAbsence() error {
	path, isNamed := os.LookupEnv(pathEnv)
	isNamed = isNamed && path != ""
	if !isNamed {
		path = ".baton.yaml"
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("the configuration file %s is a folder", path)
	case isNamed:
		return fmt.Errorf("the configuration file %s, which %s names, cannot be found", path, pathEnv)
	default:
		return nil
	}
}

// lineOfError matches the part of a parser's message without values: the rest may quote the file.
var lineOfError = regexp.MustCompile(`\bline (\d+)`)

func unreadable(err error) string {
	var access *fs.PathError
	if errors.As(err, &access) {
		return "cannot be read: " + access.Err.Error()
	}
	const advice = "is not YAML with one setting a line, such as workers: 4"
	if line := lineOfError.FindString(err.Error()); line != "" {
		return advice + "; see " + line
	}
	return advice
}

// settingName matches names of settings, also misspelt ones. Anything else may be a secret on the wrong side of the colon.
var settingName = regexp.MustCompile(`^[a-z]{1,20}(?:[-_][a-z0-9]{1,12}){0,6}$`)

func isSettingName(name string) bool {
	return settingName.MatchString(name) && !strings.HasPrefix(name, "sk-") && !strings.HasPrefix(name, "sess-")
}
