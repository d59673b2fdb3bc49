package config

import "github.com/spf13/pflag"

// ReplaceLists has a list of the command line take the place of one from the environment or the configuration file, as
// every other value does. The SDK has set the latter already, and a flag for a list adds to what was set.
func ReplaceLists(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if list, isList := flag.Value.(pflag.SliceValue); isList && flag.Changed {
			flag.Value = &replacedList{Value: flag.Value, SliceValue: list}
		}
	})
}

// replacedList is a list that its first new value empties.
type replacedList struct {
	pflag.Value
	pflag.SliceValue

	isReplaced bool
}

// Set implements [pflag.Value].
func (r *replacedList) Set(text string) error {
	if !r.isReplaced {
		if err := r.Replace(nil); err != nil {
			return err
		}
		r.isReplaced = true
	}
	return r.Value.Set(text)
}
