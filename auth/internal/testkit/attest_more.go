package testkit

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Makers' formats whose roots are their makers': what they state is shaped right and signed,
// by somebody else.

// Certified is a format of which a certificate speaks: "apple" (§8.8), "android-key" (§8.4),
// and any that there is not.
func (m *Maker) Certified(format string) Attestation {
	return func(a *Authenticator, _ *SoftKey, data, clientHash []byte) (string, []byte) {
		return format, statementOf(ES256, m.sign(a.t, slices.Concat(data, clientHash)), m.certificate)
	}
}

// SafetyNet is what Android said of before (§8.5): a JWS that nobody signed.
func SafetyNet(_ *Authenticator, _ *SoftKey, _, _ []byte) (format string, statement []byte) {
	token := encode([]byte(`{"alg":"ES256","x5c":["AA=="]}`)) + "." + encode([]byte(`{"nonce":"","ctsProfileMatch":true,"timestampMs":1}`)) + "." + encode(make([]byte, 64))
	return "android-safetynet", slices.Concat(cborMap(2), cborText("ver"), cborText("1"), cborText("response"), cborBytes([]byte(token)))
}

// TPM is what a computer's chip says (§8.3): TPMS_ATTEST over TPMT_PUBLIC of TPM 2.0, part 2.
func (m *Maker) TPM(a *Authenticator, k *SoftKey, data, clientHash []byte) (format string, statement []byte) {
	sized := func(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }
	cose := k.PublicKey(a.t) // of P-256 it ends with x, the head of y, and y
	x, y := cose[max(len(cose)-67, 0):max(len(cose)-35, 0)], cose[max(len(cose)-32, 0):]
	area := slices.Concat([]byte{0, 0x23, 0, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x10, 0, 3, 0, 0x10}, sized(x), sized(y))
	sum, name := sha256.Sum256(slices.Concat(data, clientHash)), sha256.Sum256(area)
	info := slices.Concat([]byte{0xff, 'T', 'C', 'G', 0x80, 0x17}, sized(nil), sized(sum[:]), make([]byte, 17), make([]byte, 8), sized(append([]byte{0, 0x0b}, name[:]...)), sized(nil))
	return "tpm", slices.Concat(
		cborMap(6), cborText("alg"), cborInt(ES256), cborText("sig"), cborBytes(m.sign(a.t, info)), cborText("ver"), cborText("2.0"),
		cborText("x5c"), cborHead(4, 1), cborBytes(m.certificate), cborText("pubArea"), cborBytes(area), cborText("certInfo"), cborBytes(info),
	)
}

// Compound is several at once (§8.9).
func Compound(all ...Attestation) Attestation {
	return func(a *Authenticator, k *SoftKey, data, clientHash []byte) (string, []byte) {
		list := cborHead(4, uint64(len(all)))
		for _, one := range all {
			format, statement := one(a, k, data, clientHash)
			list = slices.Concat(list, cborMap(2), cborText("fmt"), cborText(format), cborText("attStmt"), statement)
		}
		return "compound", list
	}
}
