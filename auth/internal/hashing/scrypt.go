package hashing

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	_ "unsafe" // for go:linkname

	_ "golang.org/x/crypto/scrypt" // has smix
)

// What better-auth hashes passwords with.
const (
	scryptN      = 16384
	scryptR      = 16
	scryptKey    = 64
	scryptSalt   = 32 // letters
	scryptMemory = 32 * scryptN * scryptR
)

// smix is scryptROMix of RFC 7914 §5 over memory that the caller owns: v of
// 32·N·r words, xy of 64·r words. x/crypto's own Key would leave 32 MB of
// garbage behind for each password.
//
//go:linkname smix golang.org/x/crypto/scrypt.smix
//go:noescape
func smix(b []byte, r, n int, v, xy []uint32)

// scryptHash is a hash that better-auth stored: `<salt>:<key>`, both in hex.
// The salt that goes into scrypt is the text of the hex digits.
type scryptHash struct {
	salt string
	key  []byte
}

func (h scryptHash) matches(m *memory, password []byte) (bool, error) {
	v, err := m.words(scryptMemory)
	if err != nil {
		return false, err
	}
	// RFC 7914 §6, with p = 1.
	b, err := pbkdf2.Key(sha256.New, string(password), []byte(h.salt), 1, 128*scryptR)
	if err != nil {
		return false, fmt.Errorf("hashing: scrypt: %w", err)
	}
	smix(b, scryptR, scryptN, v, make([]uint32, 64*scryptR))
	key, err := pbkdf2.Key(sha256.New, string(password), b, 1, scryptKey)
	if err != nil {
		return false, fmt.Errorf("hashing: scrypt: %w", err)
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

func (h scryptHash) normalised() bool { return true }

func (h scryptHash) current(cost) bool { return false }
