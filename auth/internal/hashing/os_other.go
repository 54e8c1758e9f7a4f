//go:build !linux

package hashing

// lowerPriority does nothing: only Linux has a priority for each thread that a
// process without privileges may lower.
func lowerPriority() {}

// preferLargePages does nothing: the other systems decide by themselves.
func preferLargePages([]byte) {}
