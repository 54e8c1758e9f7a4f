package oidc_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

// published are the ids in the key set, by algorithm.
func (w *world) published() map[string][]string {
	w.t.Helper()
	document, err := w.srv.OIDC.PublicKeys(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(document, &set); err != nil {
		w.t.Fatal(err)
	}
	ids := map[string][]string{}
	for _, key := range set.Keys {
		ids[key.Algorithm] = append(ids[key.Algorithm], key.KeyID)
	}
	return ids
}

// signer is the id of the key that signs at this moment.
func (w *world) signer(alg string) string {
	w.t.Helper()
	token, err := w.srv.OIDC.SignJWT(w.t.Context(), alg, "test+jwt", map[string]string{})
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		w.t.Fatal(err)
	}
	return parsed.Signatures[0].Header.KeyID
}

func (w *world) states(alg string) map[string]string {
	w.t.Helper()
	keys, err := w.srv.OIDC.Keys(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	states := map[string]string{}
	for _, key := range keys {
		if key.Alg == alg {
			states[key.State] = key.ID
		}
	}
	return states
}

// RFC 7517 §5, OpenID Connect Core §10.1.1: a key is published before it signs,
// and until the last token that it signed has ended.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_JWT__JWKS__GRACE_PERIOD": "1h"})
	old, others := w.signer("EdDSA"), w.signer("ES256")
	if err := w.srv.OIDC.RotateKey(t.Context(), "EdDSA", time.Minute); err != nil {
		t.Fatal(err)
	}
	states := w.states("EdDSA")
	next := states[oidc.KeyNext]
	if next == "" || next == old || states[oidc.KeySigns] != old {
		t.Fatalf("%v, the old key is %s", states, old)
	}
	w.pass(time.Minute - time.Millisecond)
	if got := w.signer("EdDSA"); got != old {
		t.Errorf("%s signs before its time", got)
	}
	w.pass(time.Millisecond)
	if got := w.signer("EdDSA"); got != next {
		t.Errorf("%s signs, not %s", got, next)
	}
	if got := w.signer("ES256"); got != others {
		t.Errorf("another algorithm's key changed to %s", got)
	}
	// The longest token is an ID token: ten hours. grace_period is shorter and does not count.
	w.pass(10*time.Hour - time.Millisecond)
	if got := w.published()["EdDSA"]; len(got) != 2 {
		t.Errorf("published: %v", got)
	}
	w.pass(time.Millisecond)
	if got := w.published()["EdDSA"]; len(got) != 1 || got[0] != next {
		t.Errorf("published: %v", got)
	}
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM jwks WHERE alg = 'EdDSA'`); got != "1" {
		t.Errorf("%s keys are kept", got)
	}
	if err := w.srv.OIDC.RotateKey(t.Context(), "none", 0); !errors.Is(err, oidc.ErrUnknownAlg) {
		t.Error(err)
	}
}

// A token with a life of its own keeps its key.
func TestAKeyOutlivesTheLongestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_JWT__JWKS__GRACE_PERIOD": "0s"})
	w.client(oidc.Client{AccessTokenExpiresIn: 20 * 24 * time.Hour})
	if err := w.srv.OIDC.RotateKey(t.Context(), "ES256", 0); err != nil {
		t.Fatal(err)
	}
	w.pass(20*24*time.Hour - time.Second)
	if got := w.published()["ES256"]; len(got) != 2 {
		t.Errorf("published: %v", got)
	}
}

func TestScheduledRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_JWT__JWKS__ROTATION_INTERVAL": "40d"})
	old := w.signer("EdDSA")
	rotate := func() {
		t.Helper()
		if err := w.srv.OIDC.RotateDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	rotate()
	w.pass(39*24*time.Hour - 2*time.Minute)
	rotate()
	if got := w.published()["EdDSA"]; len(got) != 1 {
		t.Fatalf("too early: %v", got)
	}
	w.pass(time.Minute)
	rotate()
	rotate() // once is enough
	if got := w.published()["EdDSA"]; len(got) != 2 || w.signer("EdDSA") != old {
		t.Fatalf("a day ahead: %v, %s signs", got, w.signer("EdDSA"))
	}
	w.pass(24 * time.Hour)
	if w.signer("EdDSA") == old {
		t.Error("the old key still signs")
	}
	if n := len(w.published()["RS256"]); n != 2 {
		t.Errorf("%d keys for RS256", n)
	}
}

func TestNoRotationUnlessAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_JWT__JWKS__ROTATION_INTERVAL": "0s"})
	w.pass(4000 * 24 * time.Hour)
	if err := w.srv.OIDC.RotateDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.published(); len(got["EdDSA"]) != 1 {
		t.Error(got)
	}
}

// A command rotates beside the server; the server notices by itself.
func TestARunningServerNoticesARotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	old := w.signer("EdDSA")
	beside, err := open(w.dir, nil, w.clock, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := beside.OIDC.RotateKey(t.Context(), "EdDSA", 0); err != nil {
		t.Fatal(err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); w.signer("EdDSA") == old; {
		if time.Now().After(end) {
			t.Fatal("the server still signs with the old key")
		}
	}
	if got := w.published()["EdDSA"]; len(got) != 2 {
		t.Errorf("published: %v", got)
	}
}

// RFC 7518 §3.5: few ask for PS256, so its key is made for the first who does,
// and is kept like any other from then on.
func TestAKeyIsMadeOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if got := w.published(); len(got["RS256"]) != 1 || len(got["PS256"]) != 0 {
		t.Fatalf("nobody asked: %v", got)
	}
	id, secret := w.client(oidc.Client{IDTokenSignedResponseAlg: "PS256"})
	token := w.tokens(id, secret)["id_token"].(string)
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.PS256})
	if err != nil {
		t.Fatal(err)
	}
	made := parsed.Signatures[0].Header.KeyID
	if got := w.published(); len(got["PS256"]) != 1 || got["PS256"][0] != made || got["RS256"][0] == made {
		t.Errorf("%s signed; published: %v", made, got)
	}
	if w.signer("PS256") != made {
		t.Error("a second token has another key")
	}
	if err := w.srv.OIDC.RotateKey(t.Context(), "PS256", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.published()["PS256"]; len(got) != 2 || w.signer("PS256") == made {
		t.Errorf("rotated: %v, %s signs", got, w.signer("PS256"))
	}
	if _, err := w.srv.OIDC.SignJWT(t.Context(), "PS512", "test+jwt", nil); err == nil {
		t.Error("signed with an algorithm that there are no keys for")
	}
}

// Whoever rotates what was never used gets its first key, and no second one.
func TestRotateAKeyThatWasNeverUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.srv.OIDC.RotateKey(t.Context(), "", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.published(); len(got["PS256"]) != 0 || len(got["RS256"]) != 2 {
		t.Errorf("all were rotated: %v", got)
	}
	if err := w.srv.OIDC.RotateKey(t.Context(), "PS256", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.published()["PS256"]; len(got) != 1 {
		t.Errorf("published: %v", got)
	}
}

// RFC 8725 §3.9: a token counts as long as its key is published; nothing that a
// stolen key signs may.
func TestStolenKeysAreWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	old, other := w.signer("EdDSA"), w.signer("ES256")
	if err := w.srv.OIDC.RotateKey(t.Context(), "EdDSA", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := w.srv.OIDC.ReplaceStolenKey(t.Context(), "EdDSA"); err != nil {
		t.Fatal(err)
	}
	states := w.states("EdDSA")
	if got := w.published()["EdDSA"]; len(got) != 1 || got[0] == old || len(states) != 1 || states[oidc.KeySigns] != got[0] {
		t.Errorf("published: %v, %v", got, states)
	}
	if w.signer("EdDSA") == old {
		t.Error("the stolen key signs")
	}
	if w.signer("ES256") != other {
		t.Error("another key was replaced")
	}
	if err := w.srv.OIDC.ReplaceStolenKey(t.Context(), "none"); !errors.Is(err, oidc.ErrUnknownAlg) {
		t.Error(err)
	}
}

// Who rotates again before the next key signs has a key of now, and the one in
// between never signs: it would outlive what it is published for.
func TestAKeyThatWasOvertakenNeverSigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, delay := range []time.Duration{time.Hour, 0} {
		if err := w.srv.OIDC.RotateKey(t.Context(), "EdDSA", delay); err != nil {
			t.Fatal(err)
		}
	}
	now := w.signer("EdDSA")
	states := w.states("EdDSA")
	if states[oidc.KeySigns] != now || states[oidc.KeyNext] != "" {
		t.Errorf("%s signs, %v", now, states)
	}
	w.pass(2 * time.Hour)
	if got := w.signer("EdDSA"); got != now {
		t.Errorf("%s took over from %s", got, now)
	}
}
