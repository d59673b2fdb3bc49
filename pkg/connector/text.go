package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
)

// People write names and descriptions of any length and in any script. The SDK refuses every call about a resource or an
// entitlement with a longer name or description, without naming it.
const (
	maxNameBytes        = 1_024
	maxDescriptionBytes = 2_048
)

// profileName has the whole name where the display name does not.
const profileName = "name"

// name gives the display name of what has the id: the first of the texts that is not blank, as it can be shown. Where that is
// not all of it, the profile gets the whole.
func (p profile) name(id string, texts ...string) string {
	for _, text := range texts {
		if isBlank(text) {
			continue
		}
		shown := displayText(text, maxNameBytes)
		if shown != text {
			p[profileName] = text
		}
		return shown
	}
	return displayText(id, maxNameBytes)
}

// description is that of a resource whose profile has the whole.
func description(text string) rs.ResourceOption {
	if isBlank(text) {
		text = ""
	}
	return rs.WithDescription(displayText(text, maxDescriptionBytes))
}

// entitlementName makes the name of an entitlement out of a resource's, which is cut where there is no room for both.
func entitlementName(resource, what string) string {
	return displayText(resource, maxNameBytes-len(what)) + what
}

// displayText is the text without characters that control a terminal, and cut behind a character at so many bytes.
func displayText(text string, bytes int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	if len(text) <= bytes {
		return text
	}
	for !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes]
}

// isBlank tells a text of which nothing is seen.
func isBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r)
	})
}
