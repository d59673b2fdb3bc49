package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

const (
	noActions      = "no action is of a resource type; --list-action-schemas lists them"
	noTickets      = "this connector has no tickets"
	noCredentials  = "this connector rotates no credentials"
	singleAuthMode = "this connector has one way to authenticate, with the admin key"
)

// unsupported are the flags of the SDK for features that this connector lacks. With most of them the SDK would run a sync.
var unsupported = map[string]string{
	"auth-method":                          singleAuthMode,
	"bulk-create-ticket":                   noTickets,
	"bulk-ticket-template-path":            noTickets,
	"create-ticket":                        noTickets,
	"get-ticket":                           noTickets,
	"list-ticket-schemas":                  noTickets,
	"ticket-id":                            noTickets,
	"ticket-template-path":                 noTickets,
	"invoke-action-resource-type":          noActions,
	"invoke-resource-action":               noActions,
	"invoke-resource-action-args":          noActions,
	"invoke-resource-action-resource-type": noActions,
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

// withoutEffect are the flags that never have an effect, forService those without an effect in a single run, and forSingleRun
// those without an effect in a daemon.
var (
	withoutEffect = []string{"ticketing", "keep-previous-sync-c1z", "log-level-debug-expires-at"}
	forService    = []string{
		"provisioning", "skip-full-sync", "task-concurrency", "health-check", "health-check-port", "health-check-bind-address",
		"session-store-maximum-size", // a cache in the connector's process, which a single run does not have
	}
	forSingleRun = []string{"file", "sync-resources", "skip-grants"}
)

const otelEndpoint = "otel-collector-endpoint"

// WithoutEffect are the flags that are set and have no effect in this run.
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
