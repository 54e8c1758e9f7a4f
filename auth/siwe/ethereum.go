package siwe

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/sha3"
)

const (
	addressLength   = 20
	signatureLength = 65
	// recoveryBase is 27, which signatures have added to their parity since Bitcoin.
	recoveryBase = 27
)

// keccak is Ethereum's hash: Keccak-256, with another padding than SHA3-256.
func keccak(parts ...string) []byte {
	h := sha3.NewLegacyKeccak256()
	for _, part := range parts {
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// Checksum writes an address as EIP-55 has it. One in small letters, or in capitals,
// has no checksum to be wrong; in any other the letters must be as they would be here.
func Checksum(text string) (address string, ok bool) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok || len(digits) != 2*addressLength {
		return "", false
	}
	small := strings.ToLower(digits)
	if _, err := hex.DecodeString(small); err != nil {
		return "", false
	}
	sum := keccak(small)
	out := []byte(small)
	for i := range out {
		nibble := sum[i/2] >> (4 * (1 - i%2)) & 0xf
		if nibble >= 8 && out[i] >= 'a' {
			out[i] -= 'a' - 'A'
		}
	}
	address = "0x" + string(out)
	return address, digits == small || digits == strings.ToUpper(digits) || text == address
}

// signer is whose key made a signature of ERC-191's personal_sign over a text; "" for
// what is none. High values of s are refused, as in Ethereum's own transactions
// (EIP-2), so that a signature has one form.
func signer(text, signature string) string {
	raw, err := hex.DecodeString(strings.TrimPrefix(signature, "0x"))
	if err != nil || len(raw) != signatureLength || !strings.HasPrefix(signature, "0x") {
		return ""
	}
	parity := raw[64]
	if parity >= recoveryBase {
		parity -= recoveryBase
	}
	var s secp256k1.ModNScalar
	if parity > 1 || s.SetByteSlice(raw[32:64]) || s.IsOverHalfOrder() {
		return ""
	}
	compact := append([]byte{recoveryBase + parity}, raw[:64]...)
	key, _, err := ecdsa.RecoverCompact(compact, keccak("\x19Ethereum Signed Message:\n", strconv.Itoa(len(text)), text))
	if err != nil {
		return ""
	}
	return addressOf(key)
}

// addressOf is the account of a key: the end of the hash of its point.
func addressOf(key *secp256k1.PublicKey) string {
	sum := keccak(string(key.SerializeUncompressed()[1:]))
	address, _ := Checksum("0x" + hex.EncodeToString(sum[len(sum)-addressLength:]))
	return address
}
