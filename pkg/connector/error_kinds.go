package connector

import (
	"errors"

	"github.com/conductorone/baton-openai/pkg/client"
)

// kindOf is the kind of an error of the API; 0 for an error of this package, also where it goes back to one of the API.
func kindOf(err error) client.Kind {
	if isConnectorError(err) {
		return 0
	}
	return client.KindOf(err)
}

// isConnectorError tells the errors of this package from those of the API.
func isConnectorError(err error) bool {
	var ours *codedError
	return errors.As(err, &ours)
}

// isGone tells errors that say that something does not exist.
func isGone(err error) bool {
	return kindOf(err) == client.KindGone || errors.Is(err, errInNoProject)
}

// ignoreGone is nil for an error that says that something does not exist.
func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

// isPlainRefusal tells a refusal of the request itself, or for the state of the organization. It does not come from the
// key, the plan or the network.
func isPlainRefusal(err error) bool {
	switch kindOf(err) {
	case client.KindRefused, client.KindConflict, client.KindProjectArchived:
		return true
	default:
		return false
	}
}

// isPermanentRefusal tells errors that stay for a list: the API does not have it, or not for this key or plan. If groups
// are part of the sync, the builder of groups decides what that means.
func isPermanentRefusal(err error) bool {
	switch kindOf(err) {
	case client.KindGone, client.KindNoSuchList, client.KindDeniedWithoutReason:
		return true
	default:
		return lacksScopes(err)
	}
}

func ignorePermanentRefusal(err error) error {
	if isPermanentRefusal(err) {
		return nil
	}
	return err
}

func lacksScopes(err error) bool {
	var failure *client.Error
	return errors.As(err, &failure) && failure.Reason == client.ReasonScopes
}

// isFinal tells errors after which reading the state back is useless: nothing was done, or reading is not allowed.
func isFinal(err error) bool {
	switch kindOf(err) {
	case client.KindUnauthenticated, client.KindDenied, client.KindDeniedWithoutReason, client.KindLimited, client.KindBilling, client.KindStopped:
		return true
	default:
		return false
	}
}

// mayBeDone tells errors after which a write may have been done, even if it does not show.
func mayBeDone(err error) bool {
	switch kindOf(err) {
	case client.KindNoAnswer, client.KindMalformed, client.KindStopped:
		return true
	default:
		return false
	}
}

// concernsOneList tells errors that say nothing about other lists: the parent of the list is gone or archived.
func concernsOneList(err error) bool {
	switch client.KindOf(err) {
	case client.KindGone, client.KindProjectArchived, client.KindCursorGone, client.KindRefused:
		return true
	default:
		return false
	}
}

func saysAlreadyThere(err error) bool {
	var failure *client.Error
	return !isConnectorError(err) && errors.As(err, &failure) && failure.SaysAlreadyThere()
}

func saysAlreadyInProject(err error) bool {
	var failure *client.Error
	return errors.As(err, &failure) && failure.SaysAlreadyInProject()
}
