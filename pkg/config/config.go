// Package config declares the configuration, and checks it before the first request.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/field"
)

// DefaultBaseURL is the address of the OpenAI API.
const DefaultBaseURL = "https://api.openai.com/v1"

// CreateAKey says where to create a key and how to pass it.
const CreateAKey = "create an Admin API key with the permission \"All\" at https://platform.openai.com/settings/organization/admin-keys and set it as BATON_OPENAI_ADMIN_KEY"

var (
	// AdminKeyField has no rules for its value: the SDK's messages about a broken rule quote the value.
	AdminKeyField = field.StringField(
		"openai-admin-key",
		field.WithDisplayName("OpenAI Admin API Key"),
		field.WithDescription("An Admin API key of the OpenAI organization with the permission \"All\", created at https://platform.openai.com/settings/organization/admin-keys"),
		field.WithPlaceholder("sk-admin-..."),
		field.WithIsSecret(true),
		field.WithRequired(true),
	)
	// securityInsightsField is off by default: security insights are the connector's own conclusions.
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

// Config is the schema of the configuration, for the flags of the binary and for ConductorOne's form.
var Config = field.NewConfiguration(
	[]field.SchemaField{AdminKeyField, securityInsightsField, baseURLField},
	field.WithConnectorDisplayName("OpenAI"),
	field.WithHelpUrl("/docs/baton/openai"),
	field.WithIconUrl("/static/app-icons/openai.svg"),
)

// otherKeys are the prefixes of OpenAI's other keys. None of them has access to the Admin API.
var otherKeys = map[string]string{
	"sk-proj-":    "a project API key",
	"sk-svcacct-": "a service account's API key",
	"sk-None-":    "a user API key",
	"sess-":       "a browser session",
}

// keyAlone says how to pass a key that there is.
const keyAlone = "set BATON_OPENAI_ADMIN_KEY to the key alone"

// namedKey matches a key with the name of its variable or setting.
var namedKey = regexp.MustCompile(`^(?:export\s+)?(?:[A-Za-z_][A-Za-z0-9_]*|openai-admin-key)\s*[=:]\s*[^=\s]`)

// encodedKey is the beginning of an admin key in base64, in which a Kubernetes secret has its data.
const encodedKey = "c2stYWRtaW4t"

// CheckAdminKey refuses values that are certainly no admin key, without quoting them. Only the API knows whether a key is valid.
func CheckAdminKey(key string) error {
	if strings.TrimSpace(key) == "" {
		return fmt.Errorf("no OpenAI admin key is configured: %s", CreateAKey)
	}
	// A file for docker --env-file is no script: what stands after the equals sign is the value, with its quotation marks.
	switch text := strings.TrimSpace(key); {
	case strings.ContainsAny(text[:1]+text[len(text)-1:], "\"'`"):
		return fmt.Errorf("the OpenAI admin key has quotation marks around it, which belong to it where no shell takes them off: %s", keyAlone)
	case strings.HasPrefix(text, encodedKey):
		return fmt.Errorf("the OpenAI admin key is encoded in base64, perhaps once more than what decodes it expects: %s", keyAlone)
	case namedKey.MatchString(text):
		return fmt.Errorf("the OpenAI admin key has a name in front of it: %s", keyAlone)
	}
	// Such a key cannot be sent in a header, and the error of the HTTP library would quote it.
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

// ParseBaseURL returns the address of the API; empty means DefaultBaseURL. The admin key is sent there, so it has to be https, or
// a loopback address in a test.
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
