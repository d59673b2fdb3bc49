package config

import "github.com/spf13/pflag"

// ShowFlags has --help list every flag that a command of the README uses. The SDK hides the flags for changes, actions, events
// and compaction.
func ShowFlags(flags *pflag.FlagSet) {
	show := func(name string) {
		if flag := flags.Lookup(name); flag != nil {
			flag.Hidden = false
		}
	}
	for _, name := range purposes {
		show(name)
	}
	for _, c := range companions {
		show(c.flag)
	}
}
