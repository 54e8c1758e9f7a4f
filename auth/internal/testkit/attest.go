package testkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"
)

// Attestation states where a key comes from: over the authenticator data and the hash
// of the client data (WebAuthn L3 §8).
type Attestation func(a *Authenticator, k *SoftKey, data, clientHash []byte) (format string, statement []byte)

// None states nothing (§8.7).
func None(*Authenticator, *SoftKey, []byte, []byte) (format string, statement []byte) {
	return "none", cborMap(0)
}

// PackedSelf is signed with the key itself (§8.2).
func PackedSelf(a *Authenticator, k *SoftKey, data, clientHash []byte) (format string, statement []byte) {
	return "packed", statementOf(a.Alg, a.sign(k, slices.Concat(data, clientHash)), nil)
}

// Packed is signed by a maker's certificate (§8.2.1).
func (m *Maker) Packed(a *Authenticator, _ *SoftKey, data, clientHash []byte) (format string, statement []byte) {
	return "packed", statementOf(ES256, m.sign(a.t, slices.Concat(data, clientHash)), m.certificate)
}

// U2F is what security keys of before say (§8.6).
func (m *Maker) U2F(a *Authenticator, k *SoftKey, data, clientHash []byte) (format string, statement []byte) {
	public, ok := k.private.Public().(*ecdsa.PublicKey)
	if !ok {
		a.t.Fatal("such keys are of P-256")
	}
	point, err := public.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	message := slices.Concat([]byte{0}, data[:sha256.Size], clientHash, k.ID, point)
	list := append(cborHead(4, 1), cborBytes(m.certificate)...)
	statement = slices.Concat(cborMap(2), cborText("sig"), cborBytes(m.sign(a.t, message)), cborText("x5c"), list)
	return "fido-u2f", statement
}

func statementOf(alg int, signature, certificate []byte) []byte {
	size := 2
	if certificate != nil {
		size = 3
	}
	b := slices.Concat(cborMap(size), cborText("alg"), cborInt(alg), cborText("sig"), cborBytes(signature))
	if certificate != nil {
		b = slices.Concat(b, cborText("x5c"), cborHead(4, 1), cborBytes(certificate))
	}
	return b
}

// Maker makes authenticators, and has a certificate that says so.
type Maker struct {
	private     *ecdsa.PrivateKey
	certificate []byte
}

// NewMaker makes one whose certificate names a model, as §8.2.1 wants it.
func NewMaker(t testing.TB, aaguid [16]byte) *Maker {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	model, err := asn1.Marshal(aaguid[:])
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject: pkix.Name{
			Country: []string{"SE"}, Organization: []string{"Keys of Uppsala"}, OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Key of Uppsala 7",
		},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: model}},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &Maker{key, certificate}
}

func (m *Maker) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	hash := sha256.Sum256(message)
	signature, err := m.private.Sign(rand.Reader, hash[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
