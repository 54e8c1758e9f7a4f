package passkey_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"authd/auth/internal/testkit"
)

// edit changes bytes: each three of edits are a place and what it is xored with.
func edit(b, edits []byte) []byte {
	b = bytes.Clone(b)
	for ; len(edits) >= 3 && len(b) > 0; edits = edits[3:] {
		b[(int(edits[0])<<8|int(edits[1]))%len(b)] ^= edits[2]
	}
	return b
}

// attestations are the kinds that can be made here: those of Apple, Android and TPM have
// roots of their makers in them.
func attestations(t testing.TB) []testkit.Attestation {
	maker := testkit.NewMaker(t, [16]byte{})
	return []testkit.Attestation{testkit.None, testkit.PackedSelf, maker.Packed, maker.U2F}
}

// others are shaped like those of Apple, Android and TPM, and not theirs, or are none that
// there is: they are refused.
func others(t testing.TB) map[string]testkit.Attestation {
	maker := testkit.NewMaker(t, [16]byte{})
	return map[string]testkit.Attestation{
		"apple": maker.Certified("apple"), "android-key": maker.Certified("android-key"), "tpm": maker.TPM, "android-safetynet": testkit.SafetyNet,
		"one that there is not": maker.Certified("made-up"), "compound, one of them unknown": testkit.Compound(testkit.PackedSelf, maker.Certified("made-up")),
		"compound of one": testkit.Compound(testkit.PackedSelf), "compound of a compound": testkit.Compound(testkit.PackedSelf, testkit.Compound(testkit.PackedSelf, maker.Packed)),
	}
}

// TestAttestationsThatAreNotTheirMakersAreRefused, and leave nothing.
func TestAttestationsThatAreNotTheirMakersAreRefused(t *testing.T) {
	s := testkit.Start(t, "")
	ann := s.SignUp("ann@example.com")
	for name, attests := range others(t) {
		a := s.Authenticator()
		a.Attests = attests
		got := ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))})
		if got.Status != 400 || got.Field("code") != "FAILED_TO_VERIFY_REGISTRATION" {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	if keys := ann.Get("/passkey/list-user-passkeys").Is(200, "").Body; keys != "[]" {
		t.Errorf("kept: %s", keys)
	}
}

// TestAttestationsOfEveryKindAreTaken, although none is asked for, and whoever made them.
func TestAttestationsOfEveryKindAreTaken(t *testing.T) {
	s := testkit.Start(t, "")
	ann := s.SignUp("ann@example.com")
	for i, attests := range attestations(t) {
		a := s.Authenticator()
		a.Attests = attests
		ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))}).Is(200, "")
		c := s.Client()
		c.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(c.Get("/passkey/generate-authenticate-options"), a.Keys[0])}).Is(200, "")
		// What was stated of other data does not hold. Only who states nothing cannot be held to it.
		a.Breaks = func(statement []byte) []byte { return edit(statement, []byte{0, 20, 1}) }
		if i > 0 {
			ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))}).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
		}
	}
}

// FuzzAttestation: whatever an authenticator says of a key that it made, the server answers,
// and takes it or refuses it. The challenge is the right one and signatures are made after the
// data was changed, so that what lies behind them is reached.
func FuzzAttestation(f *testing.F) {
	s := testkit.Start(f, "[log]\nlevel = \"error\"\n")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	kinds := attestations(f)
	taken, more := len(kinds), others(f)
	for _, name := range slices.Sorted(maps.Keys(more)) {
		kinds = append(kinds, more[name])
	}
	for kind := range kinds {
		f.Add(byte(kind), []byte(nil), []byte(nil), []byte(nil))
		f.Add(byte(kind), []byte{0, 55, 1}, []byte(nil), []byte(nil))           // the length of the id
		f.Add(byte(kind), []byte{0, 32, 0x80}, []byte(nil), []byte(nil))        // extensions that are not there
		f.Add(byte(kind), []byte(nil), []byte{0, 0, 1, 0, 30, 7}, []byte(nil))  // the statement
		f.Add(byte(kind), []byte{0, 75, 1, 0, 76, 9}, []byte(nil), []byte(nil)) // the key
		f.Add(byte(kind), []byte(nil), []byte(nil), []byte{0xa1, 0x61, 0x78, 0xf5})
	}
	f.Add(byte(0), []byte(nil), []byte(nil), bytes.Repeat([]byte{0x9f}, 2000))
	f.Add(byte(0), []byte(nil), []byte(nil), []byte{0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, kind byte, data, statement, more []byte) {
		ann, a := ann.In(t), a.In(t)
		a.Attests = kinds[int(kind)%len(kinds)]
		a.Bends = func(b []byte) []byte { return append(edit(b, data), more...) }
		a.Breaks = func(b []byte) []byte { return edit(b, statement) }
		got := ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))})
		switch {
		case got.Status == 200:
			ann.Post("/passkey/delete-passkey", map[string]any{"id": got.Field("id")}).Is(200, "")
		case got.Status != 400 || got.Field("code") != "FAILED_TO_VERIFY_REGISTRATION":
			t.Fatalf("%d %s", got.Status, got.Body)
		case int(kind)%len(kinds) < taken && len(data)+len(statement)+len(more) == 0:
			t.Fatalf("refused without a reason: %s", got.Body)
		}
	})
}

// FuzzAttestationObject: the same of bytes that are nothing.
func FuzzAttestationObject(f *testing.F) {
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

// FuzzSignedAssertion: a signature of the key over data that were changed before it. It signs in
// only where the data still say what they must.
func FuzzSignedAssertion(f *testing.F) {
	s := testkit.Start(f, "[log]\nlevel = \"error\"\n")
	ann := s.SignUp("ann@example.com")
	var keys []*testkit.Authenticator
	for i, alg := range []int{testkit.ES256, testkit.EdDSA, testkit.RS256} {
		a := s.Authenticator()
		a.Alg, a.Counts = alg, false
		ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options"))}).Is(200, "")
		keys = append(keys, a)
		f.Add(byte(i), []byte(nil), []byte(nil), []byte(nil))
		f.Add(byte(i), []byte{0, 32, 1}, []byte(nil), []byte(nil))     // nobody was there
		f.Add(byte(i), []byte{0, 32, 4}, []byte(nil), []byte(nil))     // nobody was verified
		f.Add(byte(i), []byte{0, 0, 1}, []byte(nil), []byte(nil))      // another site
		f.Add(byte(i), []byte{0, 32, 0x80}, []byte{0xa0}, []byte(nil)) // extensions
		f.Add(byte(i), []byte(nil), []byte(nil), []byte{0, 8, 1})      // the signature
	}
	f.Fuzz(func(t *testing.T, key byte, data, more, signature []byte) {
		a := keys[int(key)%len(keys)].In(t)
		a.Bends = func(b []byte) []byte {
			b = edit(b, data)
			copy(b[33:37], []byte{0, 0, 0, 0}) // one that was higher would refuse all that come after
			return append(b, more...)
		}
		a.Breaks = func(b []byte) []byte { return edit(b, signature) }
		c := s.Client().In(t)
		response := a.Get(c.Get("/passkey/generate-authenticate-options"), a.Keys[0])
		got := c.Post("/passkey/verify-authentication", map[string]any{"response": response})
		said, err := base64.RawURLEncoding.DecodeString(inner(response)["authenticatorData"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != 200 && got.Status != 400 && got.Status != 401 || c.HoldsSession() != (got.Status == 200) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		site := sha256.Sum256([]byte("127.0.0.1"))
		if got.Status == 200 && (len(said) < 37 || !bytes.Equal(said[:32], site[:]) || said[32]&1 == 0) {
			t.Fatalf("%x signs in", said)
		}
		if got.Status != 200 && len(data)+len(more)+len(signature) == 0 {
			t.Fatalf("the key itself does not sign in: %s", got.Body)
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
