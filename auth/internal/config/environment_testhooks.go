//go:build testhooks

package config

import "strings"

// testVariable matches the switches of black-box tests.
func testVariable(name string) bool {
	return strings.HasPrefix(name, "AUTHD_TEST_")
}
