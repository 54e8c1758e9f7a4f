package twofactor

import (
	"context"
	"encoding/base64"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// newBackupCodes puts codes in the place of those before, and returns them: they
// are shown this once.
func (s *Service) newBackupCodes(ctx context.Context, tx *store.Tx, userID string) ([]string, error) {
	if _, err := deleteBackupCodes(ctx, tx, userID); err != nil {
		return nil, err
	}
	o := s.cfg.BackupCodeOptions
	codes := make([]string, o.Amount)
	for i := range codes {
		code := core.NewToken(o.Length)
		if err := insertBackupCode(ctx, tx, userID, s.hashBackupCode(userID, code)); err != nil {
			return nil, err
		}
		codes[i] = code[:5] + "-" + code[5:]
	}
	return codes, nil
}

// hashBackupCode is what is stored of a code.
func (s *Service) hashBackupCode(userID, code string) string {
	return base64.RawURLEncoding.EncodeToString(s.backups.Sign([]byte(userID), []byte{0}, []byte(plainCode(code))))
}

// matchBackupCode is the hash of a user's code, "" when it is none of theirs, and
// how many there are. Whatever was typed, all are compared.
func (s *Service) matchBackupCode(ctx context.Context, q store.Querier, userID, code string) (hash string, left int, err error) {
	hashes, err := listBackupCodes(ctx, q, userID)
	for _, one := range hashes {
		sum, err := base64.RawURLEncoding.DecodeString(one)
		if err == nil && s.backups.Verify(sum, []byte(userID), []byte{0}, []byte(plainCode(code))) {
			hash = one
		}
	}
	return hash, len(hashes), err
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
