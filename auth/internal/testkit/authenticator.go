package testkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// COSE algorithms of keys (RFC 9053, RFC 8812).
const (
	EdDSA = -8
	ES256 = -7
	RS256 = -257
	ES384 = -35 // one that nobody asks for
)

// Authenticator makes and uses passkeys in software, with a browser's part in it: real
// keys, real signatures. What a test sets wrong, it says wrong.
type Authenticator struct {
	Origin      string // of the page
	RPID        string // "" for the one in the options
	Challenge   string // "" for the one in the options
	Type        string // of the client data, "" for the right one
	Alg         int
	AAGUID      string
	Present     bool // somebody touched it
	Verified    bool // it knows who: PIN, finger, face
	BackupAble  bool // the key may leave the device
	BackedUp    bool // it has
	CrossOrigin bool
	KeepsNone   bool   // it has no room for passkeys: it signs for who names one
	FixedID     []byte // of the next key, nil for a new one
	Counts      bool   // it has a counter
	Keys        []*SoftKey
	Attests     Attestation              // None when nil
	Bends       func(data []byte) []byte // what is signed of the authenticator data
	Breaks      func(statement []byte) []byte
	t           testing.TB
}

// SoftKey is one passkey.
type SoftKey struct {
	ID      []byte
	RPID    string
	Handle  []byte
	Counter uint32
	private crypto.Signer
}

// CredentialID is how the passkey is named in JSON.
func (k *SoftKey) CredentialID() string { return base64.RawURLEncoding.EncodeToString(k.ID) }

// Authenticator is one whose pages are the server's own, and that verifies its person.
func (s *Server) Authenticator() *Authenticator {
	return &Authenticator{
		Origin: s.URL, Alg: ES256, AAGUID: "00000000-0000-0000-0000-000000000000", Present: true, Verified: true, Counts: true, t: s.t,
	}
}

// In is the same authenticator in a test inside the test.
func (a *Authenticator) In(t testing.TB) *Authenticator {
	b := *a
	b.t = t
	return &b
}

// Create does what navigator.credentials.create() does with options, and returns its
// RegistrationResponseJSON.
func (a *Authenticator) Create(options *Answer) map[string]any {
	a.t.Helper()
	k := a.Key(options.Field("rp.id"), a.bytes(options.Field("user.id")))
	client := a.clientData("webauthn.create", options.Field("challenge"))
	const attested = 0x40
	data := a.data(k, attested)
	id := uuid.MustParse(a.AAGUID)
	data = append(data, id[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), coseKey(a.t, k.private)...)
	object := a.attested(k, data, client)
	return map[string]any{
		"id": k.CredentialID(), "rawId": k.CredentialID(), "type": "public-key", "clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": !a.KeepsNone}},
		"authenticatorAttachment": "platform",
		"response": map[string]any{
			"clientDataJSON": encode(client), "attestationObject": encode(object), "transports": []string{"internal", "hybrid"},
		},
	}
}

// attested is the attestation object (WebAuthn L3 §6.5).
func (a *Authenticator) attested(k *SoftKey, data, client []byte) []byte {
	if a.Bends != nil {
		data = a.Bends(data)
	}
	attests, hash := a.Attests, sha256.Sum256(client)
	if attests == nil {
		attests = None
	}
	format, statement := attests(a, k, data, hash[:])
	if a.Breaks != nil {
		statement = a.Breaks(statement)
	}
	return slices.Concat(cborMap(3), cborText("fmt"), cborText(format), cborText("attStmt"), statement, cborText("authData"), cborBytes(data))
}

// Key makes a passkey without asking anybody: one that another server knows.
func (a *Authenticator) Key(rpID string, handle []byte) *SoftKey {
	a.t.Helper()
	k := &SoftKey{ID: make([]byte, 16), RPID: rpID, Handle: handle, private: a.newKey()}
	_, _ = rand.Read(k.ID) // never fails
	if a.FixedID != nil {
		k.ID = a.FixedID
	}
	a.Keys = append(a.Keys, k)
	return k
}

// Get does what navigator.credentials.get() does with options and one of the keys, and
// returns its AuthenticationResponseJSON.
func (a *Authenticator) Get(options *Answer, k *SoftKey) map[string]any {
	a.t.Helper()
	if a.Counts {
		k.Counter++
	}
	client, data := a.clientData("webauthn.get", options.Field("challenge")), a.data(k, 0)
	if a.Bends != nil {
		data = a.Bends(data)
	}
	hash := sha256.Sum256(client)
	signature := a.sign(k, slices.Concat(data, hash[:]))
	if a.Breaks != nil {
		signature = a.Breaks(signature)
	}
	response := map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature),
	}
	if k.Handle != nil {
		response["userHandle"] = encode(k.Handle)
	}
	return map[string]any{
		"id": k.CredentialID(), "rawId": k.CredentialID(), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	}
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	if a.Challenge != "" {
		challenge = a.Challenge
	}
	if a.Type != "" {
		kind = a.Type
	}
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": a.CrossOrigin})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

// data is the authenticator data (WebAuthn L3 §6.1).
func (a *Authenticator) data(k *SoftKey, flags byte) []byte {
	for i, set := range []bool{a.Present, false, a.Verified, a.BackupAble, a.BackedUp} {
		if set {
			flags |= 1 << i
		}
	}
	rpID := k.RPID
	if a.RPID != "" {
		rpID = a.RPID
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Counter)
}

func (a *Authenticator) newKey() crypto.Signer {
	var key crypto.Signer
	var err error
	switch a.Alg {
	case EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case RS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

func (a *Authenticator) sign(k *SoftKey, message []byte) []byte {
	hash := sha256.Sum256(message)
	digest, opts := hash[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := k.private.(ed25519.PrivateKey); ok {
		digest, opts = message, crypto.Hash(0)
	}
	signature, err := k.private.Sign(rand.Reader, digest, opts)
	if err != nil {
		a.t.Fatal(err)
	}
	return signature
}

func (a *Authenticator) bytes(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		a.t.Fatalf("%q is not base64url: %v", text, err)
	}
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// PublicKey is the key as servers keep it: COSE (RFC 9052 §7).
func (k *SoftKey) PublicKey(t testing.TB) []byte { return coseKey(t, k.private) }

func coseKey(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		return cborInts(entry{1, cborInt(1)}, entry{3, cborInt(EdDSA)}, entry{-1, cborInt(6)}, entry{-2, cborBytes(public)})
	case *rsa.PublicKey:
		return cborInts(entry{1, cborInt(3)}, entry{3, cborInt(RS256)}, entry{-1, cborBytes(public.N.Bytes())}, entry{-2, cborBytes(big.NewInt(int64(public.E)).Bytes())})
	case *ecdsa.PublicKey:
		alg, curve := ES256, 1
		if public.Curve == elliptic.P384() {
			alg, curve = ES384, 2
		}
		point, err := public.Bytes() // 0x04, x, y
		if err != nil {
			t.Fatal(err)
		}
		half := (len(point) - 1) / 2
		return cborInts(entry{1, cborInt(2)}, entry{3, cborInt(alg)}, entry{-1, cborInt(curve)}, entry{-2, cborBytes(point[1 : 1+half])}, entry{-3, cborBytes(point[1+half:])})
	default:
		t.Fatalf("no COSE form of %T", public)
		return nil
	}
}

// cborHead begins a CBOR item (RFC 8949 §3).
func cborHead(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	default:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	}
}

func cborInt(n int) []byte {
	if n < 0 {
		return cborHead(1, uint64(-1-n))
	}
	return cborHead(0, uint64(n))
}

func cborBytes(b []byte) []byte { return append(cborHead(2, uint64(len(b))), b...) }
func cborText(s string) []byte  { return append(cborHead(3, uint64(len(s))), s...) }
func cborMap(n int) []byte      { return cborHead(5, uint64(n)) }

// entry is a key, which is an integer, and its value's encoding.
type entry struct {
	key   int
	value []byte
}

func cborInts(entries ...entry) []byte {
	b := cborMap(len(entries))
	for _, e := range entries {
		b = append(append(b, cborInt(e.key)...), e.value...)
	}
	return b
}
