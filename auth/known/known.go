// Package known tells the browsers that people have signed in with from all
// others: by a signed and encrypted cookie that lists whose they were, and where
// there is none by the kind of browser and the network.
//
// Two things go by it. Nobody is told by mail of a sign-in in a browser that they
// use every day, wherever they are; and somebody else's guesses at a password do
// not lock out the browser of the person. The cookie lets nobody in, and being
// known is not being signed in: a browser stays known after a sign-out.
//
// Who plants the cookie of their own browser in another gains nothing: what the
// other then gets lists both people, and the one that was planted does not.
package known

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core   *core.Core
	codecs []securecookie.Codec // the secret in force first
}

const (
	cookieName = "known_device"
	// life is the longest that browsers keep a cookie.
	life = 400 * 24 * time.Hour
	// renewAfter is how old an entry is when it is written again.
	renewAfter = 30 * 24 * time.Hour
	// maxPeople bounds the cookie.
	maxPeople = 8
)

// browser is what the cookie says.
type browser struct {
	ID     string   `json:"i"`
	People []person `json:"p"` // who signed in last comes first
}

type person struct {
	UserID string `json:"u"`
	At     int64  `json:"t"` // unix milliseconds
}

// New makes the capability.
func New(c *core.Core) (*Service, error) {
	s := &Service{core: c}
	hash, err := c.Keys.Bytes("known device signature", 32)
	if err != nil {
		return nil, err
	}
	block, err := c.Keys.Bytes("known device encryption", 32)
	if err != nil {
		return nil, err
	}
	for i := range hash {
		// The entries have times of their own.
		codec := securecookie.New(hash[i], block[i]).MaxAge(0).SetSerializer(securecookie.JSONEncoder{})
		s.codecs = append(s.codecs, codec)
	}
	c.AccessEnded.On(s.ended)
	return s, nil
}

// read is the cookie of a request, one of a new browser where there is none.
func (s *Service) read(r *api.Request) browser {
	if r != nil {
		if value, ok := r.Cookie(s.core.CookieName(cookieName)); ok {
			for _, codec := range s.codecs {
				var b browser
				if codec.Decode(cookieName, value, &b) == nil {
					return b
				}
			}
		}
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	return browser{ID: hex.EncodeToString(id)}
}

// entry is a user's in the cookie, nil when it is too old or not there.
func (b *browser) entry(userID string, now time.Time) *person {
	for i := range b.People {
		if p := &b.People[i]; p.UserID == userID && now.Sub(time.UnixMilli(p.At)) < life {
			return p
		}
	}
	return nil
}

// Known is the id of a browser that a user has signed in with, "" for every other.
func (s *Service) Known(ctx context.Context, r *api.Request, userID string) (id string, err error) {
	b := s.read(r)
	p, err := s.valid(ctx, s.core.DB, &b, userID)
	if p == nil || err != nil {
		return "", err
	}
	return b.ID, nil
}

// valid is a user's entry in the cookie, unless their browsers were forgotten since.
func (s *Service) valid(ctx context.Context, q store.Querier, b *browser, userID string) (*person, error) {
	p := b.entry(userID, s.core.Now(ctx))
	if p == nil {
		return nil, nil
	}
	since, err := forgottenAt(ctx, q, userID)
	if err != nil || time.UnixMilli(p.At).Before(since) {
		return nil, err
	}
	return p, nil
}

// SignedIn notes a sign-in inside its transaction, has the browser know it
// afterwards, and tells whether it is news to the person: the first sign-in of an
// account is not. One in a browser that was known costs one small read.
func (s *Service) SignedIn(ctx context.Context, tx *store.Tx, e core.SessionCreated) (news bool, err error) {
	if e.SignIn.Renews {
		return false, nil
	}
	now := s.core.Now(ctx)
	b := s.read(e.SignIn.Request)
	p, err := s.valid(ctx, tx, &b, e.User.ID)
	if err != nil || p != nil && now.Sub(time.UnixMilli(p.At)) < renewAfter {
		return false, err
	}
	news, err = s.place(ctx, tx, e, now)
	if err != nil {
		return false, err
	}
	if e.SignIn.Request != nil {
		s.keep(e.Auth, b, now)
	}
	return news && p == nil, nil
}

// place notes kind of browser and network, and tells whether either is new.
func (s *Service) place(ctx context.Context, tx *store.Tx, e core.SessionCreated, now time.Time) (bool, error) {
	session := e.Session
	if session.UserAgent == "" && session.IPAddress == "" {
		return false, nil
	}
	kind := core.HashToken(e.User.ID + "\x00browser\x00" + kindOf(session.UserAgent))
	network := core.HashToken(e.User.ID + "\x00network\x00" + networkOf(session.IPAddress))
	isNew, err := seen(ctx, tx, e.User.ID, kind, network, now)
	if err != nil || !isNew {
		return false, err
	}
	first, err := onlyThese(ctx, tx, e.User.ID, kind, network)
	return !first, err
}

// keep puts a user at the beginning of the cookie. It stays with this host, where
// alone it is read.
func (s *Service) keep(a *core.Auth, b browser, now time.Time) {
	b.People = slices.DeleteFunc(slices.Clone(b.People), func(p person) bool { return p.UserID == a.User.ID })
	b.People = append([]person{{UserID: a.User.ID, At: now.UnixMilli()}}, b.People...)
	b.People = b.People[:min(len(b.People), maxPeople)]
	value, err := s.codecs[0].Encode(cookieName, b)
	if err != nil { // they are strangers to each other the next time
		s.core.Log.Warn("the cookie of a known browser was not written", "error", err)
		return
	}
	ck := s.core.Cookie(s.core.CookieName(cookieName), value, int(life.Seconds()))
	ck.Domain = ""
	a.Keep(ck)
}

// ended forgets a user's browsers when the account may have been another's.
func (s *Service) ended(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
	switch e.Reason {
	case "password-reset", "recovered", "claimed", "banned":
		return forget(ctx, tx, e.UserID, s.core.Now(ctx))
	default:
		return nil
	}
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what no cookie can still be of.
func (s *Service) Sweep(ctx context.Context) error {
	for n := int64(sweepBatch); n == sweepBatch; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = deleteOld(ctx, tx, s.core.Now(ctx).Add(-life), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// kindOf is a browser without its versions, which change every month.
func kindOf(agent string) string {
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
