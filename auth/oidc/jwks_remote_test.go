package oidc_test

import (
	"crypto"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"authd/auth/oidc"
)

// TestJWKSURI: keys at an address are read when they are needed, again when none
// fits, and not in a loop.
func TestJWKSURI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	old, next := newKey(t, "ES256"), newKey(t, "EdDSA")
	var reads atomic.Int64
	var set atomic.Value
	set.Store([]byte(keySet(t, old)))
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		_, _ = rw.Write(set.Load().([]byte))
	}))
	t.Cleanup(srv.Close)
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: srv.URL})
	ask := func(key crypto.Signer, alg string) *answer {
		form := asserting(signed(t, key, alg, nil, w.assertion(id, nil)))
		form["token"] = []string{"unknown"}
		return w.form("introspect", "", form)
	}
	expect := func(want int64) {
		t.Helper()
		if n := reads.Load(); n != want {
			t.Fatalf("read %d times, want %d", n, want)
		}
	}
	ask(old, "ES256").json(200)
	ask(old, "ES256").json(200)
	expect(1)
	set.Store([]byte(keySet(t, next)))
	ask(next, "EdDSA").json(200) // at once: it is looked at again
	expect(2)
	for range 5 {
		ask(old, "ES256").refused(401, "invalid_client")
	}
	expect(3)
	w.pass(11 * time.Second)
	ask(old, "ES256").refused(401, "invalid_client")
	expect(4)
	set.Store([]byte("nonsense"))
	w.pass(11 * time.Minute)
	ask(next, "EdDSA").json(200) // the last good look counts for a while
	expect(5)
	w.pass(time.Hour)
	ask(next, "EdDSA").refused(401, "invalid_client")
	expect(7) // to have keys at all, and again because none fits
}

// TestJWKSURIOfStrangers: who registered by itself cannot have this server read
// from its own network.
func TestJWKSURIOfStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var reads atomic.Int64
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reads.Add(1) }))
	t.Cleanup(srv.Close)
	key := newKey(t, "ES256")
	id, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: srv.URL, Registration: "dynamic", Unverified: true})
	form := asserting(signed(t, key, "ES256", nil, w.assertion(id, nil)))
	form["token"] = []string{"unknown"}
	w.form("introspect", "", form).refused(401, "invalid_client")
	if reads.Load() != 0 {
		t.Error("an address of this machine was read")
	}
}
