package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
)

// grant is what a person allowed a client once, and the family of all tokens
// that came of it.
type grant struct {
	id            string
	clientID      string
	userID        string
	sessionID     string
	scopes        []string
	authTime      time.Time
	amr           []string
	nonce         string
	code          string // hash
	codeChallenge string
	redirectURI   string
	redeemedAt    *time.Time
	refreshToken  string // hash of the one that is good now, "" without
	createdAt     time.Time
	expiresAt     time.Time
	revoked       *time.Time

	resources []string
	claims    string // a release, JSON
	acr       string
	jkt       string // thumbprint of the key that its tokens are bound to
	act       string // JSON: who acts for the person
	sid       string // the person's session to the client
}

// Prefixes tell a code from a token at sight, to us and to secret scanners.
const (
	prefixCode    = "authd_ac_"
	prefixAccess  = "authd_at_"
	prefixRefresh = "authd_rt_"
)

// A code or token is its prefix and the base64url of 16 bytes that name its row
// and 32 that nobody can guess. Rows are found by name, so that no index over
// random values grows with them; what is stored is the SHA-256 of the whole.
const (
	nameBytes   = 16
	secretBytes = 32
)

// newValue makes a code or token for the row with that id.
func newValue(prefix, id string) string {
	var raw [nameBytes + secretBytes]byte
	putName(raw[:], id)
	_, _ = rand.Read(raw[nameBytes:]) // never fails (crypto/rand)
	return prefix + base64.RawURLEncoding.EncodeToString(raw[:])
}

// putName writes the bytes that name a row in front of a value; idOf reads them.
func putName(value []byte, id string) {
	if _, err := hex.Decode(value[:nameBytes], []byte(strings.ReplaceAll(id, "-", ""))); err != nil {
		panic("oidc: " + id + " is not an id of ours") // a mistake in the program
	}
}

// rowOf is the id of the row that a code or token names, "" when it cannot be one of ours.
func rowOf(prefix, value string) string {
	rest, ok := strings.CutPrefix(value, prefix)
	if !ok || len(rest) != (nameBytes+secretBytes)*8/6 {
		return ""
	}
	var raw [nameBytes + secretBytes]byte
	if _, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(rest)); err != nil {
		return ""
	}
	return idOf(raw[:nameBytes])
}

// idOf writes the 16 bytes of an id as ids are written.
func idOf(raw []byte) string {
	var id [36]byte
	hex.Encode(id[0:8], raw[0:4])
	hex.Encode(id[9:13], raw[4:6])
	hex.Encode(id[14:18], raw[6:8])
	hex.Encode(id[19:23], raw[8:10])
	hex.Encode(id[24:], raw[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	return string(id[:])
}

// newGrant is a grant in its first state, and its code.
func (s *Service) newGrant(ctx context.Context, r *Request, a *core.Auth, scopes []string) (*grant, string) {
	now := s.now(ctx)
	g := &grant{
		id: core.NewID(), clientID: r.Client.ID, userID: a.User.ID, sessionID: a.Session.ID, scopes: scopes,
		authTime: a.Session.CreatedAt, amr: a.Session.AMR, nonce: r.Nonce,
		codeChallenge: r.CodeChallenge, redirectURI: r.RedirectURI, resources: r.Resources, createdAt: now, expiresAt: now.Add(s.codeLife(r.Client)),
		jkt: r.params.Get("dpop_jkt"),
	}
	if g.has(scopeOpenID) && r.Client.knowsSessions() {
		g.sid = sidOf(g.sessionID, g.clientID)
	}
	code := newValue(prefixCode, g.id)
	g.code = core.HashToken(code)
	return g, code
}

func (g *grant) has(scope string) bool { return slices.Contains(g.scopes, scope) }

func (s *Service) accessLife(c *Client) time.Duration {
	if c.AccessTokenExpiresIn > 0 {
		return c.AccessTokenExpiresIn
	}
	return s.cfg.AccessTokenExpiresIn
}

// idTokenLife is never longer than the server's: for so long keys stay published,
// and people are told that an app may know them.
func (s *Service) idTokenLife(c *Client) time.Duration {
	if life := time.Duration(c.Settings.IDTokenExpiresIn) * time.Second; life > 0 {
		return min(life, s.cfg.IDTokenExpiresIn)
	}
	return s.cfg.IDTokenExpiresIn
}

func (s *Service) refreshLife(c *Client) time.Duration {
	if c.RefreshTokenExpiresIn > 0 {
		return c.RefreshTokenExpiresIn
	}
	return s.cfg.RefreshTokenExpiresIn
}

// grantEnd is when nothing of a grant can be good any more. Its row stays until
// then: whoever replays a code or an old refresh token must be recognised.
func (s *Service) grantEnd(c *Client, to target, now time.Time, refresh bool) time.Time {
	life := s.accessLife(c)
	if refresh {
		offline := s.refreshLife(c)
		if to.refreshLife > 0 {
			offline = min(offline, to.refreshLife)
		}
		life = max(life, offline)
	}
	return now.Add(life)
}
