package core

import (
	"net/url"
	"strings"

	"authd/auth/internal/api"
)

// HandOver is where a redirect leads that ends a sign-in. An app made with Expo
// gets there, in a parameter, the cookies that its phone's browser was given: it
// has no other way to them. Only where [expo] is on, and only to a scheme of an
// app's own; the target was checked against trusted_origins when it was asked for.
func (c *Core) HandOver(r *api.Request, where string) string {
	if !c.Config.Expo.Enabled || strings.HasPrefix(where, "/") {
		return where
	}
	cookies := r.Header()["Set-Cookie"]
	to, err := url.Parse(where)
	if err != nil || len(cookies) == 0 || to.Scheme == "http" || to.Scheme == "https" || to.Scheme == "" {
		return where
	}
	q := to.Query()
	q.Set("cookie", strings.Join(cookies, ", "))
	to.RawQuery = q.Encode()
	return to.String()
}
