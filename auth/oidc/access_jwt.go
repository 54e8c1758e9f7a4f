package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// An access token may be a JWT (RFC 9068), so that a resource server can check it
// by itself. There is no row for one: what it says stands in it and is signed,
// its jti names the grant that it came of, and a token that was revoked before
// its end is noted in oauth_jti. So a JWT costs no write, ends with its grant and
// its client wherever it is shown to us, and can be revoked alone.

// Forms of access token, as a client's settings have them.
const (
	formatOpaque = "opaque"
	formatJWT    = "jwt"
)

// typAccess is the typ of an access token (RFC 9068 §2.1); nothing else has it.
const typAccess = "at+jwt"

// accessClaims is what an access token says (RFC 9068 §2.2). azp is what the
// contract has beside client_id.
type accessClaims struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  audiences       `json:"aud"`
	ClientID  string          `json:"client_id"`
	AZP       string          `json:"azp"`
	Scope     string          `json:"scope,omitempty"`
	SessionID string          `json:"sid,omitempty"`
	IssuedAt  int64           `json:"iat"`
	Expires   int64           `json:"exp"`
	ID        string          `json:"jti"`
	AuthTime  int64           `json:"auth_time,omitempty"`
	ACR       string          `json:"acr,omitempty"`
	AMR       []string        `json:"amr,omitempty"`
	Act       json.RawMessage `json:"act,omitempty"`     // RFC 8693 §4.1
	MayAct    *actor          `json:"may_act,omitempty"` // RFC 8693 §4.4
	Confirm   *confirmation   `json:"cnf,omitempty"`     // RFC 7800 §3.1
}

// confirmation names the key a token is bound to (RFC 9449 §6.1).
type confirmation struct {
	JKT string `json:"jkt"`
}

func confirm(jkt string) *confirmation {
	if jkt == "" {
		return nil
	}
	return &confirmation{jkt}
}

// audiences is one text or a list (RFC 7519 §4.1.3).
type audiences []string

// MarshalJSON writes a single one as a text.
func (a audiences) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads both forms.
func (a *audiences) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*a = make(audiences, 1)
		return json.Unmarshal(raw, &(*a)[0])
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

func (s *Service) accessClaims(m *minting, scopes []string, end time.Time) *accessClaims {
	c := &accessClaims{
		Issuer: s.issuer, Subject: m.client.ID, Audience: s.audienceOf(m.target.resources, scopes), ClientID: m.client.ID, AZP: m.client.ID,
		Scope: strings.Join(scopes, " "), IssuedAt: m.now.Unix(), Expires: end.Unix(), ID: newJTI(m.grant), Confirm: confirm(m.jkt),
	}
	if m.act != "" {
		c.Act = json.RawMessage(m.act)
	}
	if g := m.grant; g != nil { // RFC 9068 §2.2.1
		c.MayAct = s.permitted(m.client.Settings.MayAct)
		c.Subject, c.AuthTime, c.ACR, c.AMR = s.subject(m.client, g.userID), g.authTime.Unix(), g.acr, g.amr
		if g.clientID == m.client.ID { // whoever exchanged the token is not part of that session
			c.SessionID = sidOf(g.sessionID, g.clientID)
		}
	}
	return c
}

// audienceOf is where a token counts: at the resources it was asked for, and, with
// openid, at our userinfo endpoint. A JWT that was asked for nothing in particular
// counts here (RFC 9068 §3).
func (s *Service) audienceOf(resources, scopes []string) audiences {
	if slices.Contains(scopes, scopeOpenID) && !slices.Contains(resources, s.userinfoURL) {
		resources = append(slices.Clone(resources), s.userinfoURL)
	}
	if len(resources) == 0 {
		return audiences{s.issuer}
	}
	return resources
}

// A jti is the base64url of the grant's id, where there is a grant, and of
// 16 bytes of chance.
const jtiBytes = 16

func newJTI(g *grant) string {
	var raw [nameBytes + jtiBytes]byte
	chance := raw[nameBytes:]
	_, _ = rand.Read(chance) // never fails (crypto/rand)
	if g == nil {
		return base64.RawURLEncoding.EncodeToString(chance)
	}
	putName(raw[:], g.id)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// grantOf is the grant that a jti of ours names, "" for that of a client's own token.
func grantOf(jti string) (id string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(jti)
	switch {
	case err != nil:
		return "", false
	case len(raw) == jtiBytes:
		return "", true
	case len(raw) == nameBytes+jtiBytes:
		return idOf(raw[:nameBytes]), true
	default:
		return "", false
	}
}

// maxJWT bounds what is parsed at all.
const maxJWT = 16 << 10

// errNotOurs says that a JWT is not one of ours, or not of that type.
var errNotOurs = errors.New("not a token of this server")

// verifyTyped checks that a JWT was signed here and is of that type, and gives its
// claims. A type must be there exactly as we write it (RFC 8725 §3.11). Errors: errNotOurs.
func (k *keys) verifyTyped(ctx context.Context, typ, token string) ([]byte, error) {
	if len(token) > maxJWT {
		return nil, errNotOurs
	}
	var algs []jose.SignatureAlgorithm
	for _, alg := range signingAlgs() {
		algs = append(algs, jose.SignatureAlgorithm(alg))
	}
	object, err := jose.ParseSignedCompact(token, algs)
	if err != nil || len(object.Signatures) != 1 {
		return nil, errNotOurs
	}
	if named, _ := object.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); named != typ {
		return nil, errNotOurs
	}
	payload, err := k.verify(ctx, object)
	if errors.Is(err, errHint) {
		return nil, errNotOurs
	}
	return payload, err
}

// accessJWT reads an access token that is a JWT. Errors: store.ErrNotFound when it
// is none of ours, has ended, or was revoked.
func (s *Service) accessJWT(ctx context.Context, token string) (*accessToken, error) {
	payload, err := s.keys.verifyTyped(ctx, typAccess, token)
	if errors.Is(err, errNotOurs) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var c accessClaims
	if json.Unmarshal(payload, &c) != nil || c.Issuer != s.issuer {
		return nil, store.ErrNotFound
	}
	grantID, ok := grantOf(c.ID)
	t := &accessToken{
		id: c.ID, grantID: grantID, clientID: c.ClientID, scopes: strings.Fields(c.Scope),
		createdAt: time.Unix(c.IssuedAt, 0).UTC(), expiresAt: time.Unix(c.Expires, 0).UTC(), resources: c.Audience, act: string(c.Act), jwt: &c,
	}
	if c.Confirm != nil {
		t.jkt = c.Confirm.JKT
	}
	if !ok || !s.now(ctx).Before(t.expiresAt) {
		return nil, store.ErrNotFound
	}
	return t, completeJWT(ctx, s.core.DB, t, revokedJTI(c.ID))
}

// revokedJTI is how the end of one JWT is noted.
func revokedJTI(jti string) string { return core.HashToken("revoked access token " + jti) }

// isJWT tells a JWT from our other tokens: they have no dots.
func isJWT(token string) bool { return strings.Count(token, ".") == 2 }

// revokeJWT ends one JWT access token of the client (RFC 7009 §2.1): where it is
// checked by its signature alone, it counts until its time is up (RFC 7009 §3).
func (s *Service) revokeJWT(ctx context.Context, client *Client, token string) error {
	t, err := s.accessJWT(ctx, token)
	if errors.Is(err, store.ErrNotFound) || err == nil && t.clientID != client.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return revokeJWT(ctx, tx, revokedJTI(t.id), t.expiresAt) })
}
