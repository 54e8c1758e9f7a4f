package conformance

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/tests/authdtest"
)

// settings are the authd.toml of docs/conformance.md: what the plans need and authd
// does not do unless it is told to.
func settings(t *testing.T) string {
	t.Helper()
	root, err := authdtest.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "```toml\n")
	text, _, ended := strings.Cut(text, "```")
	if !found || !ended {
		t.Fatal("docs/conformance.md has no authd.toml")
	}
	return text
}

// TestStaticClients signs in with each of the clients that docs/conformance.md declares.
func TestStaticClients(t *testing.T) {
	s := start(t)
	const callback = "https://www.certification.openid.net/test/a/authd/callback"
	for _, declared := range []struct{ id, secret, method, redirect string }{
		{"conformance-1", "the first secret, at least 32 characters", "client_secret_basic", callback},
		{"conformance-2", "the second secret, at least 32 characters", "client_secret_basic", callback + "?dummy1=lorem&dummy2=ipsum"},
		{"conformance-post", "the third secret, at least 32 characters", "client_secret_post", callback},
	} {
		for _, mode := range []string{"", "form_post"} {
			t.Run(strings.TrimSuffix(declared.id+" "+mode, " "), func(t *testing.T) {
				t.Parallel()
				c := s.unregistered(t, mode)
				c.redirect = declared.redirect
				c.told = map[string]any{"client_id": declared.id, "client_secret": declared.secret, "token_endpoint_auth_method": declared.method}
				c.signIn(nil)
				a := c.authorized(nil)
				c.redeem(a)
				c.denied(c.token(c.code(a)), http.StatusBadRequest, "invalid_grant")
				c.stays(c.open(c.link(c.params(url.Values{"redirect_uri": {c.redirect + "x"}}))))
			})
		}
	}
	t.Run("the other client's code", func(t *testing.T) {
		first, other := s.unregistered(t, ""), s.unregistered(t, "")
		first.redirect, other.redirect = callback, callback
		first.told = map[string]any{"client_id": "conformance-1", "client_secret": "the first secret, at least 32 characters", "token_endpoint_auth_method": "client_secret_basic"}
		other.told = map[string]any{"client_id": "conformance-post", "client_secret": "the third secret, at least 32 characters", "token_endpoint_auth_method": "client_secret_post"}
		a := first.authorized(nil)
		other.denied(other.token(other.code(a)), http.StatusBadRequest, "invalid_grant")
		first.redeem(a)
	})
}
