package emailotp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const (
	keyLength  = sha256.Size
	seedLength = 22
)

// codes are what the secrets make of a row, that of the secret in force first.
func (s *Service) codes(purpose, subject, seed string) []string {
	all := make([]string, 0, len(s.keys))
	for _, key := range s.keys {
		h := hmac.New(sha256.New, key)
		// None of the parts holds a line feed, so that they cannot run into each other.
		_, _ = fmt.Fprintf(h, "%s\n%s\n%s", purpose, subject, seed)
		most := uint64(1)
		for range s.cfg.OTPLength {
			most *= 10
		}
		// 64 bits over at most 10^12 codes: the chances differ by less than 10^-7.
		all = append(all, fmt.Sprintf("%0*d", s.cfg.OTPLength, binary.BigEndian.Uint64(h.Sum(nil))%most))
	}
	return all
}

// fits compares in constant time.
func (s *Service) fits(purpose, subject, seed, code string) bool {
	right := 0
	for _, each := range s.codes(purpose, subject, seed) {
		right |= subtle.ConstantTimeCompare([]byte(each), []byte(code))
	}
	return right == 1
}

// try compares a code, and counts the attempt before it does. The answer to the
// right one uses it up, once, in the transaction of what it is for.
// Errors: ErrInvalidOTP, ErrExpired, ErrTooManyAttempts.
func (s *Service) try(ctx context.Context, purpose, subject, code string) (Use, error) {
	var seed string
	var refused error
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		refused = nil
		now := s.core.Now(ctx)
		seed, err = countAttempt(ctx, tx, purpose, subject, s.cfg.AllowedAttempts, now)
		if errors.Is(err, store.ErrNotFound) {
			refused, err = s.whyNot(ctx, tx, purpose, subject)
			return err
		}
		if err != nil {
			return err
		}
		if !s.fits(purpose, subject, seed, code) {
			refused = ErrInvalidOTP
			return nil
		}
		return uncountAttempt(ctx, tx, purpose, subject)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx) error {
		err := useCode(ctx, tx, purpose, subject, seed, s.core.Now(ctx))
		if errors.Is(err, store.ErrNotFound) { // somebody was faster
			return ErrInvalidOTP
		}
		return err
	}, nil
}

// whyNot tells why no code can be tried, once: after that there is none.
func (s *Service) whyNot(ctx context.Context, tx *store.Tx, purpose, subject string) (refused, err error) {
	row, err := findCode(ctx, tx, purpose, subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrInvalidOTP, nil
	case err != nil:
		return nil, err
	case row.seed == "":
		return ErrInvalidOTP, nil
	}
	refused = ErrTooManyAttempts
	if !row.expires.After(s.core.Now(ctx)) {
		refused = ErrExpired
	}
	return refused, endCode(ctx, tx, purpose, subject)
}

// changing is the subject of a code that replaces an address: bound to whose
// address is to be replaced, and by which.
func changing(userID, email string) string { return userID + " " + email }

// job is what is queued of a mail.
type job struct {
	Type    string `json:"type"`
	Email   string `json:"email"`            // whom it goes to
	UserID  string `json:"userId,omitempty"` // whose address is to be replaced
	Seed    string `json:"seed"`
	Locale  string `json:"locale,omitempty"`
	Invited bool   `json:"invited,omitempty"`
}

func (j job) subject() string {
	if j.Type == typeChange {
		return changing(j.UserID, j.Email)
	}
	return j.Email
}

// queue makes a code's row and queues its mail. worn tells that too many wrong
// ones were tried: then there is no mail. Where an address has got too many mails the
// code of the last one stays.
func (s *Service) queue(ctx context.Context, tx *store.Tx, j job) (id string, worn bool, err error) {
	if may, err := s.core.Mail.May(ctx, tx, j.Email); err != nil || !may {
		return "", false, err
	}
	now := s.core.Now(ctx)
	row, err := askCode(ctx, tx, asked{
		purpose: j.Type, subject: j.subject(), seed: core.NewToken(seedLength), now: now, expires: now.Add(s.cfg.ExpiresIn),
		reuse: s.cfg.ResendStrategy == "reuse", attempts: s.cfg.AllowedAttempts,
	})
	if err != nil {
		return "", false, err
	}
	j.Seed = row.seed
	id, err = s.core.Mail.Queue(ctx, tx, kind, j)
	return id, row.failures >= mostFailures, err
}

// Told is what a mail tells, and what a test build shows of it.
type Told struct {
	Email string `json:"email"`
	OTP   string `json:"otp"`
	Type  string `json:"type"`
}

func (s *Service) mail(ctx context.Context, payload []byte) (*core.Letter, error) {
	j, err := core.MailJob[job](payload)
	if err != nil {
		return nil, err
	}
	row, err := findCode(ctx, s.core.DB, j.Type, j.subject())
	if errors.Is(err, store.ErrNotFound) || err == nil && (row.seed != j.Seed || row.failures >= mostFailures) {
		return nil, nil // another was asked for since, or it would not work
	}
	if err != nil {
		return nil, err
	}
	welcome, err := s.welcome(ctx, j)
	if err != nil || !welcome {
		return nil, err
	}
	code := s.codes(j.Type, j.subject(), j.Seed)[0]
	return &core.Letter{Kind: kind, To: j.Email, Locale: j.Locale, Valid: s.cfg.ExpiresIn, Payload: Told{Email: j.Email, OTP: code, Type: j.Type}}, nil
}

// welcome tells whether a code can be of use to who gets the mail.
func (s *Service) welcome(ctx context.Context, j job) (bool, error) {
	_, err := s.core.UserByEmail(ctx, s.core.DB, j.Email)
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return false, err
	}
	switch {
	case j.Type == typeChange:
		return unknown, nil
	case !unknown:
		return true, nil
	case j.Type != typeSignIn, s.cfg.DisableSignUp:
		return false, nil
	case j.Invited:
		return true, nil
	}
	return s.policy.SignUpOpen(ctx)
}

// Create makes a code and tells it, for whoever runs the server.
func (s *Service) Create(ctx context.Context, purpose, email string) (code string, err error) {
	email = core.NormalizeEmail(email)
	now := s.core.Now(ctx)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		row, err := askCode(ctx, tx, asked{purpose: purpose, subject: email, seed: core.NewToken(seedLength), now: now, expires: now.Add(s.cfg.ExpiresIn)})
		if err != nil {
			return err
		}
		code = s.codes(purpose, email, row.seed)[0]
		return nil
	})
	return code, err
}

// Pending tells whether there is a code for an address.
func (s *Service) Pending(ctx context.Context, purpose, email string) (bool, error) {
	row, err := findCode(ctx, s.core.DB, purpose, core.NormalizeEmail(email))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && row.seed != "" && row.expires.After(s.core.Now(ctx)), err
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what has expired, a little at a time.
func (s *Service) Sweep(ctx context.Context) error {
	for gone := int64(sweepBatch); gone == sweepBatch; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			gone, err = deleteExpired(ctx, tx, s.core.Now(ctx), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
