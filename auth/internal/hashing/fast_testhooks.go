//go:build testhooks

package hashing

import "os"

// fastAllowed says whether hashing is made cheap, by the caller or by the
// environment of a black-box test.
func fastAllowed(asked bool) bool {
	return asked || os.Getenv("AUTHD_TEST_FAST_HASH") == "1"
}
