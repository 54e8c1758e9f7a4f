package oidc_test

import (
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// claims are those of an ID token whose signature is checked with the published keys.
func (w *world) claims(token any) map[string]any {
	w.t.Helper()
	text, _ := token.(string)
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	if err != nil {
		w.t.Fatalf("%v in %q", err, text)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.anonymous().get("/.well-known/jwks.json").Body.Bytes(), &keys); err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(keys.Keys, func(k jose.JSONWebKey) bool { return k.KeyID == parsed.Headers[0].KeyID })
	if i < 0 {
		w.t.Fatalf("the key %s is not published", parsed.Headers[0].KeyID)
	}
	var claims map[string]any
	if err := parsed.Claims(keys.Keys[i].Key, &claims); err != nil {
		w.t.Fatal(err)
	}
	return claims
}
