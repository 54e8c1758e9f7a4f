package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// opener opens what better-auth sealed: hex of nonce and XChaCha20-Poly1305 under
// the SHA-256 of the secret, after "$ba$", a version and "$" where there are versions
// of the secret. The version is not asked for: every secret is tried.
type opener struct{ keys [][]byte }

func newOpener(secrets []string) *opener {
	o := &opener{}
	for _, secret := range secrets {
		// BETTER_AUTH_SECRETS has them as version:secret.
		for _, text := range []string{secret, afterVersion(secret)} {
			key := sha256.Sum256([]byte(text))
			o.keys = append(o.keys, key[:])
		}
	}
	return o
}

func afterVersion(secret string) string {
	version, rest, ok := strings.Cut(secret, ":")
	if !ok || version == "" || strings.Trim(version, "0123456789") != "" {
		return secret
	}
	return rest
}

const sealMark = "$ba$"

// sealedLook tells whether a value looks sealed. better-auth itself takes every
// even number of hex digits for it; a nonce and a tag are the least.
func sealedLook(value string) bool {
	if strings.HasPrefix(value, sealMark) {
		return true
	}
	if len(value)%2 != 0 || len(value) < 2*(chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead) {
		return false
	}
	return strings.Trim(value, "0123456789abcdefABCDEF") == ""
}

func (o *opener) open(sealed string) (string, bool) {
	if rest, marked := strings.CutPrefix(sealed, sealMark); marked {
		_, sealed, _ = strings.Cut(rest, "$")
	}
	raw, err := hex.DecodeString(sealed)
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return "", false
	}
	for _, key := range o.keys {
		aead, err := chacha20poly1305.NewX(key)
		if err != nil { // never: a SHA-256 has the length of a key
			return "", false
		}
		nonce, box := raw[:chacha20poly1305.NonceSizeX], raw[chacha20poly1305.NonceSizeX:]
		if text, err := aead.Open(nil, nonce, box, nil); err == nil {
			return string(text), true
		}
	}
	return "", false
}
