//go:build soak

package main

// soakedSyncs is how many syncs a daemon does while its growth is watched.
const soakedSyncs = 100
