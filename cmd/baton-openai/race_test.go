//go:build race

package main

// buildFlags build the baton CLI from the packages that are compiled for these tests anyway.
func buildFlags() []string { return []string{"-race"} }
