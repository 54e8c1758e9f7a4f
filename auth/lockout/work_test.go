package lockout_test

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const priced = "[lockout]\naccount_failures = 4\nnetwork_accounts = 3\n[captcha]\nenabled = true\ndifficulty = 1\nlocked_difficulty = 9\n"

// paid is a browser at an address with a proof of work for its next request.
func paid(s *testkit.Server, address, purpose string) (c *testkit.Client, response string, difficulty int) {
	c = from(s, address)
	task := c.Get("/captcha/challenge?for="+url.QueryEscape(purpose)).Is(200, "")
	difficulty, err := strconv.Atoi(task.Field("difficulty"))
	if err != nil {
		difficulty = -1
	}
	for n := 0; ; n++ {
		response = fmt.Sprintf("%s.%d", task.Field("challenge"), n)
		sum := sha256.Sum256([]byte(response))
		if (uint(sum[0])<<8|uint(sum[1]))>>(16-difficulty) == 0 {
			c.Header.Set("X-Captcha-Response", response)
			return c, response, difficulty
		}
	}
}

// TestAProofOfWorkIsAsGoodAsWaitingForANetwork: somebody beside a robot signs in at once, for
// a price, once a price; the account's own count is not for sale.
func TestAProofOfWorkIsAsGoodAsWaitingForANetwork(t *testing.T) {
	s := testkit.Start(t, strings.Replace(priced, "[captcha]", "[captcha]\nendpoints = [\"/sign-in/email\"]", 1))
	s.SignUp("ada@example.com")
	early, _, cheap := paid(s, home, "/sign-in/email")
	for i := range 10 {
		c, _, _ := paid(s, home, "/sign-in/email")
		signIn(c, fmt.Sprintf("user%d@example.com", i), "wrong-wrong")
	}
	if cheap != 1 {
		t.Errorf("difficulty %d before", cheap)
	}
	// What was bought before is no price.
	signIn(early, "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	c, response, difficulty := paid(s, home, "/sign-in/email")
	if difficulty != 9 {
		t.Errorf("difficulty %d from a network that waits", difficulty)
	}
	signIn(c, "ada@example.com", testkit.Password).Is(200, "")
	again := from(s, home)
	again.Header.Set("X-Captcha-Response", response)
	signIn(again, "ada@example.com", testkit.Password).Is(403, "VERIFICATION_FAILED")
	if _, _, other := paid(s, elsewhere, "/sign-in/email"); other != 1 {
		t.Errorf("difficulty %d elsewhere", other)
	}
	for range 4 {
		c, _, _ := paid(s, home, "/sign-in/email")
		signIn(c, "eve@example.com", "wrong-wrong").Is(401, "")
	}
	c, _, _ = paid(s, home, "/sign-in/email")
	signIn(c, "eve@example.com", "wrong-wrong").Is(429, "SIGN_IN_LOCKED")
}

func TestThePageOffersWorkInPlaceOfWaiting(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nmode = \"anyone\"\n"+priced)
	try := func(email, password string) *testkit.Answer {
		c, response, _ := paid(s, home, "/login")
		return c.Form("./login", url.Values{"email": {email}, "password": {password}, "captcha-response": {response}})
	}
	ada, response, _ := paid(s, elsewhere, "/signup")
	if page := ada.Form("./signup", url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}, "captcha-response": {response}}); page.Status != 303 {
		t.Fatal(page.Status, page.Body)
	}
	early, cheap, _ := paid(s, home, "/login")
	for i := range 10 {
		try(fmt.Sprintf("user%d@example.com", i), "wrong-wrong")
	}
	page := early.Form("./login", url.Values{"email": {"ada@example.com"}, "password": {testkit.Password}, "captcha-response": {cheap}})
	if page.Status != 429 || !strings.Contains(page.Body, "takes longer now, or wait 15 minutes") || !strings.Contains(page.Body, `data-for="/login"`) {
		t.Errorf("%d %s", page.Status, page.Body)
	}
	if page := try("ada@example.com", testkit.Password); page.Status != 303 {
		t.Errorf("%d %s", page.Status, page.Body)
	}
}

func TestWhereWorkIsNotForSaleANetworkWaits(t *testing.T) {
	for name, toml := range map[string]string{
		"turned off": strings.Replace(priced, "locked_difficulty = 9", "locked_difficulty = 0", 1),
		"no captcha": "[lockout]\nnetwork_accounts = 3\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, toml)
			sold := strings.Contains(toml, "[captcha]")
			browser := func() *testkit.Client {
				if !sold {
					return from(s, home)
				}
				c, _, difficulty := paid(s, home, "/sign-in/email")
				if difficulty != 1 {
					t.Errorf("difficulty %d", difficulty)
				}
				return c
			}
			for i := range 10 {
				signIn(browser(), fmt.Sprintf("user%d@example.com", i), "wrong-wrong")
			}
			signIn(browser(), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
		})
	}
}
