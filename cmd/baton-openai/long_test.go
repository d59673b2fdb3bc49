//go:build long

package main

const (
	// stopRounds is how many syncs are stopped.
	stopRounds = 200
	// soakedSyncs is how many syncs a daemon does while its growth is watched.
	soakedSyncs = 100
)
