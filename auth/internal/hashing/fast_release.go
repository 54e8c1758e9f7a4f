//go:build !testhooks && !race

package hashing

// fastAllowed is false: a release hashes at full cost, whatever it is told.
func fastAllowed(bool) bool { return false }
