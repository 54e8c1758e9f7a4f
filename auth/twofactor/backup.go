package twofactor

import (
	"context"
	"crypto/subtle"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// newBackupCodes puts codes in the place of those before, and returns them: they
// are shown this once.
func (s *Service) newBackupCodes(ctx context.Context, tx *store.Tx, userID string) ([]string, error) {
	o := s.cfg.BackupCodeOptions
	codes := make([]string, o.Amount)
	for i := range codes {
		code := core.NewToken(o.Length)
		codes[i] = code[:5] + "-" + code[5:]
	}
	return codes, s.saveBackupCodes(ctx, tx, userID, codes)
}

func (s *Service) saveBackupCodes(ctx context.Context, tx *store.Tx, userID string, codes []string) error {
	if _, err := deleteBackupCodes(ctx, tx, userID); err != nil {
		return err
	}
	for _, code := range codes {
		sealed, err := s.backups.Seal(userID, []byte(hashBackupCode(userID, code)))
		if err != nil {
			return err
		}
		if err := insertBackupCode(ctx, tx, userID, sealed); err != nil {
			return err
		}
	}
	return nil
}

// hashBackupCode is what is kept of a code. It is sealed besides, so that the
// database alone does not even tell when a guess is right, and so that it can be
// sealed anew under another secret.
func hashBackupCode(userID, code string) string {
	return core.HashToken(userID + "\x00" + plainCode(code))
}

// matchBackupCode is the row of a user's code, "" when it is none of theirs, and
// how many there are. Whatever was typed, all are compared.
func (s *Service) matchBackupCode(ctx context.Context, q store.Querier, userID, code string) (row string, left int, err error) {
	rows, err := listBackupCodes(ctx, q, userID)
	want := []byte(hashBackupCode(userID, code))
	for _, one := range rows {
		hash, err := s.backups.Open(userID, one)
		if err == nil && subtle.ConstantTimeCompare(hash, want) == 1 {
			row = one
		}
	}
	return row, len(rows), err
}

// Adopt keeps the authenticator app and the backup codes of a user of another server.
func (s *Service) Adopt(ctx context.Context, tx *store.Tx, userID, secret string, codes []string) error {
	sealed, err := s.secrets.Seal(userID, []byte(secret))
	if err != nil {
		return err
	}
	if _, err := setSecret(ctx, tx, userID, sealed, true, s.core.Now(ctx)); err != nil {
		return err
	}
	return s.saveBackupCodes(ctx, tx, userID, codes)
}

// NewBackupCodes replaces a person's backup codes. Errors: ErrNotEnabled for who
// has no second factor, or none that goes with backup codes.
func (s *Service) NewBackupCodes(r *api.Request, u *core.User) (codes []string, err error) {
	ctx := r.Context()
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := s.core.User(ctx, tx, u.ID)
		if err != nil {
			return notFoundIs(err, ErrNotEnabled)
		}
		f, err := s.factorOf(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if !enabled(now) || f.Secret == "" {
			return ErrNotEnabled
		}
		codes, err = s.newBackupCodes(ctx, tx, u.ID)
		return err
	})
	if err == nil {
		r.Security("backup-codes-made", "user", u.ID)
	}
	return codes, err
}
