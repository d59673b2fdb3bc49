package config_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/config"
)

func TestCheckAdminKey(t *testing.T) {
	t.Parallel()
	const body = "Zq9X7wVu5TsR3pOn1MlK"
	tests := []struct {
		name, key string
		// want is part of the message, "" where the key may be one.
		want string
	}{
		{"admin key", "sk-admin-" + body, ""},
		{"admin key with signs", "sk-admin-a_b-c.d" + body, ""},
		{"unknown kind", body, ""},
		{"key of old", "sk-" + body, ""},
		{"prefix elsewhere", "key-sk-proj-" + body, ""},
		{"other case", "SK-PROJ-" + body, ""},
		{"empty", "", "no OpenAI admin key"},
		{"spaces", " \t\n", "no OpenAI admin key"},
		{"project key", "sk-proj-" + body, "a project API key"},
		{"service account key", "sk-svcacct-" + body, "a service account's API key"},
		{"user key", "sk-None-" + body, "a user API key"},
		{"session", "sess-" + body, "a browser session"},
		{"leading space", " sk-admin-" + body, "a space"},
		{"trailing newline", "sk-admin-" + body + "\n", "a line break"},
		{"carriage return", "sk-admin-" + body + "\r\nHost: x", "a line break"},
		{"space inside", "sk-admin-" + body[:5] + " " + body[5:], "a space"},
		{"zero", "sk-admin-\x00" + body, "a character that no key has"},
		{"delete", "sk-admin-\x7f" + body, "a character that no key has"},
		{"not ASCII", "sk-admin-é" + body, "a character that no key has"},
		{"not UTF-8", "sk-admin-\xff" + body, "a character that no key has"},
		{"no-break space", "sk-admin-" + body + "\u00a0", "a character that no key has"},
		{"in quotation marks of text", "“sk-admin-" + body + "”", "a character that no key has"},
		{"signs of equality at its end", "sk-admin-" + body + "==", ""},
		{"signs of equality alone", body + "==", ""},
		{"project key with a newline", "sk-proj-" + body + "\n", "a line break"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := config.CheckAdminKey(tt.key)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, config.CreateAKey, "what to do about it")
			for n := range len(body) - 3 {
				assert.NotContains(t, err.Error(), body[n:n+4])
			}
		})
	}
}

// A key in a form that only a shell or a file understands is there, so that nobody is sent to create one.
func TestCheckAdminKeyTellsTheKeyFromWhatIsAroundIt(t *testing.T) {
	t.Parallel()
	const body = "Zq9X7wVu5TsR3pOn1MlK"
	for key, want := range map[string]string{
		`"sk-admin-` + body + `"`:    "quotation marks around it",
		`'sk-admin-` + body + `'`:    "quotation marks around it",
		"`sk-admin-" + body + "`":    "quotation marks around it",
		`"sk-admin-` + body:          "quotation marks around it",
		`sk-admin-` + body + `"`:     "quotation marks around it",
		`"sk-admin-` + body + "\"\n": "quotation marks around it",
		`"sk-proj-` + body + `"`:     "quotation marks around it",
		`"`:                          "quotation marks around it",
		`"BATON_OPENAI_ADMIN_KEY=sk-admin-` + body + `"`:                     "quotation marks around it",
		"BATON_OPENAI_ADMIN_KEY=sk-admin-" + body:                            "a name in front of it",
		`BATON_OPENAI_ADMIN_KEY=sk-admin-` + body + "\n":                     "a name in front of it",
		"export OPENAI_ADMIN_KEY=sk-admin-" + body:                           "a name in front of it",
		"openai-admin-key: sk-admin-" + body:                                 "a name in front of it",
		"openai_admin_key = sk-admin-" + body:                                "a name in front of it",
		"BATON_OPENAI_ADMIN_KEY='sk-admin-" + body + "' # a":                 "a name in front of it",
		base64.StdEncoding.EncodeToString([]byte("sk-admin-" + body)):        "encoded in base64",
		base64.StdEncoding.EncodeToString([]byte("sk-admin-" + body + "\n")): "encoded in base64",
		base64.StdEncoding.EncodeToString([]byte("sk-admin-" + body + "ab")): "encoded in base64",
		base64.StdEncoding.EncodeToString([]byte("sk-admin-"+body)) + "\n":   "encoded in base64",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			err := config.CheckAdminKey(key)
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, ": set BATON_OPENAI_ADMIN_KEY to the key alone")
			require.NotContains(t, err.Error(), "create")
			for n := range len(body) - 3 {
				assert.NotContains(t, err.Error(), body[n:n+4])
			}
		})
	}
	require.NoError(t, config.CheckAdminKey("sk-admin-a=b"), "only OpenAI knows")
}

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	accepted := map[string]string{
		"":                               config.DefaultBaseURL,
		"https://api.openai.com/v1":      "https://api.openai.com/v1",
		"https://eu.api.openai.com/v1":   "https://eu.api.openai.com/v1",
		"https://proxy.example:8443":     "https://proxy.example:8443",
		"https://10.0.0.1/openai/v1/":    "https://10.0.0.1/openai/v1/",
		"https://[2001:db8::1]:8443/v1":  "https://[2001:db8::1]:8443/v1",
		"HTTPS://api.openai.com/v1":      "https://api.openai.com/v1",
		"https://api.openai.com/a%2Fb/":  "https://api.openai.com/a%2Fb/",
		"http://127.0.0.1:8080/v1":       "http://127.0.0.1:8080/v1",
		"http://127.8.9.1/v1":            "http://127.8.9.1/v1",
		"http://[::1]:8080/v1":           "http://[::1]:8080/v1",
		"http://[::1]":                   "http://[::1]",
		"http://[::ffff:127.0.0.1]:1/v1": "http://[::ffff:127.0.0.1]:1/v1",
		"http://localhost:8080/v1":       "http://localhost:8080/v1",
		"http://localhost":               "http://localhost",
	}
	for raw, want := range accepted {
		t.Run("accepts "+raw, func(t *testing.T) {
			t.Parallel()
			u, err := config.ParseBaseURL(raw)
			require.NoError(t, err)
			assert.Equal(t, want, u.String())
		})
	}

	refused := []string{
		// http to where the key could be read on the way.
		"http://api.openai.com/v1", "http://example.com", "http://10.0.0.1", "http://0.0.0.0:8080", "http://[::]:8080", "http://[2001:db8::1]/v1",
		"http://localhost.example.com", "http://127.0.0.1.example.com", "http://notlocalhost", "http://128.0.0.1", "http://2130706433",
		"HTTP://API.OPENAI.COM",
		// Other schemes.
		"ftp://api.openai.com/v1", "ws://127.0.0.1", "file:///etc/passwd", "//api.openai.com/v1", "unix:///tmp/socket",
		// No host.
		"api.openai.com/v1", "localhost:8080", "https://", "https:///v1", "https:api.openai.com", "/v1", "https://:8443/v1", "http://:8080",
		// What a base cannot have.
		"https://api.openai.com/v1?a=b", "https://api.openai.com/v1#top", "https://api.openai.com?", "https://api.openai.com/v1?",
		// Garbage.
		" ", "::", "https://[::1", "https://a b/", "https://api.openai.com:port/v1", "https://%zz", "\x00", "https://api.openai.com\n", " https://api.openai.com",
	}
	for _, raw := range refused {
		t.Run("refuses "+raw, func(t *testing.T) {
			t.Parallel()
			u, err := config.ParseBaseURL(raw)
			require.ErrorContains(t, err, "base-url")
			assert.Nil(t, u)
		})
	}
}

func TestParseBaseURLDoesNotQuoteAPassword(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://user:hunter2@api.openai.com/v1", "http://user:hunter2@127.0.0.1", "http://user:hunter2@example.com", "https://hunter2@api.openai.com",
		"ftp://user:hunter2@example.com", "https://user:hunter2@", "https://user:hunter2@[::1", "https://user:hunter2@a b", "https://user:hunter2%zz@a",
		"user:hunter2@example.com", "https://api.openai.com/v1?key=hunter2", "https://api.openai.com/v1#hunter2", "https:user:hunter2@example.com",
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			u, err := config.ParseBaseURL(raw)
			require.ErrorContains(t, err, "base-url")
			assert.Nil(t, u)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "user:")
		})
	}
}

// fieldNamed is a field of the schema.
func fieldNamed(t *testing.T, name string) field.SchemaField {
	t.Helper()
	for _, f := range config.Config.Fields {
		if f.FieldName == name {
			return f
		}
	}
	require.Failf(t, "no such field", "%q", name)
	return field.SchemaField{}
}

func TestAdminKeyFieldIsSecretAndRequired(t *testing.T) {
	t.Parallel()
	f := fieldNamed(t, "openai-admin-key")
	assert.True(t, f.Required)
	assert.True(t, f.Secret)
	assert.Equal(t, field.ExportTargetGUI, f.ExportTarget)
	assert.False(t, f.SyncerConfig.Hidden)
	assert.Empty(t, f.DefaultValue)
	assert.NotEmpty(t, f.ConnectorConfig.DisplayName)
	assert.Equal(t, config.AdminKeyField.FieldName, f.FieldName)
	// The environment variable that the SDK reads is made from the field's name.
	assert.Contains(t, config.CreateAKey, "BATON_"+strings.ToUpper(strings.ReplaceAll(f.FieldName, "-", "_")))
}

func TestAdminKeyFieldHasNoRuleThatWouldQuoteAKey(t *testing.T) {
	t.Parallel()
	f := fieldNamed(t, "openai-admin-key")
	for _, key := range []string{"sk-proj-hunter2", "hunter2", "\n", strings.Repeat("x", 10_000)} {
		_, err := field.ValidateField(&f, key)
		require.NoError(t, err)
	}
}

func TestBaseURLFieldIsHiddenAndNotExported(t *testing.T) {
	t.Parallel()
	f := fieldNamed(t, "base-url")
	assert.True(t, f.SyncerConfig.Hidden)
	assert.False(t, f.Required)
	assert.False(t, f.Secret)
	assert.Equal(t, field.ExportTargetCLIOnly, f.ExportTarget)
	assert.Equal(t, config.DefaultBaseURL, f.DefaultValue)
	_, err := config.ParseBaseURL(config.DefaultBaseURL)
	require.NoError(t, err)
}

func TestExportedSchemaHasTheKeyAndNoBaseURL(t *testing.T) {
	t.Parallel()
	text, err := config.Config.MarshalJSON()
	require.NoError(t, err)
	assert.Contains(t, string(text), "openai-admin-key")
	assert.NotContains(t, string(text), "base-url")
}

func TestSchemaMatchesTheGeneratedStruct(t *testing.T) {
	t.Parallel()
	generated := map[string]reflect.Kind{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Openai]()) {
		generated[f.Tag.Get("mapstructure")] = f.Type.Kind()
	}
	declared := map[string]reflect.Kind{}
	kinds := map[field.Variant]reflect.Kind{
		field.StringVariant: reflect.String, field.BoolVariant: reflect.Bool, field.IntVariant: reflect.Int, field.StringSliceVariant: reflect.Slice,
	}
	for _, f := range config.Config.Fields {
		declared[f.FieldName] = kinds[f.Variant]
	}
	assert.Equal(t, declared, generated)

	values := &config.Openai{OpenaiAdminKey: "a", BaseUrl: "b"}
	assert.Equal(t, "a", values.GetString("openai-admin-key"))
	assert.Equal(t, "b", values.GetString("base-url"))
}

func TestConfigNamesTheConnector(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "OpenAI", config.Config.DisplayName)
	assert.Equal(t, "/docs/baton/openai", config.Config.HelpUrl)
	assert.Equal(t, "/static/app-icons/openai.svg", config.Config.IconUrl)
}
