package auth_test

import (
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/sha3"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
	"authd/auth/siwe"
)

type body = map[string]any

const (
	victim     = "victim@example.com"
	number     = "+15550001111"
	everything = `
[magic_link]
enabled = true
[email_otp]
enabled = true
[username]
enabled = true
[phone_number]
enabled = true
[siwe]
enabled = true
domain = "app.example.com"
[passkey]
enabled = true
[social_providers.google]
client_id = "client"
client_secret = "secret"
[email_and_password]
revoke_sessions_on_password_reset = false
`
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// mailed is the code of the newest message of a kind.
func mailed(t *testing.T, s *testkit.Server, kind string) string {
	t.Helper()
	mails := s.Mails(kind)
	if len(mails) == 0 {
		t.Fatalf("no %s", kind)
	}
	_, text, _ := strings.Cut(mails[len(mails)-1], "\r\n\r\n")
	return sixDigits.FindString(text)
}

// squatter is somebody who has registered another's address, and left there all that could let them in later.
type squatter struct {
	s        *testkit.Server
	id       string
	first    *testkit.Client // signed in, before a second factor
	trusted  *testkit.Client // one that is not asked for it
	key      *testkit.Authenticator
	secret   string
	backups  []string
	waiting  *testkit.Client // a sign-in that waits for the second factor
	resetURL string
}

func squat(t *testing.T, s *testkit.Server, idp *testkit.IDP) *squatter {
	t.Helper()
	c := s.Client()
	c.Post("/sign-up/email", body{"email": victim, "password": testkit.Password, "name": "Eve", "username": "eve_was_here"}).Is(200, "")
	q := &squatter{s: s, first: c, trusted: s.Client(), key: s.Authenticator(), id: c.Get("/get-session").Field("user.id")}
	c.Post("/passkey/verify-registration", body{"response": q.key.Create(c.Get("/passkey/generate-register-options").Is(200, ""))}).Is(200, "")
	c.Post("/phone-number/send-otp", body{"phoneNumber": number}).Is(200, "")
	c.Post("/phone-number/verify", body{"phoneNumber": number, "code": mailed(t, s, "phone-otp"), "updatePhoneNumber": true}).Is(200, "")
	a := c.Post("/two-factor/enable", body{"password": testkit.Password}).Is(200, "")
	uri, err := url.Parse(a.Field("totpURI"))
	if err != nil {
		t.Fatal(err)
	}
	q.secret = uri.Query().Get("secret")
	for _, one := range a.JSON().(body)["backupCodes"].([]any) {
		q.backups = append(q.backups, one.(string))
	}
	c.Post("/two-factor/verify-totp", body{"code": q.code(t)}).Is(200, "")
	s.Clock.Advance(time.Minute)
	q.withPassword(q.trusted)
	q.trusted.Post("/two-factor/verify-totp", body{"code": q.code(t), "trustDevice": true}).Is(200, "")
	q.waiting = s.Client()
	q.withPassword(q.waiting)
	s.Client().Post("/request-password-reset", body{"email": victim}).Is(200, "")
	q.resetURL = s.Token("reset-password")
	return q
}

func (q *squatter) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(q.secret, q.s.Clock.Now(t.Context()), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (q *squatter) withPassword(c *testkit.Client) *testkit.Answer {
	return c.Post("/sign-in/email", body{"email": victim, "password": testkit.Password})
}

// comesBack tries everything that was left.
func (q *squatter) comesBack(t *testing.T) {
	t.Helper()
	s := q.s
	for what, c := range map[string]*testkit.Client{"the first browser": q.first, "the trusted browser": q.trusted} {
		if a := c.Get("/get-session"); a.Body != "null" {
			t.Errorf("%s is signed in still: %s", what, a.Body)
		}
	}
	q.withPassword(s.Client()).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	q.withPassword(q.trusted).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	q.waiting.Post("/two-factor/verify-backup-code", body{"code": q.backups[0]}).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	s.Clock.Advance(time.Minute)
	q.waiting.Post("/two-factor/verify-totp", body{"code": q.code(t)}).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	b := s.Client()
	b.Post("/passkey/verify-authentication", body{"response": q.key.Get(b.Get("/passkey/generate-authenticate-options").Is(200, ""), q.key.Keys[0])}).Is(401, "PASSKEY_NOT_FOUND")
	s.Client().Post("/sign-in/username", body{"username": "eve_was_here", "password": testkit.Password}).Is(401, "INVALID_USERNAME_OR_PASSWORD")
	s.Client().Post("/sign-in/phone-number", body{"phoneNumber": number, "password": testkit.Password}).Is(401, "INVALID_PHONE_NUMBER_OR_PASSWORD")
	b.Post("/phone-number/send-otp", body{"phoneNumber": number}).Is(200, "")
	s.Client().Post("/reset-password", body{"token": q.resetURL, "newPassword": "eves-next-password"}).Is(400, "INVALID_TOKEN")
	for _, one := range []*testkit.Client{b, q.waiting, q.first, q.trusted} {
		if a := one.Get("/get-session"); a.Body != "null" {
			t.Fatalf("the squatter is in: %s", a.Body)
		}
	}
}

// TestNothingOfASquatterIsLeft: an attacker registers the victim's address and leaves a
// passkey, an authenticator app, backup codes, a trusted browser, a phone number, a
// username, a session and a sign-in that waits. Whichever way the victim then proves
// the mailbox, the account is theirs, and nothing of that lets anybody in.
func TestNothingOfASquatterIsLeft(t *testing.T) {
	t.Parallel()
	reset := func(t *testing.T, s *testkit.Server, c *testkit.Client) {
		t.Helper()
		c.Post("/sign-in/email", body{"email": victim, "password": "victims-own-password"}).Is(200, "")
	}
	for name, claim := range map[string]func(t *testing.T, s *testkit.Server, idp *testkit.IDP, c *testkit.Client){
		"a magic link": func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client) {
			t.Helper()
			s.Client().Post("/sign-in/magic-link", body{"email": victim}).Is(200, "")
			c.Get("/magic-link/verify?token="+s.Token("magic-link")).Is(200, "")
		},
		"a code by mail": func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client) {
			t.Helper()
			s.Client().Post("/email-otp/send-verification-otp", body{"email": victim, "type": "sign-in"}).Is(200, "")
			c.Post("/sign-in/email-otp", body{"email": victim, "otp": mailed(t, s, "email-otp")}).Is(200, "")
		},
		"a reset by link": func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client) {
			t.Helper()
			s.Client().Post("/request-password-reset", body{"email": victim}).Is(200, "")
			c.Post("/reset-password", body{"token": s.Token("reset-password"), "newPassword": "victims-own-password"}).Is(200, "")
			reset(t, s, c)
		},
		"a reset by code": func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client) {
			t.Helper()
			s.Client().Post("/email-otp/request-password-reset", body{"email": victim}).Is(200, "")
			c.Post("/email-otp/reset-password", body{"email": victim, "otp": mailed(t, s, "email-otp"), "password": "victims-own-password"}).Is(200, "")
			reset(t, s, c)
		},
		"a provider that has verified it": func(t *testing.T, s *testkit.Server, idp *testkit.IDP, c *testkit.Client) {
			t.Helper()
			now := s.Clock.Now(t.Context()).Unix()
			token := idp.IDToken(body{
				"iss": "https://accounts.google.com", "aud": "client", "sub": "7", "email": victim, "email_verified": true, "name": "Victim", "iat": now, "exp": now + 3600, "nonce": "n",
			})
			c.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": token, "nonce": "n"}}).Is(200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, idp := testkit.StartWithProviders(t, everything)
			q := squat(t, s, idp)
			owner := s.Client()
			claim(t, s, idp, owner)
			me := owner.Get("/get-session")
			if me.Field("user.id") != q.id || me.Field("user.emailVerified") != "true" || me.Field("user.twoFactorEnabled") != "false" ||
				me.Field("user.username") != "" || me.Field("user.phoneNumber") != "" {
				t.Fatalf("the owner is %s", me.Body)
			}
			if keys := owner.Get("/passkey/list-user-passkeys").Is(200, "").Body; keys != "[]" {
				t.Errorf("passkeys that are left: %s", keys)
			}
			q.comesBack(t)
			if owner.Get("/get-session").Field("user.id") != q.id {
				t.Error("the owner was signed out")
			}
		})
	}
}

// TestWhoFollowsTheLinkOfASquattersSignUpIsAsked: the link that proves the address went to
// its owner, and would leave the squatter in. So the page says that somebody made an
// account, and the owner has it removed.
func TestWhoFollowsTheLinkOfASquattersSignUpIsAsked(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, everything)
	q := squat(t, s, idp)
	q.first.Post("/send-verification-email", body{"email": victim}).Is(200, "")
	token := s.Token("verify-email")
	const notMe = `name="decision" value="not-me"`
	if page := q.first.Get("./verify-email?token="+token).Is(200, "").Body; strings.Contains(page, notMe) {
		t.Error("who is signed in to the account is asked whether it is theirs")
	}
	owner := s.Client()
	if page := owner.Get("./verify-email?token="+token).Is(200, "").Body; !strings.Contains(page, notMe) || !strings.Contains(page, "Somebody made an account with this address") || strings.Contains(page, "Eve") {
		t.Errorf("the owner is told %s", page)
	}
	disown := func() *testkit.Answer {
		return owner.Form("./verify-email", url.Values{"token": {token}, "decision": {"not-me"}})
	}
	disown().Is(200, "")
	if _, err := s.Core.User(t.Context(), s.Core.DB, q.id); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the account is there still: %v", err)
	}
	q.comesBack(t)
	disown().Is(410, "")
	me := s.SignUp(victim)
	if me.Get("/get-session").Field("user.id") == q.id {
		t.Error("the owner has the squatter's account")
	}
	disown().Is(410, "")
	me.Get("/get-session").Is(200, "")
	if me.Get("/get-session").Body == "null" {
		t.Error("an old link removed the owner's own account")
	}
}

// TestOnlyAnAccountThatNobodyHasProvenIsDisowned: neither one whose address was proven
// since, nor an administrator's.
func TestOnlyAnAccountThatNobodyHasProvenIsDisowned(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(u *core.User){
		"proven":           func(u *core.User) { u.EmailVerified = true },
		"an administrator": func(u *core.User) { u.Role = "admin" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, "")
			c := s.SignUp(victim)
			c.Post("/send-verification-email", body{"email": victim}).Is(200, "")
			token := s.Token("verify-email")
			err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
				u, err := s.Core.UserByEmail(t.Context(), tx, victim)
				if err != nil {
					return err
				}
				change(u)
				return s.Core.SaveUser(t.Context(), tx, u)
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Client().Form("./verify-email", url.Values{"token": {token}, "decision": {"not-me"}}).Is(410, "")
			if c.Get("/get-session").Field("user.email") != victim {
				t.Error("the account is gone")
			}
		})
	}
}

// TestAWalletOfASquatterIsLeftOutToo: who signs in with a wallet may give an address that is not theirs.
func TestAWalletOfASquatterIsLeftOutToo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[siwe]\nenabled = true\nanonymous = false\ndomain = \"app.example.com\"\n[magic_link]\nenabled = true\n")
	comeIn := func(c *testkit.Client, more body) *testkit.Answer {
		t.Helper()
		in := signedBy(t, s, "eve")
		for name, value := range more {
			in[name] = value
		}
		return c.Post("/siwe/verify", in)
	}
	eve := s.Client()
	comeIn(eve, body{"email": victim}).Is(200, "")
	if me := eve.Get("/get-session"); me.Field("user.email") != victim || me.Field("user.emailVerified") != "false" {
		t.Fatalf("the address was not taken: %s", me.Body)
	}
	owner := s.Client()
	s.Client().Post("/sign-in/magic-link", body{"email": victim}).Is(200, "")
	owner.Get("/magic-link/verify?token="+s.Token("magic-link")).Is(200, "")
	if mine, theirs := owner.Get("/get-session").Field("user.id"), comeIn(s.Client(), body{"email": victim}).Field("user.id"); mine == "" || mine == theirs {
		t.Fatalf("the wallet comes into the owner's account: %s, %s", mine, theirs)
	}
	if eve.Get("/get-session").Body != "null" {
		t.Error("the squatter is signed in still")
	}
}

// signedBy is a message with a new nonce, signed by the wallet that is made from a name.
func signedBy(t *testing.T, s *testkit.Server, name string) body {
	t.Helper()
	key := secp256k1.PrivKeyFromBytes(keccak(name))
	sum := keccak(string(key.PubKey().SerializeUncompressed()[1:]))
	address, _ := siwe.Checksum("0x" + hex.EncodeToString(sum[12:]))
	text := strings.Join([]string{
		"app.example.com wants you to sign in with your Ethereum account:", address, "", "Sign in.", "", "URI: https://app.example.com/login", "Version: 1", "Chain ID: 1",
		"Nonce: " + s.Client().Post("/siwe/nonce", body{}).Is(200, "").Field("nonce"), "Issued At: " + s.Clock.Now(t.Context()).Format(time.RFC3339),
	}, "\n")
	compact := ecdsa.SignCompact(key, keccak("\x19Ethereum Signed Message:\n"+strconv.Itoa(len(text))+text), false)
	return body{"message": text, "signature": "0x" + hex.EncodeToString(append(compact[1:], compact[0]))}
}

func keccak(text string) []byte {
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}
