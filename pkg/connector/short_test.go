//go:build !long

package connector_test

// "make long" has higher values.
const (
	// seedsOfTexts is the number of organizations with random texts.
	seedsOfTexts = 1
	// accountsOfAProject is the number of service accounts of the largest project.
	accountsOfAProject = 80
	// seeds is the number of random sequences of changes and events.
	seeds = 3
	// everyFault tries each list of a sync and each change with every fault, and not with some of them in turn.
	everyFault = false
)
