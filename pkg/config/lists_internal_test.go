package config

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// lists has texts for a list with the values that they mean, nil where they are none.
var lists = map[string][]string{
	"user":               {"user"},
	"user,group":         {"user", "group"},
	"user,group\n":       {"user", "group"},
	"\nuser,group\r\n":   {"user", "group"},
	`"a,b",c`:            {"a,b", "c"},
	`"a ""b""",c`:        {`a "b"`, "c"},
	"user\ngroup":        nil,
	"user\r\ngroup\r\n":  nil,
	"user,group\nrole":   nil,
	"user\rgroup":        nil,
	"user\n\n\ngroup":    nil,
	"\"user\ngroup\"":    nil,
	"\n":                 nil,
	`user",group`:        nil,
	`"user`:              nil,
	`bid:r:user/a"b`:     nil,
	"user\n\"group":      nil,
	"user\ngroup,role\n": nil,
}

// A list is taken as a whole or not at all, from each of the three sources.
func TestNoListIsCut(t *testing.T) {
	t.Parallel()
	for text, want := range lists {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			flags.StringSlice("sync-resources", nil, "")
			set := checkSetting(flags.Lookup("sync-resources"), "sync-resources", text)
			ReplaceLists(flags)
			parsed := CheckFlag(flags.Parse([]string{"--sync-resources", text}))
			if want == nil {
				const message = "has a value for sync-resources that is not a list: write the values in one line with commas between them, without quotation marks"
				require.EqualError(t, set, message)
				require.EqualError(t, parsed, "the command line "+message)
				return
			}
			require.NoError(t, set)
			values, err := flags.GetStringSlice("sync-resources")
			require.NoError(t, err)
			require.Equal(t, want, values)
		})
	}
}

func TestElementsOfAListAreTexts(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.StringSlice("sync-resources", nil, "")
	flag := flags.Lookup("sync-resources")
	for _, value := range []any{[]any{"a", "b,c"}, []any{`a"b`}, []any{1, true}, "a", 5} {
		require.NoError(t, checkSetting(flag, flag.Name, value))
	}
	for _, value := range []any{[]any{"a\nb"}, []any{"a", nil}, []any{[]any{"a"}}, []any{map[string]any{"a": "b"}}, map[string]any{"a": "b"}, "a\nb"} {
		require.ErrorContains(t, checkSetting(flag, flag.Name, value), "is not a list")
	}
}
