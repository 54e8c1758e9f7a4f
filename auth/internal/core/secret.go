package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// Keyring derives every key the server uses from its secrets: one HKDF label
// for each use (RFC 5869), so that no key is ever used for two things. The
// first secret signs and seals; all of them verify and open.
type Keyring struct {
	secrets []string
}

// NewKeyring takes the secrets, first the one in force.
func NewKeyring(secrets []string) (*Keyring, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no secret is configured")
	}
	return &Keyring{secrets: secrets}, nil
}

func (k *Keyring) derive(label string, length int) ([][]byte, error) {
	keys := make([][]byte, 0, len(k.secrets))
	for _, s := range k.secrets {
		key, err := hkdf.Key(sha256.New, []byte(s), nil, "authd "+label, length)
		if err != nil {
			return nil, fmt.Errorf("derive key %q: %w", label, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Bytes is key material for a library that does its own cryptography, the one
// in force first.
func (k *Keyring) Bytes(label string, length int) ([][]byte, error) { return k.derive(label, length) }

// Signer makes the signer for one use.
func (k *Keyring) Signer(label string) (*Signer, error) {
	keys, err := k.derive(label, sha256.Size)
	if err != nil {
		return nil, err
	}
	return newSigner(keys), nil
}

// Sealer makes the sealer for one use.
func (k *Keyring) Sealer(label string) (*Sealer, error) {
	keys, err := k.derive(label, 32)
	if err != nil {
		return nil, err
	}
	s := &Sealer{}
	for _, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("seal key %q: %w", label, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("seal key %q: %w", label, err)
		}
		s.aeads = append(s.aeads, aead)
	}
	return s, nil
}

// Signer makes and checks HMAC-SHA256 signatures.
type Signer struct {
	pools []*sync.Pool // of hash.Hash, one pool a key
}

func newSigner(keys [][]byte) *Signer {
	s := &Signer{}
	for _, key := range keys {
		s.pools = append(s.pools, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }})
	}
	return s
}

func sum(pool *sync.Pool, parts [][]byte, out []byte) []byte {
	h := pool.Get().(hash.Hash)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	out = h.Sum(out)
	pool.Put(h)
	return out
}

// Sign returns the 32 bytes of the signature over the parts, put together.
func (s *Signer) Sign(parts ...[]byte) []byte {
	return sum(s.pools[0], parts, make([]byte, 0, sha256.Size))
}

// Verify tells whether sig is a signature over the parts, by any of the keys.
func (s *Signer) Verify(sig []byte, parts ...[]byte) bool {
	var out [sha256.Size]byte
	for _, pool := range s.pools {
		if subtle.ConstantTimeCompare(sum(pool, parts, out[:0]), sig) == 1 {
			return true
		}
	}
	return false
}

// Sealer encrypts what must be read back, with AES-256-GCM.
type Sealer struct {
	aeads []cipher.AEAD
}

// errSealed says nothing of what was sealed or how.
var errSealed = errors.New("sealed value cannot be opened: it was changed, moved, or sealed under another secret")

const sealPrefix = "s1."

// Seal encrypts plaintext; only the same aad (the row's identity) opens it.
func (s *Sealer) Seal(aad string, plaintext []byte) (string, error) {
	aead := s.aeads[0]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plaintext)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return sealPrefix + base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plaintext, []byte(aad))), nil
}

// Open decrypts what Seal made under any of the secrets.
func (s *Sealer) Open(aad, sealed string) ([]byte, error) {
	plaintext, _, err := s.open(aad, sealed)
	return plaintext, err
}

// Current tells whether sealed was made under the secret now in force.
func (s *Sealer) Current(aad, sealed string) bool {
	_, i, err := s.open(aad, sealed)
	return err == nil && i == 0
}

func (s *Sealer) open(aad, sealed string) ([]byte, int, error) {
	if len(sealed) < len(sealPrefix) || sealed[:len(sealPrefix)] != sealPrefix {
		return nil, 0, errSealed
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed[len(sealPrefix):])
	if err != nil || len(raw) < s.aeads[0].NonceSize() {
		return nil, 0, errSealed
	}
	for i, aead := range s.aeads {
		n := aead.NonceSize()
		if plaintext, err := aead.Open(nil, raw[:n], raw[n:], []byte(aad)); err == nil {
			return plaintext, i, nil
		}
	}
	return nil, 0, errSealed
}
