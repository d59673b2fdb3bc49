//go:build long

package connector_test

const (
	seedsOfTexts       = 100
	accountsOfAProject = 2_000
	seedsOfOwnChanges  = 40

	everyFault = true
)
