//go:build !long

package connector_test

// "make long" has more of these.
const (
	// seedsOfTexts is how many organizations are written in every script.
	seedsOfTexts = 3
	// accountsOfAProject is how many service accounts the largest project has.
	accountsOfAProject = 80
	// seedsOfOwnChanges is how many random rows of changes are compared with what the audit log tells.
	seedsOfOwnChanges = 2
	// everyFault tries each list of a sync and each change with every fault.
	everyFault = false
)
