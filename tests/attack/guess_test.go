package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"authd/tests/authdtest"
)

const (
	guesses   = 10_000
	attackers = 8 // at once
)

// from is an address of a network of its own, as the proxy in front tells it.
func from(i int) string { return fmt.Sprintf("%d.%d.%d.7", 20+i/65536, i/256%256, i%256) }

// spread has each number guessed once, by several attackers at once.
func spread(n int, guess func(i int)) {
	var all sync.WaitGroup
	for k := range attackers {
		all.Go(func() {
			for i := k; i < n; i += attackers {
				guess(i)
			}
		})
	}
	all.Wait()
}

// codes counts answers by their code.
type codes struct {
	mu  sync.Mutex
	got map[string]int
}

func (c *codes) add(a authdtest.Response) string {
	var body struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Body, &body) // an answer without a code counts as that
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got == nil {
		c.got = map[string]int{}
	}
	c.got[body.Code]++
	return body.Code
}

func (c *codes) of(code string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[code]
}

// post is a request of an attacker at an address, with the cookies that they have.
func post(t *testing.T, c *authdtest.Client, address, path string, body map[string]any) authdtest.Response {
	t.Helper()
	a, err := c.Send(authdtest.Call{Method: http.MethodPost, Path: path, JSON: body, Header: map[string]*string{"X-Forwarded-For": &address}})
	if err != nil {
		t.Error(err)
	}
	return a
}

const home = "198.18.7.7"

// signsIn tells whether somebody gets in with their password.
func signsIn(t *testing.T, c *authdtest.Client, address, name string) bool {
	t.Helper()
	return post(t, c, address, "/sign-in/email", map[string]any{"email": name, "password": password}).Status == http.StatusOK
}

// TestGuessesAtAPasswordFromManyAddresses: of 10,000 at one account no more are looked at
// than lockout.account_failures, and the person comes in all the while.
func TestGuessesAtAPasswordFromManyAddresses(t *testing.T) {
	t.Parallel()
	w := begin(t, "")
	w.person(t, 1)
	known := w.Client()
	if !signsIn(t, known, home, email("known", 1)) {
		t.Fatal("the person does not come in")
	}
	var answers codes
	attacker := w.Client()
	for _, path := range []string{"/sign-in/email", "/sign-in/username", "/sign-in/phone-number"} {
		var answers codes
		spread(guesses/4, func(i int) {
			answers.add(post(t, attacker, from(i), path, map[string]any{
				"email": email("known", 1), "username": username("known", 1), "phoneNumber": number("known", 1), "password": fmt.Sprintf("guess-%07d", i),
			}))
			if i%500 == 0 && !signsIn(t, known, home, email("known", 1)) {
				t.Error("the person was locked out of their own browser")
			}
		})
		if n := answers.of("SIGN_IN_LOCKED"); n < guesses/4-20 || n == guesses/4 {
			t.Errorf("%s: %v", path, answers.got)
		}
	}
	spread(guesses/4, func(i int) {
		answers.add(post(t, attacker, from(i), "/sign-in/email", map[string]any{"email": email("known", 1), "password": password}))
	})
	if n := answers.of("SIGN_IN_LOCKED"); n != guesses/4 {
		t.Errorf("the right password, while guesses wait: %v", answers.got)
	}
	if !signsIn(t, known, home, email("known", 1)) {
		t.Error("the person was locked out of their own browser")
	}
	eventually(t, "a mail that tells of the guesses", func() bool { return w.Mails.To(email("known", 1)) > 0 })
}

// TestStuffingFromOneAddress: one network with a list of 10,000 names and passwords gets no
// further than lockout.network_accounts, as nearly as a sketch counts; others are not held up.
func TestStuffingFromOneAddress(t *testing.T) {
	t.Parallel()
	w := begin(t, "")
	w.person(t, 1)
	var answers codes
	attacker := w.Client()
	spread(guesses, func(i int) {
		answers.add(post(t, attacker, fmt.Sprintf("203.0.113.%d", i%250), "/sign-in/email", map[string]any{"email": email("stuffed", i), "password": "from-another-breach"}))
	})
	if n := answers.of("INVALID_EMAIL_OR_PASSWORD"); n < 20 || n > 45 || n+answers.of("SIGN_IN_LOCKED") != guesses {
		t.Errorf("%v", answers.got)
	}
	if signsIn(t, attacker, "203.0.113.77", email("known", 1)) {
		t.Error("the list goes on from another address of the network")
	}
	if !signsIn(t, w.Client(), home, email("known", 1)) {
		t.Error("somebody elsewhere is held up")
	}
}

// enrolled is a person with an authenticator app and a browser that is trusted.
func enrolled(t *testing.T, w *world) (trusted *authdtest.Client, backup []string) {
	t.Helper()
	w.person(t, 1)
	trusted = w.Client()
	if !signsIn(t, trusted, home, email("known", 1)) {
		t.Fatal("the person does not come in")
	}
	var begun struct {
		URI    string   `json:"totpURI"`
		Backup []string `json:"backupCodes"`
	}
	a := post(t, trusted, home, "/two-factor/enable", map[string]any{"password": password})
	uri := &url.URL{}
	err := json.Unmarshal(a.Body, &begun)
	if err == nil {
		uri, err = url.Parse(begun.URI)
	}
	if err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	secret := uri.Query().Get("secret")
	if a := post(t, trusted, home, "/two-factor/verify-totp", map[string]any{"code": codeOf(t, secret, 0), "trustDevice": true}); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	fresh := w.Client() // trust is given at a sign-in
	signsIn(t, fresh, home, email("known", 1))
	if a := post(t, fresh, home, "/two-factor/verify-totp", map[string]any{"code": codeOf(t, secret, 1), "trustDevice": true}); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return fresh, begun.Backup
}

// codeOf is the app's, so many steps from now.
func codeOf(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(secret, time.Now().Add(time.Duration(steps)*30*time.Second), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestGuessesAtASecondFactorFromManyAddresses: who has the password gets ten codes looked at,
// however many sign-ins they begin; backup codes are none used up, and a trusted browser comes in.
func TestGuessesAtASecondFactorFromManyAddresses(t *testing.T) {
	t.Parallel()
	for kind, wrong := range map[string]string{"totp": "INVALID_CODE", "backup-code": "INVALID_BACKUP_CODE"} {
		w := begin(t, "")
		trusted, backup := enrolled(t, w)
		const perSignIn = 50
		var answers codes
		spread(guesses/perSignIn, func(i int) {
			c := w.Client()
			signsIn(t, c, from(i), email("known", 1))
			cookies := c.CookieHeader()
			for j := range perSignIn {
				// Letters are no code of an app, so none is right by chance; it counts as one.
				code := fmt.Sprintf("%02x%04d", 0xaa+j, i)
				if kind == "backup-code" {
					code = fmt.Sprintf("zz%03d-%05d", j, i)
				}
				address := from(i*perSignIn + j)
				a, err := c.Send(authdtest.Call{Method: http.MethodPost, Path: "/two-factor/verify-" + kind, JSON: map[string]any{"code": code}, Header: map[string]*string{"X-Forwarded-For": &address, "Cookie": &cookies}})
				if err != nil {
					t.Error(err)
				}
				answers.add(a)
			}
			if i%20 == 0 && !signsIn(t, trusted, home, email("known", 1)) {
				t.Error("the person was locked out of a trusted browser")
			}
		})
		if n := answers.of(wrong); n == 0 || n > 10 {
			t.Errorf("%s: %v", kind, answers.got)
		}
		late := w.Client()
		signsIn(t, late, from(1), email("known", 1))
		var after codes
		if code := after.add(post(t, late, from(1), "/two-factor/verify-backup-code", map[string]any{"code": backup[0]})); code != "ACCOUNT_TEMPORARILY_LOCKED" {
			t.Errorf("a right code while guesses wait: %q", code)
		}
		// When the waiting is over all of them are there still.
		late.Header = http.Header{"X-Authd-Clock": {strconv.FormatInt(time.Now().Add(16*time.Minute).UnixMilli(), 10)}}
		signsIn(t, late, from(1), email("known", 1))
		if a := post(t, late, from(1), "/two-factor/verify-backup-code", map[string]any{"code": backup[0]}); a.Status != http.StatusOK {
			t.Errorf("a right code afterwards: %d %s", a.Status, a.Body)
		}
	}
}
