// Package process adapts to the operating system's limits and modes for this process.
package process
