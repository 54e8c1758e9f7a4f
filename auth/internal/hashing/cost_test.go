package hashing

import (
	"os"
	"testing"
)

// TestMain hashes at full cost here, whatever the other packages do.
func TestMain(m *testing.M) {
	if err := os.Unsetenv("AUTHD_TEST_FAST_HASH"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
