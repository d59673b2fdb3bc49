package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Known has the ids of the connector's resource types, of those that are listed only below projects, and the names of its
// actions.
type Known struct{ Types, TypesBelowProjects, Actions []string }

// Check refuses settings that the SDK would silently ignore or misread, from the command line, the environment and the
// configuration file. The SDK has already read the environment and the file into the flags, as far as it could. Errors quote no
// values.
func Check(settings *viper.Viper, flags *pflag.FlagSet, known Known) error {
	if err := checkFile(settings, flags.Lookup); err != nil {
		return err
	}
	if err := cmp.Or(checkEnvironment(flags), checkProxy()); err != nil {
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
		g.checkAccount,
		g.checkNumbers,
		func() error { return g.checkTypes(known.Types) },
		func() error { return g.checkProjects(known.TypesBelowProjects) },
		func() error { return g.checkTargets(known.Types) },
		func() error { return g.checkAction(known.Actions) },
		g.checkInsights,
		g.checkPlaces,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckFlag explains an error of the flag parser in one sentence, without the value.
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

// CheckArguments refuses arguments that belong to no flag.
func CheckArguments(arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	return errors.New("the command line has a word that is neither a command nor a flag's value; --help lists the commands")
}

// commandLineOnly are the flags that are no settings: BATON_VERSION may be the version of an image.
var commandLineOnly = []string{"help", "version"}

// checkEnvironment checks the environment variables. The SDK ignores one that its flag cannot take.
func checkEnvironment(flags *pflag.FlagSet) error {
	var found error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := "BATON_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(name)
		if found != nil || value == "" || slices.Contains(commandLineOnly, flag.Name) {
			return
		}
		if err := checkSetting(flag, flag.Name, value); err != nil {
			found = fmt.Errorf("the environment variable %s %w", name, err)
		}
	})
	return found
}

// checkProxy refuses the address of a proxy that cannot be read: Go would go without the proxy, and say nothing.
func checkProxy() error {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		address := os.Getenv(name)
		if address == "" {
			continue
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		if _, err := url.Parse(address); err != nil {
			return fmt.Errorf("the environment variable %s is not an address such as http://name:password@proxy:3128: "+
				"write the signs of the password in percent-encoding", name)
		}
		return nil
	}
	return nil
}

// given are the flags with their values, from any source.
type given struct {
	flags *pflag.FlagSet
}

func (g given) has(name string) bool { return g.flags.Changed(name) }

// asksFor tells whether a flag is set and not false.
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
