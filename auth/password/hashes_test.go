package password_test

import (
	"testing"

	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const (
	scryptHash = "0123456789abcdef0123456789abcdef:68b228eae069737062c56fbe239acdc9517ba0c0ed53447e2697faa281de7aab26e6e87571f29175a258c42d8a9fde39d6cd344c160472b76897c7bcfe0a1f53"
	bcryptHash = "$2a$06$sm476VyXOsnOxVRd9uQdN.sS.OrClh47.Q9Gao7.PFiFgAII86yUm"
)

// setHash puts a hash where an import would.
func setHash(t *testing.T, s *testkit.Server, userID, hash string) {
	t.Helper()
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		return s.Core.SetPasswordHash(t.Context(), tx, userID, hash)
	})
	if err != nil {
		t.Fatal(err)
	}
}
