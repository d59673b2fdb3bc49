package config

import "github.com/spf13/pflag"

// ReplaceLists lets a list on the command line replace the one from the environment or the configuration file, as other values do.
// The SDK has already set that list, and a flag for a list would add to it.
func ReplaceLists(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if list, isList := flag.Value.(pflag.SliceValue); isList && flag.Changed {
			flag.Value = &replacedList{Value: flag.Value, SliceValue: list}
		}
	})
}

// replacedList is a list that the first new value clears.
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
