package core

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"sync"
	"time"

	"authd/auth/internal/config"
)

// sessionCache makes and reads the session_data cookie (NOTES §4): session and
// user in the browser, so that a read needs no database. What it holds is what
// get-session answers, byte for byte, with a tail of times; reading it back is
// cutting off the tail.
type sessionCache struct {
	maxAge time.Duration
	codec  cacheCodec
}

// cacheCodec is one of the three strategies.
type cacheCodec interface {
	// encode wraps payload, which lacks its closing brace.
	encode(payload []byte, issued, expires time.Time) string
	// decode returns the payload up to its tail and when it expires; ok is false
	// for anything that we did not make.
	decode(value string) (payload []byte, expires time.Time, ok bool)
}

func newSessionCache(cfg config.CookieCache) (*sessionCache, error) {
	s := &sessionCache{maxAge: cfg.MaxAge}
	key := []byte(cfg.Secret)
	switch cfg.Strategy {
	case "compact":
		s.codec = &compactCodec{sign: newSigner([][]byte{key})}
	case "jwt":
		s.codec = newJWTCodec(key)
	case "jwe":
		codec, err := newJWECodec(key)
		if err != nil {
			return nil, err
		}
		s.codec = codec
	default:
		return nil, fmt.Errorf("session.cookie_cache.strategy %q is unknown", cfg.Strategy)
	}
	return s, nil
}

// cacheVersion is the contract's: a cache of another version is not read.
const cacheVersion = `,"version":"1"`

const updatedAtKey = `,"updatedAt":`

// encode makes the cookie's value and says how long it may be used: never
// longer than the session itself.
func (s *sessionCache) encode(_ *Core, a *Auth, now time.Time) (string, time.Duration) {
	life := min(s.maxAge, a.Session.ExpiresAt.Sub(now))
	b := a.AppendJSON(make([]byte, 0, 1024))
	b = b[:len(b)-1]
	b = strconv.AppendInt(append(b, updatedAtKey...), now.UnixMilli(), 10)
	b = append(b, cacheVersion...)
	return s.codec.encode(b, now, now.Add(life)), life
}

// The session's JSON begins with its end and its token, both of fixed length.
const (
	sessionHead = `{"session":{"expiresAt":"`
	timeLength  = len("2006-01-02T15:04:05.000Z")
	tokenHead   = `","token":"`
	tokenLength = 32
)

// answer returns what get-session says, from the cache alone. ok is false when
// the cache is not ours, is for another token, or is over.
func (s *sessionCache) answer(value, token string, now time.Time) (body []byte, ok bool) {
	payload, expires, ok := s.codec.decode(value)
	if !ok || !now.Before(expires) || !bytes.HasPrefix(payload, []byte(sessionHead)) {
		return nil, false
	}
	rest := payload[len(sessionHead):]
	if len(rest) < timeLength+len(tokenHead)+tokenLength {
		return nil, false
	}
	ends, err := time.Parse(time.RFC3339, string(rest[:timeLength]))
	if err != nil || !now.Before(ends) {
		return nil, false
	}
	held := rest[timeLength+len(tokenHead):][:tokenLength]
	if subtle.ConstantTimeCompare(held, []byte(token)) != 1 {
		return nil, false
	}
	cut := bytes.LastIndex(payload, []byte(updatedAtKey))
	if cut < 0 || !bytes.HasSuffix(payload, []byte(cacheVersion)) {
		return nil, false
	}
	return append(payload[:cut:cut], '}'), true
}

// compactCodec is base64url of {"session":P,"expiresAt":ms,"signature":S}, S
// being the HMAC over P with expiresAt as its last field.
type compactCodec struct{ sign *Signer }

const (
	compactHead = `{"session":`
	expiresKey  = `,"expiresAt":`
	sigKey      = `,"signature":"`
	sigLength   = 43 // base64url of 32 bytes
)

func (c *compactCodec) encode(payload []byte, _, expires time.Time) string {
	ms := strconv.AppendInt([]byte(expiresKey), expires.UnixMilli(), 10)
	sig := c.sign.Sign(payload, ms, []byte{'}'})
	out := make([]byte, 0, len(payload)+128)
	out = append(append(append(out, compactHead...), payload...), '}')
	out = append(append(out, ms...), sigKey...)
	out = base64.RawURLEncoding.AppendEncode(out, sig)
	out = append(out, `"}`...)
	return base64.RawURLEncoding.EncodeToString(out)
}

func (c *compactCodec) decode(value string) ([]byte, time.Time, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || !bytes.HasPrefix(raw, []byte(compactHead)) || !bytes.HasSuffix(raw, []byte(`"}`)) {
		return nil, time.Time{}, false
	}
	at := len(raw) - len(`"}`) - sigLength - len(sigKey)
	if at < 0 || string(raw[at:at+len(sigKey)]) != sigKey {
		return nil, time.Time{}, false
	}
	var sig [33]byte
	n, err := base64.RawURLEncoding.Decode(sig[:], raw[at+len(sigKey):len(raw)-2])
	exp := bytes.LastIndex(raw[:at], []byte(expiresKey))
	if err != nil || n != sha256.Size || exp < len(compactHead)+1 || raw[exp-1] != '}' {
		return nil, time.Time{}, false
	}
	payload, tail := raw[len(compactHead):exp-1], raw[exp:at]
	ms, err := strconv.ParseInt(string(tail[len(expiresKey):]), 10, 64)
	if err != nil || !c.sign.Verify(sig[:n], payload, tail, []byte{'}'}) {
		return nil, time.Time{}, false
	}
	return payload, time.UnixMilli(ms), true
}

// appendTimes adds the registered claims of a JWT (RFC 7519 §4.1).
func appendTimes(b []byte, issued, expires time.Time) []byte {
	b = strconv.AppendInt(append(b, `,"iat":`...), issued.Unix(), 10)
	return strconv.AppendInt(append(b, expKey...), expires.Unix(), 10)
}

const (
	iatKey = `,"iat":`
	expKey = `,"exp":`
)

// cutTimes takes the claims that appendTimes and the codecs added off again.
func cutTimes(claims []byte) ([]byte, time.Time, bool) {
	iat := bytes.LastIndex(claims, []byte(iatKey))
	if iat < 0 {
		return nil, time.Time{}, false
	}
	exp := bytes.Index(claims[iat:], []byte(expKey))
	if exp < 0 {
		return nil, time.Time{}, false
	}
	digits := claims[iat+exp+len(expKey):]
	if end := bytes.IndexAny(digits, ",}"); end >= 0 {
		digits = digits[:end]
	}
	seconds, err := strconv.ParseInt(string(digits), 10, 64)
	return claims[:iat], time.Unix(seconds, 0), err == nil
}

// jwtCodec is a compact JWS with HS256 (RFC 7515).
type jwtCodec struct {
	sign   *Signer
	header string
}

func newJWTCodec(key []byte) *jwtCodec {
	return &jwtCodec{sign: newSigner([][]byte{key}), header: base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "."}
}

func (c *jwtCodec) encode(payload []byte, issued, expires time.Time) string {
	claims := append(appendTimes(payload, issued, expires), '}')
	out := make([]byte, 0, len(claims)*4/3+128)
	out = base64.RawURLEncoding.AppendEncode(append(out, c.header...), claims)
	sig := c.sign.Sign(out)
	return string(base64.RawURLEncoding.AppendEncode(append(out, '.'), sig))
}

func (c *jwtCodec) decode(value string) ([]byte, time.Time, bool) {
	at := len(value) - sigLength - 1
	if at < len(c.header) || value[:len(c.header)] != c.header || value[at] != '.' {
		return nil, time.Time{}, false
	}
	var sig [33]byte
	n, err := base64.RawURLEncoding.Decode(sig[:], []byte(value[at+1:]))
	if err != nil || n != sha256.Size || !c.sign.Verify(sig[:n], []byte(value[:at])) {
		return nil, time.Time{}, false
	}
	claims, err := base64.RawURLEncoding.DecodeString(value[len(c.header):at])
	if err != nil {
		return nil, time.Time{}, false
	}
	return cutTimes(claims)
}

// deriveJWEKey is the contract's key for the encrypted cache (NOTES §4).
func deriveJWEKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, []byte("better-auth-session"), "BetterAuth.js Generated Encryption Key", 64)
}

func newMACPool(key []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return hmac.New(sha512.New, key) }}
}

// takeMAC lends a ready hash.
func takeMAC(p *sync.Pool) hash.Hash {
	h := p.Get().(hash.Hash)
	h.Reset()
	return h
}
