//go:build !unix

package oneshot

// CheckLimits does nothing: there is no limit of files here.
func CheckLimits() error { return nil }

// private does nothing: there are no modes of files here.
func private() {}
