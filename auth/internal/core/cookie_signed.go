package core

import "authd/auth/internal/api"

// prefixed is a cookie's name with what the names of all our cookies begin with.
func (c *Core) prefixed(name string) string {
	prefix := c.Config.Advanced.CookiePrefix + "."
	if c.Config.Advanced.UseSecureCookies {
		prefix = "__Secure-" + prefix
	}
	return prefix + name
}

// SetSigned gives the browser a value of a capability's own, signed, for maxAge
// seconds; name goes without the prefix. "" takes it away.
func (c *Core) SetSigned(r *api.Request, name, value string, maxAge int) {
	if value != "" {
		value = c.sign(value)
	}
	r.SetCookie(c.cookies.cookie(c.prefixed(name), value, maxAge))
}

// Signed is such a value, "" where there is none or its signature does not hold.
func (c *Core) Signed(r *api.Request, name string) string {
	value, ok := r.Cookie(c.prefixed(name))
	if !ok {
		return ""
	}
	return c.Unsign(value)
}
