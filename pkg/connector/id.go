package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"
)

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
