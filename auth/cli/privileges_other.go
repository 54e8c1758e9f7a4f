//go:build !unix

package cli

// dropRoot does nothing where there is no root.
func dropRoot(_, _ string) error {
	return nil
}
