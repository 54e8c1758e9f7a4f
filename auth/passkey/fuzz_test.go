package passkey_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"authd/auth/internal/testkit"
)

// FuzzAttestation: whatever an authenticator says of a key that it made, the
// server answers; and what is kept is a key that signs in.
func FuzzAttestation(f *testing.F) {
	s := testkit.Start(f, "[log]\nlevel = \"error\"\n")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	good := a.Create(ann.Get("/passkey/generate-register-options"))
	object, err := base64.RawURLEncoding.DecodeString(inner(good)["attestationObject"].(string))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(object, []byte(nil))
	f.Add(object[:len(object)/2], []byte(`{"type":"webauthn.create"}`))
	f.Add(bytes.Repeat([]byte{0x9f}, 2000), []byte("[]"))
	f.Add([]byte{0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []byte("{"))
	f.Fuzz(func(t *testing.T, object, client []byte) {
		ann := ann.In(t)
		response := a.In(t).Create(ann.Get("/passkey/generate-register-options"))
		inner(response)["attestationObject"] = base64.RawURLEncoding.EncodeToString(object)
		if client != nil {
			inner(response)["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(client)
		}
		got := ann.Post("/passkey/verify-registration", map[string]any{"response": response})
		if got.Status != 400 || got.Field("code") != "FAILED_TO_VERIFY_REGISTRATION" {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	})
}

// FuzzAssertion: nothing but a signature of the key signs in.
func FuzzAssertion(f *testing.F) {
	s := testkit.Start(f, "[log]\nlevel = \"error\"\n")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))}).Is(200, "")
	k := a.Keys[0]
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"id":"` + k.CredentialID() + `","rawId":"` + k.CredentialID() + `","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`))
	f.Add([]byte(`{"id":"` + k.CredentialID() + `","rawId":7,"response":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var response map[string]any
		if json.Unmarshal(raw, &response) != nil || response == nil {
			return
		}
		c := s.Client().In(t)
		c.Get("/passkey/generate-authenticate-options").Is(200, "")
		got := c.Post("/passkey/verify-authentication", map[string]any{"response": response})
		if got.Status != 400 && got.Status != 401 || c.HoldsSession() {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	})
}
