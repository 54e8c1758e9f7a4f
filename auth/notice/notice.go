// Package notice tells people by mail what happened to their account: that its
// address is another one, that somebody signed in from where nobody did before,
// and what became of its second factor. Of passwords the package password tells.
//
// Browser and network are kept as hashes, and only to know them again.
package notice

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The mails of this capability, and the jobs that make them.
const (
	kindEmailChanged = "email-changed"
	kindNewDevice    = "new-device"
)

// Service is this capability.
type Service struct{ core *core.Core }

// New connects the capability, as far as it is on.
func New(c *core.Core) *Service {
	s := &Service{core: c}
	c.Mail.Handle(kindEmailChanged, letter(kindEmailChanged))
	c.Mail.Handle(kindNewDevice, letter(kindNewDevice))
	for _, kind := range secondFactor {
		c.Mail.Handle(kind, letter(kind))
	}
	if c.Config.Notices.TwoFactor {
		c.TwoFactorChanged.On(s.twoFactorChanged)
	}
	s.passkeys()
	if c.Config.Notices.EmailChanged {
		c.EmailChanged.On(s.emailChanged)
	}
	if c.Config.Notices.NewDevice {
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

// signedIn remembers browser and network, and tells of either that is new. The
// first sign-in of an account is no news.
func (s *Service) signedIn(ctx context.Context, tx *store.Tx, e core.SessionCreated) error {
	session := e.Session
	if session.UserAgent == "" && session.IPAddress == "" {
		return nil
	}
	browser := core.HashToken(e.User.ID + "\x00browser\x00" + browserOf(session.UserAgent))
	network := core.HashToken(e.User.ID + "\x00network\x00" + networkOf(session.IPAddress))
	isNew, err := seen(ctx, tx, e.User.ID, browser, network, s.core.Now(ctx))
	if err != nil || !isNew {
		return err
	}
	first, err := onlyThese(ctx, tx, e.User.ID, browser, network)
	if err != nil || first {
		return err
	}
	id, err := s.core.Mail.Queue(ctx, tx, kindNewDevice, news{
		To: e.User.Email, Name: e.User.Name, Locale: e.SignIn.Languages, Event: core.Event{At: s.core.Now(ctx), UserAgent: session.UserAgent, IP: session.IPAddress},
	})
	e.SignIn.Mails = append(e.SignIn.Mails, id)
	return err
}

// browserOf is a browser without its versions, which change every month.
func browserOf(agent string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, agent)
}

// networkOf is the part of an address that stays when a connection is made anew:
// 24 bits of IPv4, 48 of IPv6, what one customer commonly gets.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip, bits := ip.Unmap(), 48
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil { // only of more bits than there are
		return address
	}
	return prefix.String()
}
