//go:build testhooks || race

package hashing

import "os"

// fastAllowed says whether hashing is made cheap, by the caller or by the
// environment of a black-box test. A build with the race detector may be told
// so too: it is no release, and it hashes ten times slower.
func fastAllowed(asked bool) bool {
	return asked || os.Getenv("AUTHD_TEST_FAST_HASH") == "1"
}
