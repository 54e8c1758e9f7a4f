package core

import (
	"context"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Held is a sign-in that waits: the person has proven one thing, and is asked
// for another before there is a session. Every way in returns it as its error,
// unchanged, and the answer follows from the endpoint: see [Held.Detour].
type Held struct {
	// Challenge is known to the browser alone; what it stands for is kept by
	// whoever held the sign-in.
	Challenge string
	Life      time.Duration // of the challenge
	Methods   []string      // what the contract calls them: "totp", "otp"
	Onward    Onward

	core *Core
}

// Onward is where a sign-in leads that came by a link or from a provider. The
// zero value is where whoever asked knows it.
type Onward struct {
	URL   string    `json:"url,omitempty"`   // a target that was checked
	Flow  string    `json:"flow,omitempty"`  // an app's request that waits at our own pages
	Query string    `json:"query,omitempty"` // better-auth's signed query, which held at the time At
	At    time.Time `json:"at,omitzero"`
}

func (h *Held) Error() string { return "the sign-in waits for a second factor" }

// hold asks for more than the first proof, where that is wanted. Who renews a
// session, or has proven who they are at another time, was asked then.
func (c *Core) hold(ctx context.Context, tx *store.Tx, s *SignIn) (err error) {
	if c.Hold == nil || s.Renews || !s.ProvenAt.IsZero() {
		return nil
	}
	if s.Held, err = c.Hold(ctx, tx, s); err != nil || s.Held == nil {
		return err
	}
	s.Held.core, s.Held.Onward = c, s.Onward
	return nil
}

// heldAnswer is the contract's (NOTES §10).
type heldAnswer struct {
	Redirect bool     `json:"twoFactorRedirect"`
	Methods  []string `json:"twoFactorMethods"`
}

// secondFactorPage is where people prove the second thing.
const secondFactorPage = "/two-factor"

// carried are what our own pages take along from one to the next.
var carried = [...]string{"flow", "return_to", "ui_locales"}

// Detour gives the browser the challenge in place of a session, and tells an app
// that it waits; a person who came by a form or a link is sent to the page for it.
func (h *Held) Detour(r *api.Request) (any, error) {
	c := h.core
	r.SetCookie(c.cookies.cookie(c.cookies.token, "", 0))
	r.SetCookie(c.cookies.cookie(c.cookies.data, "", 0))
	r.SetCookie(c.cookies.cookie(c.cookies.twoFactor, c.sign(h.Challenge), int(h.Life.Seconds())))
	switch {
	case r.Endpoint().Page:
		return seeOther(pageWith(r)), nil
	case byLink(r) && h.Onward != Onward{}:
		return seeOther(r.Base() + secondFactorPage), nil
	default:
		return heldAnswer{true, append([]string{}, h.Methods...)}, nil
	}
}

// pageWith is the page, with what the form carried that was posted.
func pageWith(r *api.Request) string {
	q := url.Values{}
	for _, name := range carried {
		text, _ := r.Body[name].(string)
		if text == "" {
			text = r.Query(name)
		}
		if text != "" && len(text) <= 2000 {
			q.Set(name, text)
		}
	}
	if len(q) == 0 {
		return secondFactorPage
	}
	return secondFactorPage + "?" + q.Encode()
}

// Challenge is the one that the browser holds with our signature, "" without.
func (c *Core) Challenge(r *api.Request) string {
	value, ok := r.Cookie(c.cookies.twoFactor)
	if !ok {
		return ""
	}
	return c.Unsign(value)
}

// NoChallenge takes it from the browser: it was met, or is over.
func (c *Core) NoChallenge() *api.Cookie { return c.cookies.cookie(c.cookies.twoFactor, "", 0) }

// TrustedDevice is by what the browser says that it is known, "" without our signature.
func (c *Core) TrustedDevice(r *api.Request) string {
	value, ok := r.Cookie(c.cookies.trustDevice)
	if !ok {
		return ""
	}
	return c.Unsign(value)
}

// TrustCookie makes a browser known for as long as life; "" makes it a stranger.
func (c *Core) TrustCookie(value string, life time.Duration) *api.Cookie {
	if value == "" {
		return c.cookies.cookie(c.cookies.trustDevice, "", 0)
	}
	return c.cookies.cookie(c.cookies.trustDevice, c.sign(value), int(life.Seconds()))
}

// TwoFactorChanged is the event that something became of a user's second factor.
type TwoFactorChanged struct {
	User *User
	// What is "on", "off", "reset" (by somebody who may), or "backup-code-used".
	What   string
	Left   int // backup codes, after one was used
	Event  Event
	Locale string // an Accept-Language header
	// Mails are jobs that the listeners have queued.
	Mails []string
}

// RenewSession gives a session another token and another proof: what a browser
// held before is worth nothing from then on. The session stays the one that apps
// were told of.
func (c *Core) RenewSession(ctx context.Context, tx *store.Tx, s *Session, amr []string) (*Session, error) {
	now := millis(c.Now(ctx))
	renewed := *s
	renewed.Token, renewed.AMR, renewed.UpdatedAt = NewToken(32), amr, now
	if s.Remember {
		renewed.ExpiresAt = now.Add(c.Config.Session.ExpiresIn)
	}
	return &renewed, renewSession(ctx, tx, &renewed)
}
