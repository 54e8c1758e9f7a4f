//go:build !linux

package cli

// networkFileSystem knows Linux only.
func networkFileSystem(string) string {
	return ""
}
