package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/conductorone/baton-sdk/pkg/bid"
	"github.com/conductorone/baton-sdk/pkg/logging"
	"github.com/spf13/pflag"
)

// checkSetting checks the type of a value from any source: the command line, the environment or the configuration file.
func checkSetting(flag *pflag.Flag, name string, value any) error {
	if flag == nil {
		if !isSettingName(name) {
			return errors.New("has a line that does not begin with a setting's name")
		}
		return fmt.Errorf("has %s, which is no setting; --help lists them", name)
	}
	if elements, is := value.([]any); value == nil || is && len(elements) == 0 {
		return fmt.Errorf("has no value for %s: give it one, or leave the line out", name)
	}
	text, isScalar := scalar(value)
	switch flag.Value.Type() {
	case "bool":
		if _, err := strconv.ParseBool(text); err != nil || !isScalar {
			return fmt.Errorf("has a value for %s that is neither true nor false", name)
		}
	case "int":
		if _, err := strconv.Atoi(text); err != nil || !isScalar {
			return fmt.Errorf("has a value for %s that is not a whole number", name)
		}
	case "string":
		if !isScalar {
			return fmt.Errorf("has a value for %s that is not one text", name)
		}
	case listType:
		elements, is := value.([]any)
		if is && !areElements(elements) || !is && (!isScalar || !isList(text)) {
			return fmt.Errorf("has a value for %s that is not a list: write the values in one line with commas between them, without quotation marks", name)
		}
	}
	return nil
}

// scalar gives the text of a value, and false for none, a list or a map.
func scalar(value any) (string, bool) {
	switch value.(type) {
	case nil, []any, map[string]any, map[any]any:
		return "", false
	default:
		return fmt.Sprint(value), true
	}
}

// mayBeEmpty are the flags that may be empty.
var mayBeEmpty = []string{AdminKeyField.FieldName, "storage-engine", "c1z-temp-dir", baseURLField.FieldName}

// checkEmpty refuses empty values, which scripts pass by mistake: the SDK would ignore the flag, and run a sync instead of a change.
// Without quotation marks, the value of such a flag is the next flag.
func (g given) checkEmpty() error {
	var found error
	g.flags.Visit(func(flag *pflag.Flag) {
		text := strings.TrimSpace(flag.Value.String())
		if flag.Value.Type() == listType {
			text = strings.Join(g.list(flag.Name), ",")
		}
		switch {
		case found != nil || slices.Contains(mayBeEmpty, flag.Name):
		case text == "":
			found = fmt.Errorf("--%s is empty: give it a value, or leave it out", flag.Name)
		case strings.HasPrefix(text, "-") && flag.Value.Type() != "int":
			found = fmt.Errorf("--%s has a flag for its value, or one that begins with a dash: give it another one, or leave it out", flag.Name)
		}
	})
	return found
}

// choices are the flags with a fixed set of values.
var choices = map[string][]string{
	"log-level":                    {"debug", "info", "warn", "error"},
	"log-format":                   {logging.LogFormatJSON, logging.LogFormatConsole},
	"storage-engine":               {"", "sqlite", "pebble"},
	"create-account-resource-type": {"invitation"},
	"event-feed":                   {"true"},
	"event-feed-id":                {"audit_log", "usage"},
}

func (g given) checkChoices() error {
	var found error
	g.flags.Visit(func(flag *pflag.Flag) {
		values, isChoice := choices[flag.Name]
		value := flag.Value.String()
		if flag.Name == "log-level" {
			value = strings.ToLower(strings.TrimSpace(value)) // as the SDK reads it
		}
		if found == nil && isChoice && !slices.Contains(values, value) {
			found = fmt.Errorf("--%s can only be %s", flag.Name, alternatives(values))
		}
	})
	return found
}

// checkForms checks values with a syntax of their own.
func (g given) checkForms() error {
	if _, err := time.Parse(time.RFC3339, g.text("event-feed-start-at")); err != nil && g.has("event-feed-start-at") {
		return errors.New("--event-feed-start-at is not a time such as 2026-01-31T00:00:00Z")
	}
	for _, object := range objects {
		var fields map[string]any
		if err := json.Unmarshal([]byte(g.text(object.flag)), &fields); g.has(object.flag) && (err != nil || fields == nil) {
			return fmt.Errorf("--%s is not a JSON object such as %s", object.flag, object.example)
		}
	}
	return nil
}

// objects are the flags with a JSON object as value.
var objects = []struct{ flag, example string }{
	{"create-account-profile", `{"email":"a@example.com"}`},
	{"invoke-action-args", `{"project":{"resource_type_id":"project","resource_id":"proj_1"}}`},
}

// alternatives lists the values, such as "a, b or c".
func alternatives(values []string) string {
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
	last := len(values) - 1
	if last == 0 {
		return values[0]
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// number has the range of a flag.
type number struct {
	flag          string
	least, atMost int
}

var numbers = []number{
	{"workers", -1, 1000},
	{"task-concurrency", 1, 100},
	{"http-timeout-seconds", 1, 1800},
	{"health-check-port", 1, 65535},
}

func (g given) checkNumbers() error {
	for _, n := range numbers {
		if value := g.number(n.flag); g.has(n.flag) && (value < n.least || value > n.atMost) {
			return fmt.Errorf("--%s has to be from %d to %d", n.flag, n.least, n.atMost)
		}
	}
	return nil
}

// trimmed are the flags for a single resource type.
var trimmed = []string{"delete-resource-type", "grant-principal-type"}

// Normalize trims the spaces around what a list has, and around resource types. The SDK does not.
func Normalize(flags *pflag.FlagSet) error {
	var failed error
	flags.Visit(func(flag *pflag.Flag) {
		list, is := flag.Value.(pflag.SliceValue)
		var err error
		switch {
		case is:
			values := list.GetSlice()
			for i := range values {
				values[i] = strings.TrimSpace(values[i])
			}
			err = list.Replace(values)
		case slices.Contains(trimmed, flag.Name):
			err = flag.Value.Set(strings.TrimSpace(flag.Value.String()))
		}
		failed = errors.Join(failed, err)
	})
	return failed
}

// checkTypes checks the flags that name resource types.
func (g given) checkTypes(known []string) error {
	for _, name := range []string{"sync-resource-types", "delete-resource-type", "grant-principal-type"} {
		values := g.list(name)
		if values == nil && g.has(name) {
			values = []string{g.text(name)}
		}
		for _, value := range values {
			if !slices.Contains(known, strings.TrimSpace(value)) {
				return fmt.Errorf("--%s names a type that there is not: the types are %s", name, strings.Join(known, ", "))
			}
		}
	}
	return nil
}

// checkProjects refuses a sync of types that only projects have, without projects: it would look as if there were none.
func (g given) checkProjects(typesBelow []string) error {
	types := g.list("sync-resource-types")
	if slices.Contains(types, "project") || g.has("sync-resources") {
		return nil // a targeted sync asks for single resources
	}
	for _, resourceType := range types {
		if slices.Contains(typesBelow, resourceType) {
			return fmt.Errorf("OpenAI lists the type %s project by project: add project to --sync-resource-types", resourceType)
		}
	}
	return nil
}

// checkAction checks the name of an action.
func (g given) checkAction(known []string) error {
	if g.has("invoke-action") && !slices.Contains(known, g.text("invoke-action")) {
		return fmt.Errorf("--invoke-action names an action that there is not: the actions are %s", strings.Join(known, ", "))
	}
	return nil
}

// checkTargets refuses resources that a sync cannot read: the SDK would write an empty file.
func (g given) checkTargets(known []string) error {
	types := g.list("sync-resource-types")
	for _, target := range g.list("sync-resources") {
		resource, err := bid.ParseResourceBid(target)
		if err != nil {
			return errors.New("--sync-resources takes ids such as bid:r:user/user-1 and bid:r:project/proj_1/service_account/svc_1")
		}
		resourceType := resource.GetId().GetResourceType()
		switch {
		case !slices.Contains(known, resourceType):
			return fmt.Errorf("--sync-resources names a type that there is not: the types are %s", strings.Join(known, ", "))
		case len(types) > 0 && !slices.Contains(types, resourceType):
			return errors.New("--sync-resources names a resource of a type that --sync-resource-types leaves out")
		}
	}
	return nil
}

// checkPlaces checks paths, and whether the log can be written.
func (g given) checkPlaces() error {
	if strings.HasPrefix(g.text("file"), "ile=") {
		return errors.New("-file stands for -f with the rest as its value: write --file, with two dashes")
	}
	if strings.Contains(g.text("file"), "://") {
		return errors.New("--file can only be a file of this machine, not an address: write it here, and copy it from here")
	}
	if strings.ContainsFunc(g.text("file"), unicode.IsControl) {
		return errors.New("--file has a line break or another character that no name of a file should have")
	}
	if path := g.text("c1z-temp-dir"); path != "" {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return errors.New("--c1z-temp-dir is not a folder")
		}
	}
	if path := g.text("compact-output-path"); path != "" {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return errors.New("--compact-output-path is not a folder")
		}
	}
	for _, path := range g.list("compact-file-paths") {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.New("--compact-file-paths names something that is not a file")
		}
	}
	if path := g.text("external-resource-c1z"); path != "" {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.New("--external-resource-c1z is not a file")
		}
	}
	return g.checkLog()
}

// checkLog refuses a log that cannot be written, and one in the file of a sync, which its lines would damage.
func (g given) checkLog() error {
	syncs := append([]string{g.text("file"), g.text("external-resource-c1z")}, g.list("compact-file-paths")...)
	for _, path := range g.list("log-path") {
		if address, err := url.Parse(path); err == nil && address.Scheme == "file" {
			path = address.Path
		}
		if path == "stderr" || path == "stdout" {
			continue
		}
		if slices.ContainsFunc(syncs, func(sync string) bool { return isSameFile(path, sync) }) {
			return errors.New("--log-path names the file of a sync, which the lines of the log would damage: give another place")
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666) //nolint:gosec // as the SDK opens it
		if err != nil {
			return errors.New("the log cannot be written to what --log-path names: give another place")
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("the log cannot be written to what --log-path names: %w", err)
		}
	}
	return nil
}

// isSameFile tells whether two paths lead to the same file, be it there or not.
func isSameFile(a, b string) bool {
	one, oneErr := os.Stat(a)
	other, otherErr := os.Stat(b)
	if oneErr == nil && otherErr == nil {
		return os.SameFile(one, other)
	}
	absolute, err := filepath.Abs(a)
	of, ofErr := filepath.Abs(b)
	return err == nil && ofErr == nil && absolute == of
}
