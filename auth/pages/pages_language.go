package pages

import (
	"net/url"
	"time"

	"authd/auth/internal/api"
)

const (
	localeCookie = "locale"
	localeLife   = 365 * 24 * time.Hour
)

// language keeps the choice of the switch at the foot of every page.
func (s *Service) language(r *api.Request, _ *api.None) (api.Responder, error) {
	back := "/"
	if to := field(r, paramReturn); len(to) <= maxReturn && api.SafePath(to) {
		back = to
	}
	locale, known := s.catalogue.Lookup(field(r, "lang"))
	if !known {
		return to(back)
	}
	r.SetCookie(s.cookie(localeCookie, locale.Code(), localeLife))
	return to(speaking(back, locale.Code()))
}

// speaking replaces an app's wish for a language, on a journey that has one, by
// what the person chose now.
func speaking(back, code string) string {
	u, err := url.Parse(back)
	if err != nil {
		return back
	}
	q := u.Query()
	if !q.Has(paramFlow) && !q.Has(paramLocale) {
		return back
	}
	q.Set(paramLocale, code)
	u.RawQuery = q.Encode()
	return u.String()
}
