//go:build testhooks

package egress

import (
	"net/http"
	"net/url"
	"os"
)

// divert sends every request to AUTHD_TEST_EGRESS instead, with its target in
// X-Authd-Egress-Url, so that a black-box test plays the rest of the world. What
// needs no connection to be refused still is.
func divert(t http.RoundTripper) http.RoundTripper {
	text := os.Getenv("AUTHD_TEST_EGRESS")
	if text == "" {
		return t
	}
	to, err := url.Parse(text)
	if err != nil {
		panic("AUTHD_TEST_EGRESS is not a URL")
	}
	return diversion{to: to, next: &http.Transport{MaxResponseHeaderBytes: maxHeader}}
}

type diversion struct {
	to   *url.URL
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (d diversion) RoundTrip(r *http.Request) (*http.Response, error) {
	diverted := r.Clone(r.Context())
	diverted.Header.Set("X-Authd-Egress-Url", r.URL.String())
	to := *d.to
	diverted.URL, diverted.Host = &to, ""
	answer, err := d.next.RoundTrip(diverted)
	if answer != nil {
		answer.Request = r
	}
	return answer, err
}
