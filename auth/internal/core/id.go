package core

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"
)

// NewID is a UUIDv7 as text: unique, and growing with time, so that indexes
// grow at their end (RFC 9562 §5.7).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// NewToken is n characters of [a-zA-Z0-9], each with the same chance.
func NewToken(n int) string {
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		_, _ = rand.Read(buf[:]) // never fails: crypto/rand ends the process rather than return an error
		for _, b := range buf {
			// 248 is the largest multiple of 62 in a byte: what is above would favour some letters.
			if b < 248 && len(out) < n {
				out = append(out, letters[b%62])
			}
		}
	}
	return string(out)
}

// HashToken is what is stored of a token of high entropy: base64url of its SHA-256.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
