//go:build !linux

package syncfile

// isMount is for Linux only: elsewhere a file cannot be mounted.
func isMount(string) bool { return false }
