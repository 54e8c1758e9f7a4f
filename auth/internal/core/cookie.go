package core

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
)

// cookieNames are the contract's names with the configured prefix (NOTES §2).
type cookieNames struct {
	token, data, dontRemember string
	invitation                string
	twoFactor, trustDevice    string
	template                  api.Cookie
}

func newCookieNames(cfg *config.Config) cookieNames {
	prefix := cfg.Advanced.CookiePrefix + "."
	if cfg.Advanced.UseSecureCookies {
		prefix = "__Secure-" + prefix
	}
	attrs := cfg.Advanced.DefaultCookieAttributes
	n := cookieNames{
		token: prefix + "session_token", data: prefix + "session_data", dontRemember: prefix + "dont_remember",
		invitation: prefix + "invitation", twoFactor: prefix + "two_factor", trustDevice: prefix + "trust_device",
		template: api.Cookie{
			Path: "/", HTTPOnly: true, SameSite: "Lax",
			Secure: cfg.Advanced.UseSecureCookies || attrs.Secure, Partitioned: attrs.Partitioned,
		},
	}
	switch strings.ToLower(attrs.SameSite) {
	case "none":
		n.template.SameSite = "None"
	case "strict":
		n.template.SameSite = "Strict"
	}
	if cfg.Advanced.CrossSubDomainCookies.Enabled {
		n.template.Domain = cfg.Advanced.CrossSubDomainCookies.Domain
	}
	return n
}

func (n *cookieNames) cookie(name, value string, maxAge int) *api.Cookie {
	ck := n.template
	ck.Name, ck.Value, ck.MaxAge, ck.Delete = name, value, maxAge, value == ""
	return &ck
}

// verifyBase64 checks the padded base64 signature of a signed cookie.
func verifyBase64(s *Signer, sig, value string) bool {
	var raw [33]byte
	n, err := base64.StdEncoding.Decode(raw[:], []byte(sig))
	return err == nil && n == sha256.Size && s.Verify(raw[:n], []byte(value))
}

// signed is a value with its signature.
func (c *Core) signed(value string) string {
	return value + "." + base64.StdEncoding.EncodeToString(c.signer.Sign([]byte(value)))
}

// sign makes the wire form of a signed cookie: encodeURIComponent(value.signature).
func (c *Core) sign(value string) string { return url.QueryEscape(c.signed(value)) }

// setSessionCookies gives the browser its session: the token, the cache when it
// is on, the mark of a session that is not to be remembered, and what goes along.
func (c *Core) setSessionCookies(r *api.Request, a *Auth) {
	signed := c.setTokenCookie(r, a.Session)
	if !a.Session.Remember {
		r.SetCookie(c.cookies.cookie(c.cookies.dontRemember, c.sign("true"), 0))
	}
	c.SetCache(r, a)
	for _, ck := range a.cookies {
		r.SetCookie(ck)
	}
	c.tokenSent(r, a, signed)
}

// setTokenCookie returns what it sent: the token with its signature.
func (c *Core) setTokenCookie(r *api.Request, s *Session) string {
	signed := c.signed(s.Token)
	r.SetCookie(c.cookies.cookie(c.cookies.token, url.QueryEscape(signed), c.TokenAge(s)))
	return signed
}

// TokenAge is for how many seconds the browser keeps the token, 0 for as long as it runs.
func (c *Core) TokenAge(s *Session) int {
	if !s.Remember {
		return 0
	}
	return int(c.Config.Session.ExpiresIn.Seconds())
}

// Cookie is one with the attributes of the session's, under a name of its own; ""
// deletes it.
func (c *Core) Cookie(name, value string, maxAge int) *api.Cookie {
	return c.cookies.cookie(name, value, maxAge)
}

// CookieName is a name with what all cookies of this server begin with.
func (c *Core) CookieName(name string) string {
	return strings.TrimSuffix(c.cookies.token, "session_token") + name
}

// SetTokenBeside gives the browser a token in a cookie of its own, like that of the
// session but for its name, which is longer by suffix. "" takes it away.
func (c *Core) SetTokenBeside(r *api.Request, suffix, token string, maxAge int) {
	value := ""
	if token != "" {
		value = c.sign(token)
	}
	r.SetCookie(c.cookies.cookie(c.cookies.token+suffix, value, maxAge))
}

// TokensBeside visits the tokens in cookies whose name is that of the session and
// then prefix, those with our signature.
func (c *Core) TokensBeside(r *api.Request, prefix string, visit func(suffix, token string)) {
	r.EachCookie(func(name, value string) bool {
		if rest, ok := strings.CutPrefix(name, c.cookies.token); ok && strings.HasPrefix(rest, prefix) {
			if token := c.Unsign(value); token != "" {
				visit(rest, token)
			}
		}
		return true
	})
}

// Switch makes another session that the browser holds the one it is signed in with.
func (c *Core) Switch(r *api.Request, a *Auth) {
	r.Auth = a
	if _, ok := r.Cookie(c.cookies.dontRemember); ok && a.Session.Remember {
		r.SetCookie(c.cookies.cookie(c.cookies.dontRemember, "", 0))
	}
	c.setSessionCookies(r, a)
}

func (c *Core) tokenSent(r *api.Request, a *Auth, signed string) {
	for _, tell := range c.TokenSent {
		tell(r, a, signed)
	}
}

// ResendCookies sends the session's cookies again after what they stand for changed.
func (c *Core) ResendCookies(r *api.Request, a *Auth) {
	signed := c.setTokenCookie(r, a.Session)
	c.SetCache(r, a)
	c.tokenSent(r, a, signed)
}

// ClearCookies takes the session from the browser.
func (c *Core) ClearCookies(r *api.Request) {
	r.SetCookie(c.cookies.cookie(c.cookies.token, "", 0))
	r.SetCookie(c.cookies.cookie(c.cookies.data, "", 0))
	c.clearChunks(r, 0)
	r.SetCookie(c.cookies.cookie(c.cookies.dontRemember, "", 0))
}

// chunkSize is the length of a cookie's value that keeps the whole line within
// 4050 bytes, which every browser stores.
const chunkSize = 4050 - 200

// SetCache sends the session cache; without the cache it does nothing.
func (c *Core) SetCache(r *api.Request, a *Auth) {
	if c.cache == nil {
		return
	}
	value, life := c.cache.encode(c, a, r.Now())
	maxAge := 0
	if a.Session.Remember {
		maxAge = int(life.Seconds())
	}
	if len(value) <= chunkSize {
		r.SetCookie(c.cookies.cookie(c.cookies.data, value, maxAge))
		c.clearChunks(r, 0)
		return
	}
	n := 0
	for ; value != ""; n++ {
		part := value[:min(chunkSize, len(value))]
		value = value[len(part):]
		r.SetCookie(c.cookies.cookie(c.cookies.data+"."+strconv.Itoa(n), part, maxAge))
	}
	if _, ok := r.Cookie(c.cookies.data); ok {
		r.SetCookie(c.cookies.cookie(c.cookies.data, "", 0))
	}
	c.clearChunks(r, n)
}

// clearChunks deletes chunks that the browser still holds, from number from on.
func (c *Core) clearChunks(r *api.Request, from int) {
	r.EachCookie(func(name, _ string) bool {
		if i, ok := c.chunkNumber(name); ok && i >= from {
			r.SetCookie(c.cookies.cookie(name, "", 0))
		}
		return true
	})
}

func (c *Core) chunkNumber(name string) (int, bool) {
	rest, ok := strings.CutPrefix(name, c.cookies.data+".")
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(rest)
	return i, err == nil && i >= 0 && i < maxChunks
}

const maxChunks = 100

// cacheValue is the session cache as the browser sent it, chunks put together.
func (c *Core) cacheValue(r *api.Request) string {
	if value, ok := r.Cookie(c.cookies.data); ok {
		return value
	}
	first, ok := r.Cookie(c.cookies.data + ".0")
	if !ok {
		return ""
	}
	var b strings.Builder
	b.WriteString(first)
	for i := 1; i < maxChunks; i++ {
		part, ok := r.Cookie(c.cookies.data + "." + strconv.Itoa(i))
		if !ok {
			break
		}
		b.WriteString(part)
	}
	return b.String()
}
