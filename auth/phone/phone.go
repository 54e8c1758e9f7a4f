// Package phone is a phone number that people prove by a code in a text message, and
// sign in with.
//
// An unproven number is worth nothing: it opens no account, and gives way to whoever
// proves it. So nobody can wait at somebody else's number for its owner. A code is a
// row of a keyed hash, for one purpose and one number; its attempts are counted where
// it is checked. Known and unknown numbers get the same answer after the same work:
// whether a message goes out is found by the job that would send it. Messages cost
// money, so they are counted by number, by address and in all. The package must not
// send one inside a request, nor put a number or a code into a log.
package phone

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/outbox"
	"authd/auth/internal/sms"
	"authd/auth/internal/store"
)

// The contract's names of what users have, and of this way of signing in.
const (
	fieldNumber   = "phoneNumber"
	fieldVerified = "phoneNumberVerified"
	method        = "phone-number"
)

// WayIn is the kind of a proven number among the ways in.
const WayIn = "phone"

// Passwords signs people in and replaces forgotten passwords.
type Passwords interface {
	CheckLength(password string) error
	SignInUser(r *api.Request, in core.ByPassword) (*core.Auth, error)
	ResetUser(r *api.Request, user *core.User, next string, use func(ctx context.Context, tx *store.Tx) error) error
}

// Wording is the text of a message in the reader's language.
type Wording func(kind, code, languages string, valid time.Duration) string

// Service is this capability.
type Service struct {
	core      *core.Core
	cfg       config.PhoneNumber
	sms       config.SMS
	passwords Passwords
	sender    sms.Sender
	word      Wording
	codes     *core.Signer
	names     *core.Signer // of numbers and addresses
}

// New connects the capability.
func New(c *core.Core, p Passwords, sender sms.Sender, word Wording) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.PhoneNumber, sms: c.Config.SMS, passwords: p, sender: sender, word: word}
	if !s.cfg.Enabled {
		return s, nil
	}
	var err error
	if s.codes, err = c.Keys.Signer("phone code"); err != nil {
		return nil, err
	}
	if s.names, err = c.Keys.Signer("phone number"); err != nil {
		return nil, err
	}
	for _, field := range []core.Field{
		{Name: fieldNumber, Type: "string", Returned: true, Input: true, Unique: true, Clean: clean, Taken: ErrExists},
		{Name: fieldVerified, Type: "boolean", Returned: true},
	} {
		if err := c.UserFields.Add(field); err != nil {
			return nil, err
		}
	}
	c.Jobs.HandleApart(jobKind, terms(), s.deliver)
	c.UserInput = append(c.UserInput, s.check)
	c.WaysIn = append(c.WaysIn, s.waysIn)
	c.ReservePlaceholders(s.fills)
	c.MailboxClaimed.On(func(ctx context.Context, tx *store.Tx, u *core.User) error {
		u.Extra = u.Extra.With(core.Values{fieldNumber: "null", fieldVerified: "null"}) // of who registered another's address
		return dropCodesOf(ctx, tx, u.ID)
	})
	c.UserDeleted.On(dropCodesOf)
	c.UserUpdated.On(s.updated)
	c.ProfileChanging.On(s.changing)
	return s, nil
}

// terms: a code that comes late is of no use.
func terms() outbox.Terms {
	return outbox.Terms{Delays: []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}, GiveUpAfter: 10 * time.Minute, LeastAttempts: 3}
}

// Enabled tells whether people have phone numbers here.
func (s *Service) Enabled() bool { return s.cfg.Enabled }

// SignsUp tells whether who proves a number that is nobody's gets an account.
func (s *Service) SignsUp() bool { return s.cfg.SignUpOnVerification }

// IsLast tells whether a proven number is a user's only way in.
func (s *Service) IsLast(ctx context.Context, u *core.User) (bool, error) {
	keeps, err := s.core.KeepsWayIn(ctx, s.core.DB, u, core.WayIn{Kind: WayIn})
	return !keeps, err
}

// CodeLength is how many digits a code has.
func (s *Service) CodeLength() int { return s.cfg.OTPLength }

// NumberOf is a user's number, "" for none, and whether it was proven.
func (s *Service) NumberOf(u *core.User) (number string, verified bool) {
	if !s.cfg.Enabled {
		return "", false
	}
	return u.Extra.Text(fieldNumber), u.Extra.Value(fieldVerified) == "true"
}

// Number is where a user's text messages go, "" for nobody's proven number.
func (s *Service) Number(u *core.User) string {
	if number, verified := s.NumberOf(u); verified {
		return number
	}
	return ""
}

// Send sends a code that another capability made, for whom Number is somebody's. It
// waits for the sender, so it is called by a job. What is too much for the number, or in
// all, is not sent: nobody can be told any more.
func (s *Service) Send(ctx context.Context, u *core.User, code, languages string) error {
	const kind = "two-factor-otp"
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.count(ctx, tx, s.ofNumber(s.Number(u)), s.core.Now(ctx))
		return err
	})
	if errors.Is(err, errTooMany) {
		s.core.Log.WarnContext(ctx, "a code as a second factor was not sent by text: a limit of [sms] is reached", "user", u.ID)
		return nil
	}
	if err != nil {
		return err
	}
	err = s.sender.Send(ctx, sms.Message{
		ID: "msg_" + core.NewID(), Kind: kind, To: s.Number(u), Text: s.word(kind, code, languages, s.cfg.ExpiresIn),
		Payload: told{s.Number(u), code, kind},
	})
	return final(err)
}

// final gives a job up whose message will never be accepted.
func final(err error) error {
	if errors.Is(err, sms.ErrPermanent) {
		return errors.Join(outbox.ErrPermanent, err)
	}
	return err
}

func clean(value any) (any, error) {
	number, ok := value.(string)
	if !ok {
		return nil, ErrInvalid
	}
	return Normal(number)
}

// waysIn: a proven number gets a code, and that signs in.
func (s *Service) waysIn(_ context.Context, _ store.Querier, u *core.User) ([]core.WayIn, error) {
	if s.Number(u) == "" {
		return nil, nil
	}
	return []core.WayIn{{Kind: WayIn}}, nil
}

// check: a number is given at the sign-up, changed by a code, and taken away.
func (s *Service) check(ctx context.Context, in *core.UserInput) error {
	given, says := in.Values[fieldNumber]
	if !says {
		return nil
	}
	if in.Trusted {
		if _, also := in.Values[fieldVerified]; !also && !in.New {
			in.Values[fieldVerified] = false
		}
		return nil
	}
	if in.New {
		return s.checkNew(ctx, given)
	}
	if given != nil {
		return ErrNotByUpdate
	}
	in.Also[fieldVerified] = "false"
	return nil
}

// changing: nobody takes their last way in away by changing their profile.
func (s *Service) changing(ctx context.Context, tx *store.Tx, e core.UserUpdated) error {
	if s.Number(e.Before) == "" || s.Number(e.After) != "" {
		return nil
	}
	keeps, err := s.core.KeepsWayIn(ctx, tx, e.Before, core.WayIn{Kind: WayIn})
	if err == nil && !keeps {
		return ErrLast
	}
	return err
}

// updated tells of a proven number that is another one, whoever changed it.
func (s *Service) updated(ctx context.Context, tx *store.Tx, e core.UserUpdated) error {
	before, after := s.Number(e.Before), s.Number(e.After)
	if before == after {
		return nil
	}
	cause := s.core.CauseOf(ctx)
	change := &core.PhoneChanged{User: e.After, Before: before, After: after, Event: cause.Event, Locale: cause.Locale}
	err := s.core.PhoneChanged.Emit(ctx, tx, change)
	cause.Mails = append(cause.Mails, change.Mails...)
	return err
}

func (s *Service) checkNew(ctx context.Context, given any) error {
	text, ok := given.(string)
	if !ok {
		return nil // the field says what is wrong
	}
	number, err := Normal(text)
	if err != nil {
		return err
	}
	_, err = s.find(ctx, s.core.DB, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		return ErrExists
	}
	return err
}

// find reads the user who has a number, proven or not. Errors: store.ErrNotFound.
func (s *Service) find(ctx context.Context, q store.Querier, number string) (*core.User, error) {
	return s.core.UserByField(ctx, q, fieldNumber, number)
}

// findOrNobody is find, and nil for nobody.
func (s *Service) findOrNobody(ctx context.Context, q store.Querier, number string) (*core.User, error) {
	u, err := s.find(ctx, q, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// name is how a number or an address stands in rows: they are not to be read there.
func (s *Service) name(kind, of string) string {
	return hex.EncodeToString(s.names.Sign([]byte(kind), []byte{0}, []byte(of)))
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what is over.
func (s *Service) Sweep(ctx context.Context) error {
	for more := s.cfg.Enabled; more; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = sweep(ctx, tx, s.core.Now(ctx), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
