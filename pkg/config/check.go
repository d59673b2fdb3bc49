package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/conductorone/baton-sdk/pkg/bid"
	"github.com/conductorone/baton-sdk/pkg/logging"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Check refuses what the SDK would take for something else, or for nothing, without a word: from the command line, the
// environment and the configuration file alike. The SDK has read the latter two into the flags, where it could. No value
// is quoted. types are the ids of the connector's resource types.
func Check(settings *viper.Viper, flags *pflag.FlagSet, types []string) error {
	if err := CheckFile(settings, flags.Lookup); err != nil {
		return err
	}
	if err := checkEnvironment(flags); err != nil {
		return err
	}
	g := given{flags}
	for _, check := range []func() error{
		g.checkUnsupported,
		g.checkEmpty,
		g.checkCompanions,
		g.checkPurpose,
		g.checkChoices,
		g.checkForms,
		g.checkNumbers,
		func() error { return g.checkTypes(types) },
		func() error { return g.checkTargets(types) },
		g.checkInsights,
		g.checkPlaces,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckFlag says in one sentence why a flag of the command line cannot be read, without its value.
func CheckFlag(err error) error {
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		if err := checkSetting(value.GetFlag(), value.GetFlag().Name, value.GetValue()); err != nil {
			return fmt.Errorf("the command line %w", err)
		}
		return fmt.Errorf("the command line has a value for %s that cannot be read", value.GetFlag().Name)
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &unknown) && isSettingName(unknown.GetSpecifiedName()):
		return fmt.Errorf("there is no flag --%s; --help lists them", unknown.GetSpecifiedName())
	default:
		return errors.New("the command line has something that is no flag; --help lists them")
	}
}

// CheckArguments refuses words of the command line that belong to no flag.
func CheckArguments(arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	return errors.New("the command line has a word that is neither a command nor a flag's value; --help lists the commands")
}

// checkEnvironment looks at what the SDK leaves out of the flags where it does not fit.
func checkEnvironment(flags *pflag.FlagSet) error {
	var found error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := "BATON_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(name)
		if found != nil || value == "" {
			return
		}
		if err := checkSetting(flag, flag.Name, value); err != nil {
			found = fmt.Errorf("the environment variable %s %w", name, err)
		}
	})
	return found
}

// given are the flags with what was given for them, in whatever way.
type given struct {
	flags *pflag.FlagSet
}

func (g given) has(name string) bool { return g.flags.Changed(name) }

// asksFor tells whether a flag was given and is not false.
func (g given) asksFor(name string) bool {
	return g.has(name) && g.flags.Lookup(name).Value.String() != "false"
}

func (g given) text(name string) string {
	if flag := g.flags.Lookup(name); flag != nil {
		return flag.Value.String()
	}
	return ""
}

func (g given) number(name string) int {
	n, err := g.flags.GetInt(name)
	if err != nil {
		return 0
	}
	return n
}

func (g given) list(name string) []string {
	values, err := g.flags.GetStringSlice(name)
	if err != nil {
		return nil
	}
	return values
}

const (
	noActions      = "this connector has no actions"
	noTickets      = "this connector has no tickets"
	noCredentials  = "this connector rotates no credentials"
	singleAuthMode = "this connector has one way to authenticate, with the admin key"
)

// unsupported are the flags of the SDK for what this connector does not do. With most of them the SDK would run a sync.
var unsupported = map[string]string{
	"auth-method":                          singleAuthMode,
	"bulk-create-ticket":                   noTickets,
	"bulk-ticket-template-path":            noTickets,
	"create-ticket":                        noTickets,
	"get-ticket":                           noTickets,
	"list-ticket-schemas":                  noTickets,
	"ticket-id":                            noTickets,
	"ticket-template-path":                 noTickets,
	"invoke-action":                        noActions,
	"invoke-action-args":                   noActions,
	"invoke-action-resource-type":          noActions,
	"invoke-resource-action":               noActions,
	"invoke-resource-action-args":          noActions,
	"invoke-resource-action-resource-type": noActions,
	"list-action-schemas":                  noActions,
	"list-action-schemas-resource-type":    noActions,
	"list-resource-actions":                noActions,
	"rotate-credentials":                   noCredentials,
	"rotate-credentials-type":              noCredentials,
}

func (g given) checkUnsupported() error {
	var found error
	g.flags.Visit(func(flag *pflag.Flag) {
		if reason := unsupported[flag.Name]; reason != "" && found == nil && g.asksFor(flag.Name) {
			found = fmt.Errorf("--%s cannot be used: %s", flag.Name, reason)
		}
	})
	return found
}

// mayBeEmpty are the texts for which nothing is a value.
var mayBeEmpty = []string{AdminKeyField.FieldName, "storage-engine", "c1z-temp-dir", baseURLField.FieldName}

// checkEmpty finds what a script has left empty: the SDK would take it for not given, and run a sync for a change.
func (g given) checkEmpty() error {
	var found error
	g.flags.Visit(func(flag *pflag.Flag) {
		isList := flag.Value.Type() == "stringSlice"
		empty := isList && len(g.list(flag.Name)) == 0 || !isList && strings.TrimSpace(flag.Value.String()) == ""
		if found == nil && empty && !slices.Contains(mayBeEmpty, flag.Name) {
			found = fmt.Errorf("--%s is empty: give it a value, or leave it out", flag.Name)
		}
	})
	return found
}

// companion is what a flag cannot be without: each of the flags, or one of them.
type companion struct {
	flag  string
	needs []string
	any   bool
}

var companions = []companion{
	{flag: "grant-entitlement", needs: []string{"grant-principal", "grant-principal-type"}},
	{flag: "grant-principal", needs: []string{"grant-entitlement", "grant-principal-type"}},
	{flag: "grant-principal-type", needs: []string{"grant-entitlement", "grant-principal"}},
	{flag: "delete-resource", needs: []string{"delete-resource-type"}},
	{flag: "delete-resource-type", needs: []string{"delete-resource"}},
	{flag: "create-account-resource-type", needs: []string{"create-account-login", "create-account-profile"}, any: true},
	{flag: "client-id", needs: []string{"client-secret"}},
	{flag: "client-secret", needs: []string{"client-id"}},
	{flag: "skip-grants", needs: []string{"sync-resources"}},
	{flag: "external-resource-entitlement-id-filter", needs: []string{"external-resource-c1z"}},
	{flag: "external-resource-traits", needs: []string{"external-resource-c1z"}},
	{flag: "health-check-port", needs: []string{"health-check"}},
	{flag: "health-check-bind-address", needs: []string{"health-check"}},
	{flag: "event-feed", needs: []string{"event-feed-id"}},
	{flag: "event-feed-id", needs: []string{"event-feed"}},
	{flag: "event-feed-start-at", needs: []string{"event-feed"}},
	{flag: "event-feed-cursor", needs: []string{"event-feed"}},
	{flag: "compact-syncs", needs: []string{"compact-file-paths", "compact-sync-ids", "compact-output-path"}},
	{flag: "compact-file-paths", needs: []string{"compact-syncs"}},
	{flag: "compact-sync-ids", needs: []string{"compact-syncs"}},
	{flag: "compact-output-path", needs: []string{"compact-syncs"}},
}

func (g given) checkCompanions() error {
	for _, c := range companions {
		if !g.asksFor(c.flag) {
			continue
		}
		lacking := make([]string, 0, len(c.needs))
		for _, name := range c.needs {
			if !g.has(name) {
				lacking = append(lacking, "--"+name)
			}
		}
		switch {
		case c.any && len(lacking) == len(c.needs):
			return fmt.Errorf("--%s needs %s as well", c.flag, strings.Join(lacking, " or "))
		case !c.any && len(lacking) > 0:
			return fmt.Errorf("--%s needs %s as well", c.flag, strings.Join(lacking, " and "))
		}
	}
	return nil
}

// purposes are the flags that ask for something else than a sync.
var purposes = []string{
	"grant-entitlement", "revoke-grant", "create-account-profile", "create-account-login", "delete-resource", "compact-syncs", "event-feed",
}

// ServiceFlag starts a service in place of a single run.
const ServiceFlag = "client-id"

// checkPurpose refuses two things at once, of which the SDK would do one.
func (g given) checkPurpose() error {
	var asked []string
	for _, name := range append([]string{ServiceFlag}, purposes...) {
		isSame := name == "create-account-login" && slices.Contains(asked, "create-account-profile")
		if g.asksFor(name) && !isSame {
			asked = append(asked, name)
		}
	}
	if len(asked) > 1 {
		return fmt.Errorf("--%s and --%s ask for two things: give one of them at a time", asked[0], asked[1])
	}
	return nil
}

// choices are the values that a flag can have.
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

// checkForms looks at values that have a form of their own.
func (g given) checkForms() error {
	if _, err := time.Parse(time.RFC3339, g.text("event-feed-start-at")); err != nil && g.has("event-feed-start-at") {
		return errors.New("--event-feed-start-at is not a time such as 2026-01-31T00:00:00Z")
	}
	if !g.has("create-account-profile") {
		return nil
	}
	var profile map[string]any
	if err := json.Unmarshal([]byte(g.text("create-account-profile")), &profile); err != nil || profile == nil {
		return errors.New(`--create-account-profile is not a JSON object such as {"email":"a@example.com"}`)
	}
	return nil
}

// alternatives lists the values that can be given.
func alternatives(values []string) string {
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
	last := len(values) - 1
	if last == 0 {
		return values[0]
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// number is what a number lies between.
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

// Normalize takes the spaces around the resource types away, as the SDK does not.
func Normalize(flags *pflag.FlagSet) error {
	flag := flags.Lookup("sync-resource-types")
	if flag == nil || !flag.Changed {
		return nil
	}
	values, isList := flag.Value.(pflag.SliceValue)
	if !isList {
		return nil
	}
	trimmed := values.GetSlice()
	for i := range trimmed {
		trimmed[i] = strings.TrimSpace(trimmed[i])
	}
	return values.Replace(trimmed)
}

// checkTypes looks at everything that names a type of resource. What a grant is for can be of other types.
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

// checkTargets refuses what would leave a sync nothing to read: the SDK would make an empty file of it.
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

// checkPlaces looks at the names of files and folders that are read, and whether the log can be written.
func (g given) checkPlaces() error {
	if strings.Contains(g.text("file"), "://") {
		return errors.New("--file can only be a file of this machine, not an address: write it here, and copy it from here")
	}
	if path := g.text("c1z-temp-dir"); path != "" {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return errors.New("--c1z-temp-dir is not a folder")
		}
	}
	if path := g.text("external-resource-c1z"); path != "" {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.New("--external-resource-c1z is not a file")
		}
	}
	for _, path := range g.list("log-path") {
		if path == "stderr" || path == "stdout" || strings.Contains(path, "://") {
			continue
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

// withoutEffect are the flags that do nothing in this connector; forService those that do nothing in a single run, and
// forSingleRun those that do nothing in a service.
var (
	withoutEffect = []string{"ticketing", "keep-previous-sync-c1z", "log-level-debug-expires-at"}
	forService    = []string{
		"provisioning", "skip-full-sync", "task-concurrency", "health-check", "health-check-port", "health-check-bind-address",
		"session-store-maximum-size", // of the memory that keeps what is in the file, where that is another process's
	}
	forSingleRun = []string{"file", "sync-resources", "skip-grants"}
)

const otelEndpoint = "otel-collector-endpoint"

// WithoutEffect are the flags that were given and change nothing about this run.
func WithoutEffect(flags *pflag.FlagSet) []string {
	g := given{flags}
	idle := slices.Concat(withoutEffect, forService)
	if g.asksFor(ServiceFlag) {
		idle = slices.Concat(withoutEffect, forSingleRun)
	}
	var found []string
	flags.Visit(func(flag *pflag.Flag) {
		isIdle := slices.Contains(idle, flag.Name) || strings.HasPrefix(flag.Name, "otel-") && !g.has(otelEndpoint)
		if isIdle && g.asksFor(flag.Name) {
			found = append(found, "--"+flag.Name)
		}
	})
	return found
}
