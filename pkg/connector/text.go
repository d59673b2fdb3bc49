package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"
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

// isID tells whether a text can be an id. None of OpenAI's begins or ends with a space, as a text does that was copied: OpenAI
// would not know it, and a deletion or a revocation would be taken for one that was made before.
func isID(text string) bool {
	return text != "" && isPrintable(text) && strings.TrimSpace(text) == text
}

// checkID refuses what is not the id of something of the type. The SDK marks what is Baton's own, not OpenAI's.
func checkID(resourceType *v2.ResourceType, id *v2.ResourceId) error {
	switch {
	case isKeyValue(id.GetResource()):
		return errKeyForID
	case isAddress(id):
		return errAddressForID
	case id.GetResourceType() != resourceType.GetId() || id.GetBatonResource() || !isID(id.GetResource()):
		return newError(codes.InvalidArgument, "%q is not the id of something of the type %s", id.GetResource(), resourceType.GetId())
	}
	return nil
}

// errKeyForID is for the value of a key where an id has to be. It does not quote the value, which would be logged. OpenAI finds no
// key by its value, so that the deletion of a leaked one would seem to be made.
var errKeyForID = newError(codes.InvalidArgument, "what is given as an id looks like the value of an API key: give the key's id, which a sync shows")

// isKeyValue tells the value of a key from an id.
func isKeyValue(text string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), "sk-")
}

// errAddressForID is for an email address where an id has to be. OpenAI finds nobody by it, so that a deletion or a revocation would be
// taken for one that was made before.
var errAddressForID = newError(codes.InvalidArgument, "what is given as an id looks like an email address: give the id, which a sync shows")

// isAddress tells an email address from the id of a person.
func isAddress(id *v2.ResourceId) bool {
	isPerson := id.GetResourceType() == resourceTypeUser.GetId() || id.GetResourceType() == resourceTypeInvitation.GetId()
	_, domain, is := strings.Cut(id.GetResource(), "@")
	return isPerson && is && strings.Contains(domain, ".")
}

// isPrintable tells whether an id can stand in a message. An id with a line break would make two lines of one.
func isPrintable(id string) bool {
	return utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) })
}
