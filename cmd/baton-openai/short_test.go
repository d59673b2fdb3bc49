//go:build !long

package main

// "make long" has higher values.
const (
	// stopRounds is how many syncs are stopped.
	stopRounds = 6
	// soakedSyncs is the number of a daemon's syncs after which its size is compared.
	soakedSyncs = 6
)
