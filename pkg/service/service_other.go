//go:build !unix

package service

// Start does nothing: file descriptors are not inherited here as the lifeline needs it. The SDK's own handling stands,
// with the race that the package describes.
func Start(func(error)) (bool, error) {
	return false, nil
}

// private does nothing: there are no modes of files here.
func private() {}
