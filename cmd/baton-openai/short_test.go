//go:build !long

package main

// "make long" has more of both.
const (
	// stopRounds is how many syncs are stopped.
	stopRounds = 6
	// soakedSyncs is how many syncs a daemon does while its growth is watched.
	soakedSyncs = 6
)
