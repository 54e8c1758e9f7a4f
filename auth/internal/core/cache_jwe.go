package core

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// jweCodec is a compact JWE, "dir" with A256CBC-HS512 (RFC 7516, RFC 7518
// §5.2.5), on the standard library's ciphers: a tenth of what a JOSE library
// takes, and checked against one in the tests.
type jweCodec struct {
	header string // encoded protected header, a dot, the empty encrypted key, a dot
	aad    []byte // the encoded protected header
	block  cipher.Block
	macs   *sync.Pool
}

const jweTagSize = 32

func newJWECodec(secret []byte) (*jweCodec, error) {
	key, err := deriveJWEKey(secret)
	if err != nil {
		return nil, fmt.Errorf("session cache key: %w", err)
	}
	// The kid is the key's thumbprint (RFC 7638).
	thumb := sha256.Sum256([]byte(`{"k":"` + base64.RawURLEncoding.EncodeToString(key) + `","kty":"oct"}`))
	kid := base64.RawURLEncoding.EncodeToString(thumb[:])
	aad := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256CBC-HS512","kid":"` + kid + `"}`))
	block, err := aes.NewCipher(key[32:])
	if err != nil {
		return nil, fmt.Errorf("session cache cipher: %w", err)
	}
	return &jweCodec{header: aad + "..", aad: []byte(aad), block: block, macs: newMACPool(key[:32])}, nil
}

func (c *jweCodec) encode(payload []byte, issued, expires time.Time) string {
	claims := append(appendTimes(payload, issued, expires), `,"jti":"`...)
	claims = append(append(claims, NewID()...), `"}`...)
	pad := aes.BlockSize - len(claims)%aes.BlockSize // PKCS #7
	claims = append(claims, bytes.Repeat([]byte{byte(pad)}, pad)...)
	var iv [aes.BlockSize]byte
	_, _ = rand.Read(iv[:]) // never fails: crypto/rand ends the process rather than return an error
	cipher.NewCBCEncrypter(c.block, iv[:]).CryptBlocks(claims, claims)
	tag := c.tag(iv[:], claims)
	out := make([]byte, 0, len(c.header)+len(claims)*4/3+96)
	out = base64.RawURLEncoding.AppendEncode(append(out, c.header...), iv[:])
	out = base64.RawURLEncoding.AppendEncode(append(out, '.'), claims)
	return string(base64.RawURLEncoding.AppendEncode(append(out, '.'), tag))
}

func (c *jweCodec) tag(iv, ciphertext []byte) []byte {
	var bits [8]byte
	binary.BigEndian.PutUint64(bits[:], uint64(len(c.aad))*8)
	h := takeMAC(c.macs)
	h.Write(c.aad)
	h.Write(iv)
	h.Write(ciphertext)
	h.Write(bits[:])
	sum := h.Sum(make([]byte, 0, 64))
	c.macs.Put(h)
	return sum[:jweTagSize]
}

func (c *jweCodec) decode(value string) ([]byte, time.Time, bool) {
	const ivText, tagText = 22, 43 // base64url of 16 and of 32 bytes
	if len(value) < len(c.header)+ivText+1+tagText+1 || value[:len(c.header)] != c.header {
		return nil, time.Time{}, false
	}
	rest := value[len(c.header):]
	ivPart, textPart, tagPart := rest[:ivText], rest[ivText:len(rest)-tagText], rest[len(rest)-tagText:]
	if len(textPart) < 2 || textPart[0] != '.' || textPart[len(textPart)-1] != '.' {
		return nil, time.Time{}, false
	}
	iv, err1 := base64.RawURLEncoding.DecodeString(ivPart)
	text, err2 := base64.RawURLEncoding.DecodeString(textPart[1 : len(textPart)-1])
	tag, err3 := base64.RawURLEncoding.DecodeString(tagPart)
	if err1 != nil || err2 != nil || err3 != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, time.Time{}, false
	}
	if subtle.ConstantTimeCompare(c.tag(iv, text), tag) != 1 {
		return nil, time.Time{}, false
	}
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || pad > len(text) {
		return nil, time.Time{}, false
	}
	return cutTimes(text[:len(text)-pad])
}
