package twofactor

import (
	"bytes"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image/png"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// drift is how many steps a code may be early or late (RFC 6238 §5.2 recommends one).
const drift = 1

// matchStep is the step whose code this is, among those around now that are
// after last; 0 when it is none's. All of them are computed, whichever fits.
func (s *Service) matchStep(secret, code string, last int64, now time.Time) (int64, error) {
	current, matched := s.stepAt(now), int64(0)
	for step := current - drift; step <= current+drift; step++ {
		want, err := s.codeAt(secret, step)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			matched = step
		}
	}
	return matched, nil
}

func (s *Service) stepAt(now time.Time) int64 {
	return now.Unix() / int64(s.cfg.TOTPOptions.Period/time.Second)
}

func (s *Service) codeAt(secret string, step int64) (string, error) {
	o := hotp.ValidateOpts{Digits: otp.Digits(s.cfg.TOTPOptions.Digits), Algorithm: otp.AlgorithmSHA1}
	code, err := hotp.GenerateCodeCustom(setupKey(secret), uint64(step), o)
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return code, nil
}

// plainCode is a code without what people type between its digits.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}

// IsAppCode tells a code of an app from a backup code: by its looks, for a page
// that asks for either in one field.
func (s *Service) IsAppCode(code string) bool {
	code = plainCode(code)
	return len(code) == s.cfg.TOTPOptions.Digits && strings.Trim(code, "0123456789") == ""
}

// uri is what an authenticator app reads (the key URI format that all of them know).
func (s *Service) uri(issuer, account, secret string) string {
	if issuer == "" {
		issuer = s.issuer
	}
	o := s.cfg.TOTPOptions
	return "otpauth://totp/" + escape(issuer) + ":" + escape(account) +
		"?secret=" + setupKey(secret) + "&issuer=" + escape(issuer) +
		"&digits=" + strconv.Itoa(o.Digits) + "&period=" + strconv.Itoa(int(o.Period/time.Second))
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// setupKey is the secret as people type it into an app.
func setupKey(secret string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(secret))
}

// qrSize is the side of the picture, in pixels: three to four a module.
const qrSize = 228

// QR is the picture of a URI that an app's camera reads, as PNG.
func QR(uri string) ([]byte, error) {
	code, err := qr.Encode(uri, qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, qrSize, qrSize)
	}
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return b.Bytes(), nil
}
