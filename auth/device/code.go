package device

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"authd/auth/internal/core"
)

// alphabet has no vowels, so that no code is a word, and no two letters that are
// taken for each other or for a digit (RFC 8628 §6.1).
const alphabet = "BCDFGHJKLMNPQRSTVWXZ"

// codeLength letters of twenty are 34 bits.
const codeLength = 8

// newUserCode is a code as people read it: XXXX-XXXX.
func newUserCode() string {
	letters := make([]byte, 0, codeLength)
	var buf [32]byte
	for len(letters) < codeLength {
		_, _ = rand.Read(buf[:]) // never fails (crypto/rand)
		for _, b := range buf {
			// 240 is the largest multiple of 20 in a byte: what is above would favour some letters.
			if b < 240 && len(letters) < codeLength {
				letters = append(letters, alphabet[b%20])
			}
		}
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// normalize reads a code as it was typed: in any case, with anything between the
// letters (RFC 8628 §6.1). It is "" when that can be no code of ours.
func normalize(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	letters := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		default:
			return -1
		}
	}, typed)
	if len(letters) != codeLength || strings.Trim(letters, alphabet) != "" {
		return ""
	}
	return letters[:4] + "-" + letters[4:]
}

// ShowCode is a code as the device shows it, however it was typed; "" when it can be none.
func ShowCode(typed string) string { return normalize(typed) }

// userCodes hashes codes under a key: all of them could be tried against a plain hash.
type userCodes struct{ keys [][]byte }

func newUserCodes(keys *core.Keyring) (*userCodes, error) {
	bytes, err := keys.Bytes("device user code", sha256.Size)
	return &userCodes{keys: bytes}, err
}

func (u *userCodes) hash(code string) string { return hashUnder(u.keys[0], code) }

// hashes are those under all secrets: a code outlives a change of the secret.
func (u *userCodes) hashes(code string) []string {
	all := make([]string, len(u.keys))
	for i, key := range u.keys {
		all[i] = hashUnder(key, code)
	}
	return all
}

func hashUnder(key []byte, code string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
