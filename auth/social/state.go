package social

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const (
	purposeState = "social-state"
	// stateLife is how long a person may take at the provider.
	stateLife = 10 * time.Minute
	// maxPending is how many sign-ins a browser may have begun at once, in tabs.
	maxPending = 4
)

// Began is what a sign-in was begun for. It is stored under the hash of its state.
type Began struct {
	Provider    string    `json:"p"`
	CallbackURL string    `json:"cb,omitempty"`
	ErrorURL    string    `json:"err,omitempty"`
	NewUserURL  string    `json:"new,omitempty"`
	SignUp      bool      `json:"up,omitempty"`   // an account was asked for in so many words
	LinkUser    string    `json:"user,omitempty"` // whose account it is to be linked with
	LinkSession string    `json:"sess,omitempty"` // the session that asked
	Scopes      []string  `json:"scope,omitempty"`
	Flow        string    `json:"flow,omitempty"`  // of authd's own pages
	Query       string    `json:"query,omitempty"` // better-auth's signed query, which held at the time
	Anonymous   string    `json:"anon,omitempty"`  // who the browser was
	At          time.Time `json:"at"`
}

// onward is where the browser goes once there is a session.
func (b Began) onward() core.Onward {
	return core.Onward{URL: b.CallbackURL, Flow: b.Flow, Query: b.Query, At: b.At}
}

// pending is what only the browser knows of a sign-in that was begun in it.
type pending struct {
	State    string `json:"s"` // its hash
	Verifier string `json:"v"`
	Nonce    string `json:"n"`
	Until    int64  `json:"u"`
}

func stateCodecs(keys *core.Keyring) ([]securecookie.Codec, error) {
	hash, err := keys.Bytes("social state signature", 32)
	if err != nil {
		return nil, err
	}
	block, err := keys.Bytes("social state encryption", 32)
	if err != nil {
		return nil, err
	}
	var codecs []securecookie.Codec
	for i := range hash {
		// No age: each entry has one, by the server's clock.
		codecs = append(codecs, securecookie.New(hash[i], block[i]).SetSerializer(securecookie.JSONEncoder{}).MaxAge(0))
	}
	return codecs, nil
}

// begin makes state, verifier and nonce of a sign-in and binds them to the browser.
func (s *Service) begin(r *api.Request, b Began) (state string, p pending, err error) {
	ctx := r.Context()
	b.At = r.Now()
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		state, err = s.core.NewVerification(ctx, tx, purposeState, b.Provider, b, stateLife)
		return err
	})
	if err != nil {
		return "", pending{}, err
	}
	p = pending{State: core.HashToken(state), Verifier: core.NewToken(64), Nonce: core.NewToken(32), Until: r.Now().Add(stateLife).Unix()}
	return state, p, s.remember(r, append(s.waiting(r), p))
}

// waiting reads the sign-ins that this browser has begun and not finished.
func (s *Service) waiting(r *api.Request) []pending {
	value, _ := r.Cookie(s.cookie)
	return s.open(r, value)
}

// open reads what a browser, or an app, knows of the sign-ins that it has begun.
func (s *Service) open(r *api.Request, value string) []pending {
	for _, codec := range s.codecs {
		var all []pending
		if codec.Decode(s.cookie, value, &all) != nil {
			continue
		}
		now, current := r.Now().Unix(), all[:0]
		for _, p := range all {
			if now < p.Until {
				current = append(current, p)
			}
		}
		return current
	}
	return nil
}

// remember gives the browser what it has begun, the latest of it; nothing takes
// the cookie away.
func (s *Service) remember(r *api.Request, all []pending) error {
	all = all[max(0, len(all)-maxPending):]
	value := ""
	if len(all) > 0 {
		var err error
		if value, err = s.codecs[0].Encode(s.cookie, all); err != nil {
			return fmt.Errorf("state cookie: %w", err)
		}
	}
	cfg := s.core.Config.Advanced
	// The answer comes from another site: Strict would keep the cookie back then.
	sameSite := "Lax"
	if cfg.DefaultCookieAttributes.SameSite == "none" {
		sameSite = "None"
	}
	r.SetCookie(&api.Cookie{
		Name: s.cookie, Value: value, MaxAge: int(stateLife.Seconds()) * min(len(all), 1), Delete: value == "", Path: "/", HTTPOnly: true,
		Secure: cfg.UseSecureCookies || cfg.DefaultCookieAttributes.Secure, SameSite: sameSite, Partitioned: cfg.DefaultCookieAttributes.Partitioned,
	})
	return nil
}

// finish consumes a state in the browser where it was begun. began is set also
// when the browser is another one, for then the person is told where the flow
// said; nothing is consumed then.
// Errors: errStateMismatch for a state that is unknown, used, expired, of
// another browser or of another provider.
func (s *Service) finish(r *api.Request, provider, state string) (began Began, p pending, err error) {
	ctx := r.Context()
	v, err := s.core.PeekVerification(ctx, s.core.DB, purposeState, state)
	if err != nil {
		return Began{}, pending{}, notFoundIs(err, errStateMismatch)
	}
	if err := v.Data(&began); err != nil {
		return Began{}, pending{}, err
	}
	p, rest, ok := take(s.waiting(r), core.HashToken(state))
	if !ok || began.Provider != provider {
		return began, pending{}, errStateMismatch
	}
	if err := s.remember(r, rest); err != nil {
		return began, pending{}, err
	}
	return began, p, s.consume(ctx, state)
}

// consume lets one callback pass, the first.
func (s *Service) consume(ctx context.Context, state string) error {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.core.UseVerification(ctx, tx, purposeState, state)
		return err
	})
	return notFoundIs(err, errStateMismatch)
}

func take(all []pending, hash string) (found pending, rest []pending, ok bool) {
	for _, p := range all {
		if p.State == hash {
			found, ok = p, true
		} else {
			rest = append(rest, p)
		}
	}
	return found, rest, ok
}

func notFoundIs(err, other error) error {
	if errors.Is(err, store.ErrNotFound) {
		return other
	}
	return err
}
