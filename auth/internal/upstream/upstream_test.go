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
	if s.Generic {
		return "[[generic_oauth.config]]\n" + s.Config
	}
	id, secret := "client_id", "client_secret = 'secret'\n"
	if s.Client == "client_key" {
		id = s.Client
	}
	if s.Secret != nil {
		secret = ""
	}
	return "[social_providers." + s.ID + "]\n" + id + " = 'client'\n" + secret + s.Config
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
