//go:build !long

package connector_test

// "make long" has higher values.
const (
	// seedsOfTexts is the number of organizations with random texts.
	seedsOfTexts = 3
	// accountsOfAProject is the number of service accounts of the largest project.
	accountsOfAProject = 80
	// seedsOfOwnChanges is the number of random sequences of changes that are compared with the audit log.
	seedsOfOwnChanges = 2
	// everyFault tries each list of a sync and each change with every fault.
	everyFault = false
)
