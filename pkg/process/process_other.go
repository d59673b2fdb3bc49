//go:build !unix

package process

// CheckFileLimit does nothing: this system has no limit of open files.
func CheckFileLimit() error { return nil }

// RestrictNewFiles does nothing: this system has no file modes.
func RestrictNewFiles() {}
