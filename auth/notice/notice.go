// Package notice tells people by mail what happened to their account: that its
// address is another one, that somebody signed in from where nobody did before,
// and what became of its second factor. Of passwords the package password tells.
package notice

import (
	"context"
	"strconv"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The mails of this capability, and the jobs that make them.
const (
	kindEmailChanged = "email-changed"
	kindNewDevice    = "new-device"
)

// Devices knows what people sign in with.
type Devices interface {
	// SignedIn notes a sign-in, and tells whether it is news to the person.
	SignedIn(ctx context.Context, tx *store.Tx, e core.SessionCreated) (news bool, err error)
}

// Service is this capability.
type Service struct {
	core    *core.Core
	devices Devices
}

// New connects the capability, as far as it is on.
func New(c *core.Core, d Devices) *Service {
	s := &Service{core: c, devices: d}
	c.Mail.Handle(kindEmailChanged, letter(kindEmailChanged))
	c.Mail.Handle(kindNewDevice, letter(kindNewDevice))
	for _, kind := range secondFactor {
		c.Mail.Handle(kind, letter(kind))
	}
	if c.Config.Notices.TwoFactor {
		c.TwoFactorChanged.On(s.twoFactorChanged)
	}
	s.passkeys()
	s.phones()
	if c.Config.Notices.EmailChanged {
		c.EmailChanged.On(s.emailChanged)
	}
	if c.Config.Notices.NewDevice || c.Config.Lockout.Enabled {
		c.SessionCreated.On(s.signedIn)
	}
	return s
}

// secondFactor are the mails of each event of that kind.
var secondFactor = map[string]string{
	"on": "two-factor-on", "off": "two-factor-off", "reset": "two-factor-reset", "backup-code-used": "backup-code-used",
}

// news is the payload of a job: whom to tell what. It is addressed as it was
// then, for an old address is to be told too.
type news struct {
	To     string     `json:"to"`
	Name   string     `json:"name,omitempty"`
	Email  string     `json:"email,omitempty"`
	Left   string     `json:"left,omitempty"` // backup codes
	Locale string     `json:"locale,omitempty"`
	Event  core.Event `json:"event,omitzero"`
}

func letter(kind string) func(ctx context.Context, payload []byte) (*core.Letter, error) {
	return func(_ context.Context, payload []byte) (*core.Letter, error) {
		n, err := core.MailJob[news](payload)
		if err != nil {
			return nil, err
		}
		return &core.Letter{Kind: kind, To: n.To, Name: n.Name, Locale: n.Locale, Event: n.Event, About: n.Email + n.Left, Payload: n}, nil
	}
}

func (s *Service) emailChanged(ctx context.Context, tx *store.Tx, e *core.EmailChanged) error {
	for _, to := range []string{e.Before, e.User.Email} {
		n := news{To: to, Name: e.User.Name, Email: e.User.Email, Locale: e.Locale, Event: e.Event}
		id, err := s.core.Mail.Queue(ctx, tx, kindEmailChanged, n)
		if err != nil {
			return err
		}
		e.Mails = append(e.Mails, id)
	}
	return nil
}

func (s *Service) twoFactorChanged(ctx context.Context, tx *store.Tx, e *core.TwoFactorChanged) error {
	n := news{To: e.User.Email, Name: e.User.Name, Locale: e.Locale, Event: e.Event}
	if e.What == "backup-code-used" {
		n.Left = strconv.Itoa(e.Left)
	}
	id, err := s.core.Mail.Queue(ctx, tx, secondFactor[e.What], n)
	e.Mails = append(e.Mails, id)
	return err
}

// signedIn tells of a sign-in that is news to the person.
func (s *Service) signedIn(ctx context.Context, tx *store.Tx, e core.SessionCreated) error {
	isNew, err := s.devices.SignedIn(ctx, tx, e)
	if err != nil || !isNew || !s.core.Config.Notices.NewDevice {
		return err
	}
	id, err := s.core.Mail.Queue(ctx, tx, kindNewDevice, news{
		To: e.User.Email, Name: e.User.Name, Locale: e.SignIn.Languages, Event: core.Event{At: s.core.Now(ctx), UserAgent: e.Session.UserAgent, IP: e.Session.IPAddress},
	})
	e.SignIn.Mails = append(e.SignIn.Mails, id)
	return err
}
