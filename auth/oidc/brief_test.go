package oidc

import "testing"

// TestAClientReadInPartIsNotWrittenBack: what was not read would be lost.
func TestAClientReadInPartIsNotWrittenBack(t *testing.T) {
	t.Parallel()
	// Without a transaction: it is refused before one is needed.
	if err := updateClient(t.Context(), nil, &Client{ID: "app", brief: true}); err == nil {
		t.Fatal("it was written back")
	}
}
