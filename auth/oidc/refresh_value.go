package oidc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"authd/auth/internal/core"
)

// A refresh token ends in a proof that it was made here. A token that is not the one
// its grant has now was either replaced, and whoever shows it ends the family, or
// made up: the name of a grant is no secret, the jti of a JWT access token has it, and
// nobody may end a family by naming it (RFC 6749 §10.4).
type refreshValues struct{ keys [][]byte }

const proofBytes = 16 // of the 32 behind the name; the others are chance

func newRefreshValues(keys *core.Keyring) (*refreshValues, error) {
	bytes, err := keys.Bytes("oauth refresh token", sha256.Size)
	return &refreshValues{bytes}, err
}

// make is a refresh token for the grant with that id.
func (v *refreshValues) make(id string) string {
	var raw [nameBytes + secretBytes]byte
	putName(raw[:], id)
	rest := raw[:len(raw)-proofBytes]
	_, _ = rand.Read(rest[nameBytes:]) // never fails (crypto/rand)
	copy(raw[len(rest):], proofUnder(v.keys[0], rest))
	return prefixRefresh + base64.RawURLEncoding.EncodeToString(raw[:])
}

// ours tells whether a refresh token was made here, under any of the secrets.
func (v *refreshValues) ours(token string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(token, prefixRefresh))
	if err != nil || len(raw) != nameBytes+secretBytes {
		return false
	}
	rest, proof := raw[:len(raw)-proofBytes], raw[len(raw)-proofBytes:]
	good := false
	for _, key := range v.keys {
		good = hmac.Equal(proofUnder(key, rest), proof) || good
	}
	return good
}

func proofUnder(key, rest []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(rest)
	return mac.Sum(nil)[:proofBytes]
}
