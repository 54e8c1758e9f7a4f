package wire

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"
)

// twoFactorSetup computes codes: of the authenticator app behind the key address in
// path ("app-codes") into ${code}, ${next_code} and ${bad_code}, or some other code
// than the one in path ("another-code") into ${bad_code}.
func twoFactorSetup(t *testing.T, s *stage, st step) bool {
	t.Helper()
	switch st.Setup {
	case "app-codes":
		address, err := url.Parse(s.fill(st.Path))
		if err != nil {
			t.Fatal(err)
		}
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(address.Query().Get("secret"))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().Unix() / 30
		var near []string // none of them is a bad one for as long as the scenario takes
		for step := now - 2; step <= now+10; step++ {
			near = append(near, appCode(key, step))
		}
		s.values["code"], s.values["next_code"], s.values["bad_code"] = appCode(key, now), appCode(key, now+1), anotherCode(near...)
	case "another-code":
		s.values["bad_code"] = anotherCode(s.fill(st.Path))
	default:
		return false
	}
	return true
}

// appCode is RFC 4226 section 5.3 with six digits.
func appCode(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func anotherCode(than ...string) string {
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !slices.Contains(than, code) {
			return code
		}
	}
}

func unprovokedOfTwoFactor(reasons map[string]string) {
	for _, path := range []string{"/two-factor/send-otp", "/two-factor/verify-backup-code", "/two-factor/verify-otp", "/two-factor/verify-totp"} {
		reasons["POST "+path+" 500 FAILED_TO_CREATE_SESSION"] = unreachable
		reasons["POST "+path+" 500 FAILED_TO_INVALIDATE_TWO_FACTOR_CHALLENGE"] = storage
	}
	for e, reason := range map[string]string{
		"POST /two-factor/enable 400 OTP_NOT_CONFIGURED":                   setUpOther,
		"POST /two-factor/enable 400 TOTP_NOT_CONFIGURED":                  setUpOther,
		"POST /two-factor/get-totp-uri 400 TOTP_NOT_CONFIGURED":            setUpOther,
		"POST /two-factor/verify-totp 400 TOTP_NOT_CONFIGURED":             setUpOther,
		"POST /two-factor/send-otp 400 OTP_NOT_CONFIGURED":                 setUpOther,
		"POST /two-factor/send-otp 400 TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE": elsewhere,
		"POST /two-factor/verify-otp 400 FAILED_TO_CREATE_SESSION":         unreachable,
		"POST /two-factor/verify-backup-code 409 ":                         "needs two requests with one code at the same moment; the second one's is INVALID_BACKUP_CODE on authd",
	} {
		reasons[e] = reason
	}
}
