//go:build long

package main

const (
	// stopRounds is how many syncs are stopped.
	stopRounds = 200
	// soakedSyncs is the number of a daemon's syncs after which its size is compared.
	soakedSyncs = 100
)
