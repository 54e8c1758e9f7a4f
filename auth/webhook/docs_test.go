package webhook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"authd/auth/internal/testkit"
)

// TestThePageListsEveryEvent: what can be told of stands in the table of docs/webhooks.md, in
// the same order, and nothing else does; and each can be tried out.
func TestThePageListsEveryEvent(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed, known []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+\\.[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, row[1])
	}
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook(""))
	for _, e := range srv.Webhooks.Events() {
		known = append(known, e.Name)
		if e.Doc == "" {
			t.Errorf("%s is not explained", e.Name)
		}
		sent, err := srv.Webhooks.Test(t.Context(), "crm", e.Name)
		if err != nil || !sent.OK() || sent.Secret != "" {
			t.Errorf("%s: %+v, %v", e.Name, sent, err)
			continue
		}
		if got, types := r.heard(); types != e.Name || got[0].ID != sent.ID || len(got[0].Data) == 0 {
			t.Errorf("the sample of %s came as %q", e.Name, types)
		}
	}
	if !slices.Equal(listed, known) {
		t.Errorf("listed %v, there are %v", listed, known)
	}
}
