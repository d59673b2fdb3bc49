//go:build !race

package main

// buildFlags make the build of the baton CLI reuse the packages that are compiled for these tests.
func buildFlags() []string { return nil }
