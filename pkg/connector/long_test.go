//go:build long

package connector_test

const (
	seedsOfTexts       = 100
	accountsOfAProject = 2_000
	seeds              = 40

	everyFault = true
)
