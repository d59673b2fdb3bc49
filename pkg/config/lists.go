package config

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// listType is pflag's name of a list's type.
const listType = "stringSlice"

// errNoList is what [CheckFlag] makes a sentence of.
var errNoList = errors.New("no list")

// isList tells whether a flag for a list takes the text as a whole: of several lines it would take the first one only.
func isList(text string) bool {
	lines := csv.NewReader(strings.NewReader(text))
	values, err := lines.Read()
	if err != nil || slices.ContainsFunc(values, hasLineBreak) {
		return false
	}
	_, err = lines.Read()
	return errors.Is(err, io.EOF)
}

// areElements tells whether a list of the configuration file has nothing that a list on the command line cannot have.
func areElements(values []any) bool {
	return !slices.ContainsFunc(values, func(value any) bool {
		text, isScalar := scalar(value)
		return !isScalar || hasLineBreak(text)
	})
}

func hasLineBreak(text string) bool { return strings.ContainsAny(text, "\r\n") }

// ReplaceLists lets a list on the command line replace the one from the environment or the configuration file, as other values do.
// The SDK has already set that list, and a flag for a list would add to it. It also refuses lists of several lines.
func ReplaceLists(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if list, is := flag.Value.(pflag.SliceValue); is {
			flag.Value = &replacedList{Value: flag.Value, SliceValue: list, isReplaced: !flag.Changed}
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
	if text != "" && !isList(text) {
		return errNoList
	}
	if !r.isReplaced {
		if err := r.Replace(nil); err != nil {
			return err
		}
		r.isReplaced = true
	}
	return r.Value.Set(text)
}
