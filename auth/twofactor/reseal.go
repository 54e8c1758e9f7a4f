package twofactor

import (
	"context"
	"slices"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// sealedKind is one of the columns that hold something sealed.
type sealedKind struct {
	sealer *core.Sealer
	list   func(context.Context, store.Querier) ([]sealedRow, error)
	write  func(ctx context.Context, tx *store.Tx, row sealedRow, sealed string) error
}

// Reseal seals every key and backup code under the secret now in force, for
// authd secret rotate. It reports how many were sealed anew.
func (s *Service) Reseal(ctx context.Context) (n int, err error) {
	if len(s.core.Config.Secrets) < 2 {
		return 0, nil // there is none that was in force before
	}
	for _, kind := range []sealedKind{{s.secrets, listSecrets, resealSecret}, {s.backups, listAllBackupCodes, resealBackupCode}} {
		some, err := s.reseal(ctx, kind)
		if n += some; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *Service) reseal(ctx context.Context, kind sealedKind) (n int, err error) {
	rows, err := kind.list(ctx, s.core.DB)
	if err != nil {
		return 0, err
	}
	rows = slices.DeleteFunc(rows, func(row sealedRow) bool { return kind.sealer.Current(row.UserID, row.Sealed) })
	const batch = 200 // so that sign-ins wait for no more than that
	for some := range slices.Chunk(rows, batch) {
		var sealed []string
		for _, row := range some {
			text, err := kind.sealer.Open(row.UserID, row.Sealed)
			next := row.Sealed // of a secret that is no longer there: nothing opens it
			if err == nil {
				if next, err = kind.sealer.Seal(row.UserID, text); err != nil {
					return n, err
				}
				n++
			}
			sealed = append(sealed, next)
		}
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			for i, row := range some {
				if err := kind.write(ctx, tx, row, sealed[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
