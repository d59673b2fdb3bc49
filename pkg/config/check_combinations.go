package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// companion has the flags that a flag needs: all of them, or any of them.
type companion struct {
	flag  string
	needs []string
	any   bool
}

var companions = []companion{
	{flag: "grant-entitlement", needs: []string{"grant-principal", "grant-principal-type"}},
	{flag: "grant-principal", needs: []string{"grant-entitlement", "grant-principal-type"}},
	{flag: "grant-principal-type", needs: []string{"grant-entitlement", "grant-principal"}},
	{flag: "delete-resource", needs: []string{"delete-resource-type"}},
	{flag: "delete-resource-type", needs: []string{"delete-resource"}},
	{flag: "create-account-resource-type", needs: []string{"create-account-login", "create-account-profile"}, any: true},
	{flag: "client-id", needs: []string{"client-secret"}},
	{flag: "client-secret", needs: []string{"client-id"}},
	{flag: "skip-grants", needs: []string{"sync-resources"}},
	{flag: "external-resource-entitlement-id-filter", needs: []string{"external-resource-c1z"}},
	{flag: "external-resource-traits", needs: []string{"external-resource-c1z"}},
	{flag: "health-check-port", needs: []string{"health-check"}},
	{flag: "health-check-bind-address", needs: []string{"health-check"}},
	{flag: "event-feed", needs: []string{"event-feed-id"}},
	{flag: "event-feed-id", needs: []string{"event-feed"}},
	{flag: "event-feed-start-at", needs: []string{"event-feed"}},
	{flag: "event-feed-cursor", needs: []string{"event-feed"}},
	{flag: "invoke-action-args", needs: []string{"invoke-action"}},
	{flag: "compact-syncs", needs: []string{"compact-file-paths", "compact-sync-ids", "compact-output-path"}},
	{flag: "compact-file-paths", needs: []string{"compact-syncs"}},
	{flag: "compact-sync-ids", needs: []string{"compact-syncs"}},
	{flag: "compact-output-path", needs: []string{"compact-syncs"}},
}

func (g given) checkCompanions() error {
	for _, c := range companions {
		if !g.asksFor(c.flag) {
			continue
		}
		lacking := make([]string, 0, len(c.needs))
		for _, name := range c.needs {
			if !g.has(name) {
				lacking = append(lacking, "--"+name)
			}
		}
		switch {
		case c.any && len(lacking) == len(c.needs):
			return fmt.Errorf("--%s needs %s as well", c.flag, strings.Join(lacking, " or "))
		case !c.any && len(lacking) > 0:
			return fmt.Errorf("--%s needs %s as well", c.flag, strings.Join(lacking, " and "))
		}
	}
	return nil
}

// purposes are the flags that select another task than a sync.
var purposes = []string{
	"grant-entitlement", "revoke-grant", "create-account-profile", "create-account-login", "delete-resource", "compact-syncs", "event-feed",
	"invoke-action", "list-action-schemas",
}

// ServiceFlag starts a daemon instead of a single run.
const ServiceFlag = "client-id"

// checkPurpose refuses two tasks at once. The SDK would run one of them.
func (g given) checkPurpose() error {
	var requested []string
	for _, name := range append([]string{ServiceFlag}, purposes...) {
		isSame := name == "create-account-login" && slices.Contains(requested, "create-account-profile")
		if g.asksFor(name) && !isSame {
			requested = append(requested, name)
		}
	}
	if len(requested) > 1 {
		return fmt.Errorf("--%s and --%s ask for two things: give one of them at a time", requested[0], requested[1])
	}
	return nil
}

// CheckRepeated refuses two changes of one kind on the command line. The flag parser would take the last one, and nobody would know
// that the others were not made.
func CheckRepeated(arguments []string) error {
	seen := map[string]bool{}
	for _, argument := range arguments {
		name, _, _ := strings.Cut(argument, "=")
		name, isFlag := strings.CutPrefix(name, "--")
		switch {
		case !isFlag || name != "grant-principal" && !slices.Contains(purposes, name):
		case seen[name]:
			return fmt.Errorf("--%s is given twice: give one of them at a time", name)
		}
		seen[name] = true
	}
	return nil
}

// checkAccount refuses an account without an address, which the SDK takes for no task, and one with two, of which the connector would
// invite one. The login may be a name that is no address.
func (g given) checkAccount() error {
	if !g.has("create-account-profile") && !g.has("create-account-login") {
		return nil
	}
	profile := map[string]any{}
	if g.has("create-account-profile") {
		_ = json.Unmarshal([]byte(g.text("create-account-profile")), &profile) // checkForms has refused what is no object
	}
	var addresses []string
	isNamed := false
	for _, value := range []any{profile["email"], profile["login"], g.text("create-account-email"), g.text("create-account-login")} {
		text, _ := value.(string)
		text = strings.TrimSpace(text)
		isNamed = isNamed || text != ""
		if strings.Contains(text, "@") {
			addresses = append(addresses, text)
		}
	}
	if !isNamed {
		return errors.New("--create-account-profile has no address: give it as the text of email, in small letters, or as --create-account-login")
	}
	for _, address := range addresses {
		if !strings.EqualFold(address, addresses[0]) {
			return errors.New("the account has two addresses: give the same one in --create-account-profile, --create-account-login and --create-account-email, or leave one out")
		}
	}
	return nil
}
