package upstream_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
	"authd/auth/internal/upstream"
)

const (
	callback = "https://auth.example/api/auth/callback/x"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// world is a set of providers and the outside that plays them.
type world struct {
	*testkit.IDP
	set   *upstream.Set
	clock *testkit.Clock
	t     *testing.T
}

func load(t *testing.T, toml string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "authd.toml")
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Options{File: file, Environ: []string{"AUTHD_DATA=" + dir, "AUTHD_URL=https://auth.example"}})
}

func open(t *testing.T, toml string) *world {
	t.Helper()
	cfg, err := load(t, toml)
	if err != nil {
		t.Fatal(err)
	}
	clock := testkit.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{IDP: testkit.NewIDP(t, clock), clock: clock, t: t}
	if w.set, err = upstream.New(cfg, w.Egress(), clock.Now); err != nil {
		t.Fatal(err)
	}
	return w
}

// one is a world with the provider of a shape.
func one(t *testing.T, s testkit.Shape) (*world, *upstream.Provider) {
	t.Helper()
	w := open(t, section(s))
	return w, w.provider(s.ID)
}

func section(s testkit.Shape) string {
	if s.Discovery != "" {
		return "[[generic_oauth.config]]\nprovider_id = '" + s.ID + "'\nclient_id = 'client'\nclient_secret = 'secret'\ndiscovery_url = 'https://" + s.Discovery + "'\n" + s.Config
	}
	id := "client_id"
	if s.Client == "client_key" {
		id = s.Client
	}
	return "[social_providers." + s.ID + "]\n" + id + " = 'client'\nclient_secret = 'secret'\n" + s.Config
}

func (w *world) provider(id string) *upstream.Provider {
	w.t.Helper()
	p, ok := w.set.Get(id)
	if !ok {
		w.t.Fatalf("%s is not there", id)
	}
	return p
}

// begin is the address that the browser is sent to.
func (w *world) begin(p *upstream.Provider) string {
	w.t.Helper()
	address, err := p.AuthorizationURL(w.t.Context(), upstream.Request{State: "state-1", Verifier: verifier, Nonce: "nonce-1", RedirectURI: callback})
	if err != nil {
		w.t.Fatal(err)
	}
	return address
}

// code is what the browser comes back with.
func code(back url.Values) upstream.Code {
	return upstream.Code{Code: back.Get("code"), Verifier: verifier, Nonce: "nonce-1", RedirectURI: callback, DeviceID: back.Get("device_id"), Form: back}
}

func TestEveryProviderFromButtonToProfile(t *testing.T) {
	for _, s := range testkit.Shapes() {
		t.Run(s.ID, func(t *testing.T) {
			w, p := one(t, s)
			back := w.Authorize(w.begin(p))
			if err := p.CheckIssuer(t.Context(), back.Get("iss")); err != nil {
				t.Error(err)
			}
			tokens, err := p.Exchange(t.Context(), code(back))
			if err != nil {
				t.Fatal(err)
			}
			if tokens.AccessToken == "" || !tokens.AccessExpires.Equal(w.clock.Now(t.Context()).Add(time.Hour)) {
				t.Errorf("%+v", tokens)
			}
			profile, err := p.Profile(t.Context(), tokens, back)
			if err != nil {
				t.Fatal(err)
			}
			if profile.ID == "" || profile.Email == "" {
				t.Errorf("%+v", profile)
			}
			if _, err := p.Exchange(t.Context(), code(back)); err == nil {
				t.Error("the code worked twice")
			}
			next, err := p.Refresh(t.Context(), tokens.RefreshToken)
			if err != nil || next.AccessToken == tokens.AccessToken || next.RefreshToken == "" {
				t.Errorf("refresh: %+v, %v", next, err)
			}
		})
	}
}
