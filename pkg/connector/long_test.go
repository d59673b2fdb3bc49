//go:build long

package connector_test

const (
	seedsOfTexts       = 100
	accountsOfAProject = 20_000
	seedsOfOwnChanges  = 40

	everyFaultAtEveryList = true
)
