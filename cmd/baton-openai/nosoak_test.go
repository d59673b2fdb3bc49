//go:build !soak

package main

// soakedSyncs is how many syncs a daemon does while its growth is watched; "make soak" has it do more.
const soakedSyncs = 10
