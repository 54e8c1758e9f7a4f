package siwe_test

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/sha3"

	"authd/auth/internal/testkit"
	"authd/auth/siwe"
)

const on = "[siwe]\nenabled = true\ndomain = \"app.example.com\"\n"

// wallet is somebody's key, as a wallet has it.
type wallet struct {
	key     *secp256k1.PrivateKey
	address string
}

func keccak(text string) []byte {
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// newWallet is always the same one for a name.
func newWallet(name string) wallet {
	key := secp256k1.PrivKeyFromBytes(keccak(name))
	sum := keccak(string(key.PubKey().SerializeUncompressed()[1:]))
	address, _ := siwe.Checksum("0x" + hex.EncodeToString(sum[12:]))
	return wallet{key, address}
}

func (w wallet) sign(text string) string {
	compact := ecdsa.SignCompact(w.key, keccak("\x19Ethereum Signed Message:\n"+strconv.Itoa(len(text))+text), false)
	return "0x" + hex.EncodeToString(append(compact[1:], compact[0]))
}

// message is what the app has signed; lines replace what begins alike, or come behind.
func (w wallet) message(nonce string, now time.Time, lines ...string) string {
	parts := []string{
		"app.example.com wants you to sign in with your Ethereum account:", w.address, "", "Sign in to the app.", "",
		"URI: https://app.example.com/login", "Version: 1", "Chain ID: 1", "Nonce: " + nonce, "Issued At: " + now.Format(time.RFC3339),
	}
next:
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		for i, part := range parts {
			if strings.HasPrefix(part, name+":") {
				parts[i] = line
				continue next
			}
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, "\n")
}

func nonceOf(c *testkit.Client) string {
	return c.Post("/siwe/nonce", map[string]any{}).Is(200, "").Field("nonce")
}

func verify(c *testkit.Client, message, signature string) *testkit.Answer {
	return c.Post("/siwe/verify", map[string]string{"message": message, "signature": signature})
}

// comeIn is the whole way.
func (w wallet) comeIn(s *testkit.Server, c *testkit.Client, lines ...string) *testkit.Answer {
	text := w.message(nonceOf(c), s.Clock.Now(context.Background()), lines...)
	return verify(c, text, w.sign(text))
}

func signedIn(c *testkit.Client) bool { return c.Get("/get-session").Body != "null" }

func TestOffItIsNotThere(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t, "").Client()
	for _, path := range []string{"/siwe/nonce", "/siwe/get-nonce", "/siwe/verify"} {
		c.Post(path, map[string]any{}).Is(404, "")
	}
}

func TestAnAccountSignsIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	w, c := newWallet("ada"), s.Client()
	first := w.comeIn(s, c).Is(200, "")
	if first.Field("user.walletAddress") != w.address || first.Field("user.chainId") != "1" || first.Field("success") != "true" {
		t.Fatal(first.Body)
	}
	me := c.Get("/get-session")
	if me.Field("user.name") != w.address || me.Field("user.email") != strings.ToLower(w.address)+"@siwe.placeholder.invalid" || me.Field("user.id") != first.Field("user.id") {
		t.Fatal(me.Body)
	}
	id := first.Field("user.id")
	if again := w.comeIn(s, s.Client()); again.Field("user.id") != id {
		t.Errorf("the second time they are %s", again.Field("user.id"))
	}
	if elsewhere := w.comeIn(s, s.Client(), "Chain ID: 137"); elsewhere.Field("user.id") != id || elsewhere.Field("user.chainId") != "137" {
		t.Errorf("on another chain they are %s", elsewhere.Body)
	}
	if other := newWallet("eve").comeIn(s, s.Client()); other.Field("user.id") == id {
		t.Error("another account is the same user")
	}
	accounts := c.Get("/list-accounts").Body
	if strings.Count(accounts, `"providerId":"siwe"`) != 2 || !strings.Contains(accounts, w.address+":137") {
		t.Error(accounts)
	}
}

func TestAMessageThatIsRefusedSignsInNobody(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	w, eve := newWallet("ada"), newWallet("eve")
	now := s.Clock.Now(t.Context())
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	for rule, c := range map[string]struct {
		lines  []string
		change func(text, signature string) (string, string)
		code   string
	}{
		"another app's domain": {change: func(m, _ string) (string, string) {
			m = strings.Replace(m, "app.example.com wants", "evil.example wants", 1)
			return m, w.sign(m)
		}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"the domain behind a name": {change: func(m, _ string) (string, string) {
			m = "app.example.com@evil.example" + strings.TrimPrefix(m, "app.example.com")
			return m, w.sign(m)
		}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"a page of another site": {lines: []string{"URI: https://evil.example/login"}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"another version":        {lines: []string{"Version: 2"}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"chain 0":                {lines: []string{"Chain ID: 0"}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"a nonce of nobody's":    {lines: []string{"Nonce: 0123456789abcdef"}, code: "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE"},
		"a short nonce":          {lines: []string{"Nonce: 1234567"}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"it has expired":         {lines: []string{"Expiration Time: " + at(0)}, code: "UNAUTHORIZED_SIWE_MESSAGE_EXPIRED"},
		"it is not valid yet":    {lines: []string{"Not Before: " + at(time.Minute)}, code: "UNAUTHORIZED_SIWE_MESSAGE_NOT_YET_VALID"},
		"a wrong checksum": {change: func(m, _ string) (string, string) {
			m = strings.Replace(m, w.address, "0x"+strings.ToUpper(w.address[2:3])+flip(w.address[3:]), 1)
			return m, w.sign(m)
		}, code: "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"},
		"somebody else's key":     {change: func(m, _ string) (string, string) { return m, eve.sign(m) }},
		"a text that was changed": {change: func(m, sig string) (string, string) { return strings.Replace(m, "Sign in", "Log in", 1), sig }},
		"no signature at all":     {change: func(m, _ string) (string, string) { return m, "0x" }},
		"a word":                  {change: func(m, _ string) (string, string) { return m, "0xgood" }},
		"a signature of zeros":    {change: func(m, _ string) (string, string) { return m, "0x" + strings.Repeat("0", 130) }},
		"another parity": {change: func(m, sig string) (string, string) {
			return m, sig[:130] + map[string]string{"1b": "1c", "1c": "1b"}[sig[130:]]
		}},
		"the other s": {change: func(m, sig string) (string, string) { return m, malleated(sig) }},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			browser := s.Client()
			nonce := nonceOf(browser)
			text := w.message(nonce, now, c.lines...)
			signature := w.sign(text)
			if c.change != nil {
				text, signature = c.change(text, signature)
			}
			if a := verify(browser, text, signature).Is(401, c.code); a.Field("status") != "401" {
				t.Error(a.Body)
			}
			if signedIn(browser) {
				t.Error("they are in")
			}
		})
	}
	t.Run("and made no user", func(t *testing.T) {
		if users, err := s.Core.Users(t.Context(), s.Core.DB, "", 10); err != nil || len(users) != 0 {
			t.Errorf("%d users (%v)", len(users), err)
		}
	})
}

// flip writes small letters large and large ones small.
func flip(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'f':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'F':
			return r - 'A' + 'a'
		}
		return r
	}, text)
}

// malleated is the other signature of the same key over the same text.
func malleated(signature string) string {
	raw, _ := hex.DecodeString(signature[2:])
	var s secp256k1.ModNScalar
	s.SetByteSlice(raw[32:64])
	other := s.Negate().Bytes()
	copy(raw[32:64], other[:])
	raw[64] ^= 27 ^ 28
	return "0x" + hex.EncodeToString(raw)
}

func TestAFieldThatNobodyAskedForIsNamed(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t, on).Client()
	for want, body := range map[string]any{
		`[body] Unrecognized key: "role"`:                       map[string]any{"role": "admin"},
		`[body] Unrecognized keys: "more", "role"`:              map[string]any{"role": "admin", "more": 1},
		"[body] Invalid input: expected object, received array": []any{},
	} {
		if got := c.Post("/siwe/nonce", body).Is(400, "VALIDATION_ERROR").Field("message"); got != want {
			t.Errorf("%v: got %s, want %s", body, got, want)
		}
	}
}

func TestANonceWorksOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	w := newWallet("ada")
	now := s.Clock.Now(t.Context())
	text := w.message(nonceOf(s.Client()), now)
	if s.FileContains(strings.SplitN(strings.SplitN(text, "Nonce: ", 2)[1], "\n", 2)[0]) {
		t.Error("the nonce lies in the database")
	}
	verify(s.Client(), text, w.sign(text)).Is(200, "")
	verify(s.Client(), text, w.sign(text)).Is(401, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE")
	text = w.message(nonceOf(s.Client()), now)
	verify(s.Client(), text, newWallet("eve").sign(text)).Is(401, "")
	verify(s.Client(), text, w.sign(text)).Is(401, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE")
	text = w.message(nonceOf(s.Client()), now)
	s.Clock.Advance(15*time.Minute + time.Second)
	verify(s.Client(), text, w.sign(text)).Is(401, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE")
}

func TestABannedUserStaysOut(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	w := newWallet("ada")
	id := w.comeIn(s, s.Client()).Is(200, "").Field("user.id")
	if _, err := s.Admin.Ban(t.Context(), id, "", nil); err != nil {
		t.Fatal(err)
	}
	w.comeIn(s, s.Client()).Is(403, "BANNED_USER")
}

func TestAnAccountThatWasDisconnectedSignsInNobody(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	w, c := newWallet("ada"), s.Client()
	id := w.comeIn(s, c).Is(200, "").Field("user.id")
	accounts, err := s.Core.Accounts(t.Context(), s.Core.DB, id)
	if err != nil || len(accounts) != 1 {
		t.Fatal(accounts, err)
	}
	c.Post("/unlink-account", map[string]string{"accountId": accounts[0].ID}).Is(400, "FAILED_TO_UNLINK_LAST_ACCOUNT")
	w.comeIn(s, s.Client(), "Chain ID: 137").Is(200, "")
	c.Post("/unlink-account", map[string]string{"accountId": accounts[0].ID}).Is(200, "")
	if again := w.comeIn(s, s.Client(), "Chain ID: 137"); again.Field("user.id") != id {
		t.Error(again.Body)
	}
	if _, err := s.Admin.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if again := w.comeIn(s, s.Client()).Is(200, ""); again.Field("user.id") == id {
		t.Error("a deleted user's account is theirs still")
	}
}

func TestWhoGivesAnAddress(t *testing.T) {
	t.Parallel()
	give := func(s *testkit.Server, w wallet, c *testkit.Client, email string) *testkit.Answer {
		text := w.message(nonceOf(c), s.Clock.Now(t.Context()))
		return c.Post("/siwe/verify", map[string]string{"message": text, "signature": w.sign(text), "email": email})
	}
	const asked = on + "anonymous = false\n"
	s := testkit.Start(t, asked)
	newWallet("ada").comeIn(s, s.Client()).Is(400, "VALIDATION_ERROR")
	c := s.Client()
	give(s, newWallet("ada"), c, "Ada@example.com").Is(200, "")
	if me := c.Get("/get-session"); me.Field("user.email") != "ada@example.com" || me.Field("user.emailVerified") != "false" {
		t.Error(me.Body)
	}
	c = s.Client()
	give(s, newWallet("eve"), c, "ada@example.com").Is(200, "")
	if me := c.Get("/get-session"); !strings.HasSuffix(me.Field("user.email"), "@siwe.placeholder.invalid") {
		t.Errorf("somebody else's address: %s", me.Body)
	}
	give(s, newWallet("mallory"), s.Client(), "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed@siwe.placeholder.invalid").Is(400, "INVALID_EMAIL")

	strict := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n"+asked)
	c = strict.Client()
	give(strict, newWallet("ada"), c, "ada@example.com").Is(200, "")
	if me := c.Get("/get-session"); !strings.HasSuffix(me.Field("user.email"), "@siwe.placeholder.invalid") {
		t.Errorf("an address that nobody proved is theirs: %s", me.Body)
	}
	c.Get("/verify-email?token="+strict.Token("verify-email")).Is(200, "")
	if me := c.Get("/get-session"); me.Field("user.email") != "ada@example.com" || me.Field("user.emailVerified") != "true" {
		t.Error(me.Body)
	}
}

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"invited", "approval", "nobody"} {
		s := testkit.Start(t, "[sign_up]\nmode = \""+mode+"\"\n"+on)
		newWallet("ada").comeIn(s, s.Client()).Is(403, "SIGNUP_DISABLED")
	}
}

func TestAnAnonymousUserBecomesTheAccounts(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[anonymous]\nenabled = true\n")
	c := s.Client()
	guest := c.Post("/sign-in/anonymous", nil).Is(200, "").Field("user.id")
	id := newWallet("ada").comeIn(s, c).Is(200, "").Field("user.id")
	if _, err := s.Core.User(t.Context(), s.Core.DB, guest); err == nil || c.Get("/get-session").Field("user.id") != id {
		t.Error("the anonymous user is there still")
	}
}

func TestAddressesHaveTheirChecksum(t *testing.T) {
	t.Parallel()
	for _, address := range []string{ // of EIP-55
		"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D", "0xde709f2102306220921060314715629080e2fb77",
		"0x27b1fdb04752bbc536007a920d24acb045561c26", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	} {
		for form, text := range map[string]string{"as it is": address, "small": strings.ToLower(address), "large": "0x" + strings.ToUpper(address[2:])} {
			if got, ok := siwe.Checksum(text); !ok || got != address {
				t.Errorf("%s %s: %s, %v", address, form, got, ok)
			}
		}
	}
	for _, text := range []string{"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0X52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886E0F7030069857D2E4169EEg"} {
		if got, ok := siwe.Checksum(text); ok {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}
