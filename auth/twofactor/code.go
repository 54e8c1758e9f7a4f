package twofactor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Texts sends codes to phones.
type Texts interface {
	// Number is where a user's text messages go, "" for nobody's verified number.
	Number(u *core.User) string
	// Send sends one, and is called outside a transaction.
	Send(ctx context.Context, u *core.User, code, locale string) error
}

// UseTexts lets codes go to phones too.
func (s *Service) UseTexts(t Texts) { s.texts = t }

// The ways a code goes.
const (
	ByMail = "email"
	ByText = "sms"
)

// kindCode is the mail, and the job that makes a code.
const kindCode = "two-factor-otp"

// sentTo is where the first proof was sent, if anywhere: a code that is sent to the
// same place proves nothing more.
type sentTo struct{ mailbox, phone bool }

func firstProof(mailbox bool, amr []string) sentTo {
	return sentTo{mailbox, slices.Contains(amr, "sms")}
}

// reaches are the ways on which a code is a second proof, the best first.
func (s *Service) reaches(u *core.User, first sentTo) (ways []string) {
	if !s.cfg.OTPOptions.Enabled {
		return nil
	}
	if !first.mailbox {
		ways = append(ways, ByMail)
	}
	if !first.phone && s.texts != nil && s.texts.Number(u) != "" {
		ways = append(ways, ByText)
	}
	return ways
}

// codeJob is what is queued: the code is made when it is sent, so that nothing
// that works lies in the queue.
type codeJob struct {
	UserID string    `json:"userId"`
	Owner  string    `json:"owner"`
	Way    string    `json:"way"`
	Locale string    `json:"locale,omitempty"`
	Until  time.Time `json:"until"`
}

// shownCode is what a test build shows of the mail.
type shownCode struct {
	User json.RawMessage `json:"user"`
	OTP  string          `json:"otp"`
}

// SendCode sends a code for the sign-in that waits in this browser, or to who is
// signed in; way is ByMail, ByText, or "" for the first that there is.
// Errors: ErrCookie, ErrNoCodes.
func (s *Service) SendCode(r *api.Request, way string) error {
	if !s.cfg.OTPOptions.Enabled {
		return ErrNoCodes
	}
	ctx := r.Context()
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	job := codeJob{Locale: r.Languages(), Until: r.Now().Add(s.cfg.OTPOptions.Period)}
	var u *core.User
	var first sentTo
	if caller != nil {
		u, job.Owner = caller.User, sessionOwner(caller.Session.ID)
	} else {
		ch, err := s.load(r)
		if err != nil {
			return err
		}
		u, job.Owner, first = ch.User, challengeOwner(ch.hash), ch.first()
	}
	ways := s.reaches(u, first)
	if way == "" && len(ways) > 0 {
		way = ways[0]
	}
	if !slices.Contains(ways, way) {
		return ErrNoCodes
	}
	job.UserID, job.Way = u.ID, way
	var id string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if way == ByMail { // texts have a limit of their own
			id, err = s.core.Mail.QueueTo(ctx, tx, u.Email, kindCode, job)
			return err
		}
		id, err = s.core.Mail.Queue(ctx, tx, kindCode, job)
		return err
	})
	if err == nil {
		s.core.Mail.Sent(ctx, id)
	}
	return err
}

func challengeOwner(hash string) string { return "challenge:" + hash }
func sessionOwner(id string) string     { return "session:" + id }

// codeMail makes a code and sends it. Nobody needs one that comes too late.
func (s *Service) codeMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	job, err := core.MailJob[codeJob](payload)
	if err != nil {
		return nil, err
	}
	now := s.core.Now(ctx)
	if !job.Until.After(now) {
		return nil, nil
	}
	u, err := s.core.User(ctx, s.core.DB, job.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	code, err := digits(s.cfg.OTPOptions.Digits)
	if err != nil {
		return nil, err
	}
	until := now.Add(s.cfg.OTPOptions.Period)
	if job.Until.After(until) { // by the time of who asked
		until = job.Until
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return saveCode(ctx, tx, job.Owner, u.ID, s.hashCode(job.Owner, code), until)
	})
	if err != nil {
		return nil, err
	}
	if job.Way == ByText {
		return nil, s.texts.Send(ctx, u, code, job.Locale)
	}
	return &core.Letter{
		Kind: kindCode, To: u.Email, Name: u.Name, Locale: job.Locale, Valid: s.cfg.OTPOptions.Period, About: code,
		Payload: shownCode{core.UserJSON(u), code},
	}, nil
}

// digits are n of them, each with the same chance.
func digits(n int) (string, error) {
	var b strings.Builder
	for range n {
		d, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return "", err
		}
		b.WriteByte('0' + byte(d.Int64()))
	}
	return b.String(), nil
}

// hashCode is what is stored of a code: without the key, its few digits are soon found.
func (s *Service) hashCode(owner, code string) string {
	return base64.RawURLEncoding.EncodeToString(s.codes.Sign([]byte(owner), []byte{0}, []byte(code)))
}

// useSent takes a code that was sent; it counts the try first.
func (t *try) useSent(ctx context.Context, tx *store.Tx) (ok bool, refused, err error) {
	row, err := tryCode(ctx, tx, t.owner, t.user.ID, t.now)
	if errors.Is(err, store.ErrNotFound) {
		return false, ErrExpired, nil
	}
	if err != nil {
		return false, nil, err
	}
	if row.Attempts > int64(t.cfg.OTPOptions.AllowedAttempts) {
		return false, ErrTooMany, deleteCode(ctx, tx, t.owner)
	}
	sum, err := base64.RawURLEncoding.DecodeString(row.Hash)
	if err != nil || !t.codes.Verify(sum, []byte(t.owner), []byte{0}, []byte(plainCode(t.proof.Code))) {
		return false, ErrCode, nil
	}
	return true, nil, deleteCode(ctx, tx, t.owner)
}
