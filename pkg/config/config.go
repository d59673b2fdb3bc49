// Package config declares what an operator can configure, and checks it before anything is sent.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/field"
)

// DefaultBaseURL is where the OpenAI API is served.
const DefaultBaseURL = "https://api.openai.com/v1"

// CreateAKey says where a key that works is made and how it is handed over.
const CreateAKey = "create an Admin API key with the permission \"All\" at https://platform.openai.com/settings/organization/admin-keys and set it as BATON_OPENAI_ADMIN_KEY"

var (
	// AdminKeyField has no value rules (prefix, pattern, length): the SDK's messages about a broken rule quote the value.
	AdminKeyField = field.StringField(
		"openai-admin-key",
		field.WithDisplayName("OpenAI Admin API Key"),
		field.WithDescription("An Admin API key of the OpenAI organization with the permission \"All\", created at https://platform.openai.com/settings/organization/admin-keys"),
		field.WithPlaceholder("sk-admin-..."),
		field.WithIsSecret(true),
		field.WithRequired(true),
	)
	// securityInsightsField is off unless somebody wants what the connector makes of what it reads, beside that itself.
	securityInsightsField = field.BoolField(
		"security-insights",
		field.WithDisplayName("Security insights"),
		field.WithDescription("List as security insights the keys that outlive their owner's access, and the service accounts that have keys and no role"),
	)
	baseURLField = field.StringField(
		"base-url",
		field.WithDescription("The address of the OpenAI API, for tests"),
		field.WithDefaultValue(DefaultBaseURL),
		field.WithHidden(true),
		field.WithExportTarget(field.ExportTargetCLIOnly),
	)
)

//go:generate go run ./gen
//go:generate gofmt -w conf.gen.go

// Config is the configuration schema that the binary, its help and ConductorOne's form are made from.
var Config = field.NewConfiguration(
	[]field.SchemaField{AdminKeyField, securityInsightsField, baseURLField},
	field.WithConnectorDisplayName("OpenAI"),
	field.WithHelpUrl("/docs/baton/openai"),
	field.WithIconUrl("/static/app-icons/openai.svg"),
)

// otherKeys are the prefixes of keys that OpenAI issues for other purposes; none of them opens the Admin API.
var otherKeys = map[string]string{
	"sk-proj-":    "a project API key",
	"sk-svcacct-": "a service account's API key",
	"sk-None-":    "a user API key",
	"sess-":       "a browser session",
}

// CheckAdminKey tells an admin key from what is certainly none, without quoting any of it. Only the API can
// tell whether a key that passes is valid.
func CheckAdminKey(key string) error {
	if strings.TrimSpace(key) == "" {
		return fmt.Errorf("no OpenAI admin key is configured: %s", CreateAKey)
	}
	// Such a key cannot be sent as a header, and the error of the HTTP library would quote it.
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the OpenAI admin key contains a space, a line break or a character that no key has: copy it again, or %s", CreateAKey)
	}
	for prefix, kind := range otherKeys {
		if strings.HasPrefix(key, prefix) {
			return fmt.Errorf("the configured key is %s, not an admin key: %s", kind, CreateAKey)
		}
	}
	return nil
}

// ParseBaseURL returns the address of the API; an empty one means DefaultBaseURL. The admin key is sent there, so it
// has to be https, or a loopback address in a test.
func ParseBaseURL(raw string) (*url.URL, error) {
	if raw == "" {
		raw = DefaultBaseURL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return nil, fmt.Errorf("base-url is not a URL such as %s", DefaultBaseURL)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("base-url must not have a user, a query or a fragment")
	}
	switch {
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	default:
		return nil, errors.New("base-url must be https (http only to a loopback address): the admin key would travel unprotected")
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
