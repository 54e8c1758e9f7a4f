package authdtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Passkey is an authenticator in software with one key, ES256, and a browser's part in it.
type Passkey struct {
	Origin, RPID string
	id           []byte
	key          *ecdsa.PrivateKey
	counter      uint32
}

// NewPasskey makes the key.
func NewPasskey(origin, rpID string) (*Passkey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &Passkey{Origin: origin, RPID: rpID, id: make([]byte, 16), key: key}
	_, err = rand.Read(p.id)
	return p, err
}

// Forged is another key under the same id.
func (p *Passkey) Forged() (*Passkey, error) {
	other, err := NewPasskey(p.Origin, p.RPID)
	if err != nil {
		return nil, err
	}
	other.id, other.counter = p.id, p.counter
	return other, nil
}

// Create answers a registration: RegistrationResponseJSON (WebAuthn L3 §5.1).
func (p *Passkey) Create(challenge string) (json.RawMessage, error) {
	p.counter++
	client, err := p.client("webauthn.create", challenge)
	if err != nil {
		return nil, err
	}
	point, err := p.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		return nil, err
	}
	data := append(p.data(0x45), make([]byte, 16)...) // no AAGUID
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(p.id))), p.id...)
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20) // COSE: EC2, ES256, P-256, x
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 0x20), point[33:]...)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	return p.answer(map[string]any{
		"clientDataJSON": client, "attestationObject": encode(append(append(object, byte(len(data))), data...)), "transports": []string{"internal"},
	})
}

// Get answers a sign-in: AuthenticationResponseJSON.
func (p *Passkey) Get(challenge string) (json.RawMessage, error) {
	p.counter++
	client, err := p.client("webauthn.get", challenge)
	if err != nil {
		return nil, err
	}
	text, err := base64.RawURLEncoding.DecodeString(client)
	if err != nil {
		return nil, err
	}
	data, hash := p.data(0x05), sha256.Sum256(text)
	digest := sha256.Sum256(append(data, hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		return nil, err
	}
	return p.answer(map[string]any{"clientDataJSON": client, "authenticatorData": encode(data), "signature": encode(signature)})
}

func (p *Passkey) answer(response map[string]any) (json.RawMessage, error) {
	return json.Marshal(map[string]any{
		"id": encode(p.id), "rawId": encode(p.id), "type": "public-key", "clientExtensionResults": struct{}{}, "response": response,
	})
}

func (p *Passkey) client(kind, challenge string) (string, error) {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": p.Origin, "crossOrigin": false})
	if err != nil {
		return "", fmt.Errorf("client data: %w", err)
	}
	return encode(b), nil
}

// data is the authenticator data: somebody was there, and verified.
func (p *Passkey) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(p.RPID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), p.counter)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
