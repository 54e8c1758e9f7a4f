// Package magiclink is signing in with a link in a mail.
//
// A request names an address, and gets the same answer after the same work
// whether that is anybody's or not: it queues a job, and the job looks. The link
// leads to a page with a button, for mail scanners follow links; the contract's
// own address, which acts at once, stays for apps that mail links of their own.
// Only the hash of a token is kept, and it is used up in the transaction of the
// sign-in: a refusal leaves it as it was.
package magiclink

import (
	"context"
	"errors"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// method is the name of this way to sign in, kind its mail, purpose what its
// token is good for; the token's subject is the address.
const (
	method  = "magic-link"
	kind    = "magic-link"
	purpose = "magic-link"
)

// SignUpPolicy decides whether strangers may make an account.
type SignUpPolicy interface {
	SignUpOpen(ctx context.Context) (bool, error)
}

// Service is this capability.
type Service struct {
	core   *core.Core
	cfg    config.MagicLink
	policy SignUpPolicy
}

// New connects the capability.
func New(c *core.Core, p SignUpPolicy) *Service {
	s := &Service{core: c, cfg: c.Config.MagicLink, policy: p}
	if !s.cfg.Enabled {
		return s
	}
	c.Mail.Handle(kind, s.mail)
	c.WaysIn = append(c.WaysIn, core.MailboxWaysIn)
	// A link in a mailbox that is the person's no more must not make an account there.
	c.EmailChanged.On(func(ctx context.Context, tx *store.Tx, e *core.EmailChanged) error {
		return c.DropVerifications(ctx, tx, purpose, e.Before)
	})
	return s
}

// Ask is what somebody who wants a link says.
type Ask struct {
	Email       string
	Name        string // of the account, where one is made
	CallbackURL string // where the link leads; "" is this server
	NewUserURL  string // where it leads those who are new; "" is CallbackURL
	ErrorURL    string // where it leads when it fails; "" is CallbackURL
	Client      string // the app that waits for it, for the page behind the link
	Brief       bool   // whoever asks wants no session that outlives their browser
	Metadata    map[string]any
}

// job is what is queued; a token is made only when the mail is.
type job struct {
	Link
	Metadata map[string]any `json:"metadata,omitempty"`
	Locale   string         `json:"locale,omitempty"`
	Invited  bool           `json:"invited,omitempty"`
}

// Request has a link sent, if the address may come in by it.
func (s *Service) Request(r *api.Request, ask Ask) error {
	ctx := r.Context()
	j := job{
		Link: Link{
			Email: core.NormalizeEmail(ask.Email), Name: ask.Name, CallbackURL: ask.CallbackURL, NewUserURL: ask.NewUserURL, ErrorURL: ask.ErrorURL, Client: ask.Client, Brief: ask.Brief,
		},
		Metadata: ask.Metadata, Locale: r.Languages(), Invited: s.core.Invitation(r) != "",
	}
	var id string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		id, err = s.core.Mail.QueueTo(ctx, tx, j.Email, kind, j)
		return err
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, id)
	return nil
}

// shown is what a test build shows of the mail.
type shown struct {
	Email    string         `json:"email"`
	URL      string         `json:"url"`
	Token    string         `json:"token"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

func (s *Service) mail(ctx context.Context, payload []byte) (*core.Letter, error) {
	j, err := core.MailJob[job](payload)
	if err != nil {
		return nil, err
	}
	welcome, err := s.welcome(ctx, j)
	if err != nil || !welcome {
		return nil, err
	}
	var token string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		token, err = s.core.NewVerification(ctx, tx, purpose, j.Email, j.Link, s.cfg.ExpiresIn)
		return err
	})
	if err != nil {
		return nil, err
	}
	base := s.core.Config.URL
	return &core.Letter{
		Kind: kind, To: j.Email, Link: base + "/magic-link?token=" + token, Locale: j.Locale, Valid: s.cfg.ExpiresIn,
		Payload: shown{Email: j.Email, URL: base + "/api/auth/magic-link/verify?" + j.query(token), Token: token, Metadata: j.Metadata},
	}, nil
}

// welcome tells whether a link could let the address in.
func (s *Service) welcome(ctx context.Context, j job) (bool, error) {
	_, err := s.core.UserByEmail(ctx, s.core.DB, j.Email)
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, store.ErrNotFound):
		return false, err
	case s.cfg.DisableSignUp:
		return false, nil
	case j.Invited:
		return true, nil
	}
	return s.policy.SignUpOpen(ctx)
}

// Link is what a token stands for.
type Link struct {
	Email       string `json:"email"`
	Name        string `json:"name,omitempty"`
	CallbackURL string `json:"callbackURL,omitempty"`
	NewUserURL  string `json:"newUserCallbackURL,omitempty"`
	ErrorURL    string `json:"errorCallbackURL,omitempty"`
	Client      string `json:"client,omitempty"`
	Brief       bool   `json:"brief,omitempty"`
}

// query is that of the contract's address, in its order.
func (l Link) query(token string) string {
	callback := l.CallbackURL
	if callback == "" {
		callback = "/"
	}
	q := "token=" + token + "&callbackURL=" + url.QueryEscape(callback)
	if l.NewUserURL != "" {
		q += "&newUserCallbackURL=" + url.QueryEscape(l.NewUserURL)
	}
	if l.ErrorURL != "" {
		q += "&errorCallbackURL=" + url.QueryEscape(l.ErrorURL)
	}
	return q
}

// Pending reads what a token would do, and leaves it. Errors: ErrInvalidToken.
func (s *Service) Pending(ctx context.Context, token string) (*Link, error) {
	v, err := s.core.PeekVerification(ctx, s.core.DB, purpose, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrInvalidToken
	}
	if err != nil {
		return nil, err
	}
	link := &Link{}
	return link, v.Data(link)
}

// Follow uses a token up and signs in whose mailbox it was sent to; new tells
// that the account was made now. brief is a session that ends with the browser; onward is where the browser goes when the person
// is asked for a second factor first.
// Errors: ErrInvalidToken, ErrSignUpDisabled, core.ErrPending, and what a sign-up
// or a sign-in is refused with.
func (s *Service) Follow(r *api.Request, token string, brief bool, onward func(isNew bool) core.Onward) (a *core.Auth, isNew bool, err error) {
	link, err := s.Pending(r.Context(), token)
	if err != nil {
		return nil, false, err
	}
	a, isNew, err = s.core.Arrive(r, core.Arrival{
		Email: link.Email, Method: method, Name: link.Name, Closed: s.cfg.DisableSignUp, Brief: brief, Onward: onward,
		Prove: func(ctx context.Context, tx *store.Tx) error {
			_, err := s.core.UseVerification(ctx, tx, purpose, token)
			return err
		},
	})
	switch {
	case errors.Is(err, store.ErrNotFound): // somebody was faster, or the user has gone
		err = ErrInvalidToken
	case errors.Is(err, core.ErrSignUpRefused):
		err = ErrSignUpDisabled
	}
	return a, isNew, err
}
