package oidc

import (
	"context"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// maxJTI bounds the id of an assertion, proof or request object.
const maxJTI = 512

// firstUse notes that the id of an assertion, a proof or a request object was
// used, and tells whether this was the first time (RFC 7523 §3, RFC 9449 §11.1).
// kind and owner are what the id is unique in; expires is when what has it ends.
// Of two that come at once with the same id, the primary key lets one through.
func (s *Service) firstUse(ctx context.Context, kind, owner, jti string, expires time.Time) (bool, error) {
	id := core.HashToken(kind + "\x00" + owner + "\x00" + jti)
	first := false
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		first, err = useJTI(ctx, tx, id, expires)
		return err
	})
	return first, err
}
