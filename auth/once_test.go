package auth_test

import (
	"maps"
	"net/url"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// atOnce has a thing used in several browsers at the same moment, and tells how often it worked.
func atOnce(browsers []*testkit.Client, use func(c *testkit.Client) bool) (worked int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range browsers {
		all.Go(func() {
			if use(c) {
				mu.Lock()
				worked++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return worked
}

// copies are browsers with the same cookies.
func copies(c *testkit.Client, n int) []*testkit.Client {
	list := make([]*testkit.Client, n)
	for i := range list {
		one := *c
		one.Cookies = maps.Clone(c.Cookies)
		list[i] = &one
	}
	return list
}

// TestWhatCountsOnceCountsOnceForManyAtOnce: each is used up by one statement, so that of
// many who come at the same moment with the same thing one gets in.
func TestWhatCountsOnceCountsOnceForManyAtOnce(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, everything)
	q := squat(t, s, idp) // an account with everything
	const many = 5
	in := func(c *testkit.Client) bool { return c.Get("/get-session").Body != "null" }
	held := func() []*testkit.Client {
		list := copies(s.Client(), many)
		for _, c := range list {
			q.withPassword(c).Is(200, "")
		}
		return list
	}
	once := func(what string, browsers []*testkit.Client, use func(c *testkit.Client) bool) {
		t.Helper()
		if worked := atOnce(browsers, use); worked != 1 {
			t.Errorf("%s worked %d times", what, worked)
		}
	}

	q.trusted.Post("/sign-out", body{}).Is(200, "")
	once("the mark of a trusted browser", copies(q.trusted, many), func(c *testkit.Client) bool {
		q.withPassword(c)
		return in(c)
	})

	s.Clock.Advance(time.Minute) // the code of this one was used
	code := q.code(t)
	once("a code of an app", held(), func(c *testkit.Client) bool {
		c.Post("/two-factor/verify-totp", body{"code": code})
		return in(c)
	})
	once("a backup code", held(), func(c *testkit.Client) bool {
		c.Post("/two-factor/verify-backup-code", body{"code": q.backups[0]})
		return in(c)
	})

	b := s.Client()
	answer := q.key.Get(b.Get("/passkey/generate-authenticate-options").Is(200, ""), q.key.Keys[0])
	once("a challenge", copies(b, many), func(c *testkit.Client) bool {
		c.Post("/passkey/verify-authentication", body{"response": answer})
		return in(c)
	})

	s.Client().Post("/sign-in/magic-link", body{"email": "new@example.com"}).Is(200, "")
	link := "/magic-link/verify?token=" + s.Token("magic-link")
	once("a link", copies(s.Client(), many), func(c *testkit.Client) bool {
		c.Get(link)
		return in(c)
	})

	wallet := signedBy(t, s, "ada")
	once("a nonce", copies(s.Client(), many), func(c *testkit.Client) bool {
		c.Post("/siwe/verify", wallet)
		return in(c)
	})

	b.Post("/phone-number/send-otp", body{"phoneNumber": number}).Is(200, "")
	text := mailed(t, s, "phone-otp")
	once("a text message", copies(s.Client(), many), func(c *testkit.Client) bool {
		return c.Post("/phone-number/verify", body{"phoneNumber": number, "code": text, "disableSession": true}).Status == 200
	})

	recovered, err := s.Recovery.Issue(t.Context(), victim, 0)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(recovered.URL)
	if err != nil {
		t.Fatal(err)
	}
	once("a recovery", copies(s.Client(), many), func(c *testkit.Client) bool {
		c.Form("./recover", url.Values{"token": {u.Query().Get("token")}, "password": {"another-horse-battery"}})
		return in(c)
	})

	people := []*testkit.Client{s.SignUp("one@example.com"), s.SignUp("two@example.com"), s.SignUp("three@example.com")}
	once("a name", people, func(c *testkit.Client) bool {
		return c.Post("/update-user", body{"username": "wanted"}).Status == 200
	})
}

// TestOfTwoLastWaysInOneStays, whichever is taken away first, and by whom.
func TestOfTwoLastWaysInOneStays(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[phone_number]\nenabled = true\nsign_up_on_verification = true\n[passkey]\nenabled = true\n")
	c := s.Client()
	c.Post("/phone-number/send-otp", body{"phoneNumber": number}).Is(200, "")
	c.Post("/phone-number/verify", body{"phoneNumber": number, "code": mailed(t, s, "phone-otp")}).Is(200, "")
	key := s.Authenticator()
	made := c.Post("/passkey/verify-registration", body{"response": key.Create(c.Get("/passkey/generate-register-options").Is(200, ""))}).Is(200, "").Field("id")
	browsers := copies(c, 4)
	worked := atOnce(browsers, func(b *testkit.Client) bool {
		if b == browsers[0] || b == browsers[1] {
			return b.Post("/passkey/delete-passkey", body{"id": made}).Status == 200
		}
		return b.Post("/update-user", body{"phoneNumber": nil}).Status == 200
	})
	keys, phone := c.Get("/passkey/list-user-passkeys").Is(200, "").Body, c.Get("/get-session").Field("user.phoneNumber")
	if worked == 0 || keys == "[]" && phone == "" {
		t.Fatalf("%d were taken away, left are %s and %q", worked, keys, phone)
	}
	if keys == "[]" {
		c.Post("/update-user", body{"phoneNumber": nil}).Is(400, "LAST_WAY_IN")
	} else {
		c.Post("/passkey/delete-passkey", body{"id": made}).Is(400, "LAST_WAY_IN")
	}
}
