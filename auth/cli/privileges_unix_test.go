//go:build unix

package cli

import "testing"

func TestOwners(t *testing.T) {
	for text, want := range map[string]struct {
		uid, gid int
		ok       bool
	}{
		"65532":       {65532, 65532, true},
		"1000:2000":   {1000, 2000, true},
		"0":           {},
		"0:1000":      {},
		"1000:0":      {},
		"nobody":      {},
		"-1":          {},
		"1000:2000:3": {},
	} {
		uid, gid, err := parseOwner(text)
		if uid != want.uid || gid != want.gid || (err == nil) != want.ok {
			t.Errorf("%q: %d %d %v", text, uid, gid, err)
		}
	}
}
