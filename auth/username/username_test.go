package username_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const on = "[username]\nenabled = true\n"

// signUp makes an account with a username and returns its browser.
func signUp(s *testkit.Server, email, name string) *testkit.Client {
	c := s.Client()
	c.Post("/sign-up/email", map[string]any{"email": email, "password": testkit.Password, "name": "Test", "username": name}).Is(200, "")
	return c
}

func TestWithoutUsernamesThereIsNothingOfThem(t *testing.T) {
	s := testkit.Start(t, "")
	s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": testkit.Password}).Is(404, "")
	s.Client().Post("/is-username-available", map[string]any{"username": "ada"}).Is(404, "")
	c := signUp(s, "a@example.com", "ada")
	if body := c.Get("/get-session").Body; strings.Contains(strings.ToLower(body), "username") {
		t.Fatal(body)
	}
}

func TestAUsernameIsOneWhateverWayItIsWritten(t *testing.T) {
	s := testkit.Start(t, on)
	c := signUp(s, "a@example.com", "Ada.King_1")
	if a := c.Get("/get-session"); a.Field("user.username") != "ada.king_1" || a.Field("user.displayUsername") != "Ada.King_1" {
		t.Fatal(a.Body)
	}
	for _, written := range []string{"ada.king_1", "ADA.KING_1", "ａｄａ.king_1"} {
		a := s.Client().Post("/sign-in/username", map[string]any{"username": written, "password": testkit.Password}).Is(200, "")
		if a.Field("user.email") != "a@example.com" || a.Cookie("better-auth.session_token") == nil {
			t.Fatal(a.Body)
		}
		if a := s.Client().Post("/is-username-available", map[string]any{"username": written}).Is(200, ""); a.Body != `{"available":false}` {
			t.Fatal(a.Body)
		}
		s.Client().Post("/sign-up/email", map[string]any{"email": "b@example.com", "password": testkit.Password, "name": "B", "username": written}).Is(400, "USERNAME_IS_ALREADY_TAKEN")
	}
	s.Client().Post("/sign-in/email", map[string]any{"email": "b@example.com", "password": testkit.Password}).Is(401, "")
}

func TestAnUnknownNameAndAWrongPasswordLookTheSame(t *testing.T) {
	s := testkit.Start(t, on)
	signUp(s, "a@example.com", "ada")
	wrong := s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": "not-the-password"}).Is(401, "INVALID_USERNAME_OR_PASSWORD")
	unknown := s.Client().Post("/sign-in/username", map[string]any{"username": "eve", "password": "not-the-password"}).Is(401, "INVALID_USERNAME_OR_PASSWORD")
	if wrong.Body != unknown.Body || len(wrong.Cookies)+len(unknown.Cookies) != 0 {
		t.Fatalf("%s %v\n%s %v", wrong.Body, wrong.Cookies, unknown.Body, unknown.Cookies)
	}
}

func TestNamesThatNobodyGets(t *testing.T) {
	s := testkit.Start(t, on)
	for rule, c := range map[string]struct{ name, code string }{
		"two characters are too few":                    {"ab", "USERNAME_TOO_SHORT"},
		"31 characters are too many":                    {strings.Repeat("a", 31), "USERNAME_TOO_LONG"},
		"a space is no letter":                          {"ada king", "INVALID_USERNAME"},
		"an @ would pass for an address":                {"ada@king", "INVALID_USERNAME"},
		"a letter of another script passes for ours":    {"аdа", "INVALID_USERNAME"},
		"a letter beyond ASCII is none in small either": {"\u212aing", ""}, // the Kelvin sign is k in NFKC, and shown as that
		"a reserved name is taken":                      {"Admin", "USERNAME_IS_ALREADY_TAKEN"},
		"what looks like a reserved name is taken":      {"adm1n", "USERNAME_IS_ALREADY_TAKEN"},
		"a reserved name with a point in it is taken":   {"r.0.o.t", "USERNAME_IS_ALREADY_TAKEN"},
	} {
		t.Run(rule, func(t *testing.T) {
			body := map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": c.name}
			if c.code == "" {
				if a := s.Client().Post("/sign-up/email", map[string]any{"email": "k@example.com", "password": testkit.Password, "name": "A", "username": c.name}).Is(200, ""); a.Field("user.username") != "king" {
					t.Fatal(a.Body)
				}
				return
			}
			if a := s.Client().Post("/sign-up/email", body).Is(400, c.code); len(a.Cookies) != 0 {
				t.Fatal("a cookie was set")
			}
			s.Client().Post("/sign-in/email", body).Is(401, "")
		})
	}
}

func TestChangingTheName(t *testing.T) {
	s := testkit.Start(t, on)
	c := signUp(s, "a@example.com", "ada")
	signUp(s, "b@example.com", "bob")
	c.Post("/update-user", map[string]any{"username": "BOB"}).Is(400, "USERNAME_IS_ALREADY_TAKEN")
	c.Post("/update-user", map[string]any{"username": "ADA", "displayUsername": "Ada!"}).Is(200, "")
	for rule, display := range map[string]any{"a space around it": " Ada", "what turns the text": "ad\u202ea", "what is not seen": "a\u200bda", "too long": strings.Repeat("a", 256)} {
		if c.Post("/update-user", map[string]any{"displayUsername": display}).Is(400, "INVALID_DISPLAY_USERNAME"); t.Failed() {
			t.Fatal(rule)
		}
	}
	if a := c.Get("/get-session"); a.Field("user.username") != "ada" || a.Field("user.displayUsername") != "Ada!" {
		t.Fatal(a.Body)
	}
	c.Post("/update-user", map[string]any{"username": "countess"}).Is(200, "")
	s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": testkit.Password}).Is(401, "")
	s.Client().Post("/sign-in/username", map[string]any{"username": "countess", "password": testkit.Password}).Is(200, "")
	c.Post("/update-user", map[string]any{"username": nil}).Is(200, "")
	s.Client().Post("/sign-in/username", map[string]any{"username": "countess", "password": testkit.Password}).Is(401, "")
	signUp(s, "c@example.com", "countess")
}

func TestAnImmutableNameStays(t *testing.T) {
	s := testkit.Start(t, on+"immutable_username = true\n")
	c := s.SignUp("a@example.com")
	c.Post("/update-user", map[string]any{"username": "Ada"}).Is(200, "")
	c.Post("/update-user", map[string]any{"username": "ADA"}).Is(200, "")
	c.Post("/update-user", map[string]any{"username": "eve"}).Is(400, "USERNAME_IS_IMMUTABLE")
	c.Post("/update-user", map[string]any{"username": nil}).Is(400, "USERNAME_IS_IMMUTABLE")
	if got := c.Get("/get-session").Field("user.username"); got != "ada" {
		t.Fatal(got)
	}
	if _, err := s.Admin.Update(t.Context(), "a@example.com", map[string]any{"username": "admin"}); err != nil {
		t.Fatal(err) // the operator may, and a reserved one too
	}
	if got := c.Get("/get-session").Field("user.username"); got != "admin" {
		t.Fatal(got)
	}
}

func TestTheDisplayNameMayBeLeftOut(t *testing.T) {
	s := testkit.Start(t, on+"display_username = false\n")
	c := signUp(s, "a@example.com", "Ada")
	if body := c.Get("/get-session").Body; !strings.Contains(body, `"username":"ada"`) || strings.Contains(body, "displayUsername") {
		t.Fatal(body)
	}
}

func TestANameOpensNothingThatAnUnprovenAddressCloses(t *testing.T) {
	s := testkit.Start(t, on+"[email_and_password]\nrequire_email_verification = true\n")
	signUp(s, "a@example.com", "ada")
	s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": "not-the-password"}).Is(401, "INVALID_USERNAME_OR_PASSWORD")
	if a := s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": testkit.Password}).Is(403, "EMAIL_NOT_VERIFIED"); len(a.Cookies) != 0 {
		t.Fatal("somebody was signed in")
	}
}

func TestWithoutPasswordsANameIsNoWayIn(t *testing.T) {
	s := testkit.Start(t, on+"[email_and_password]\nenabled = false\n")
	s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": testkit.Password}).Is(400, "EMAIL_PASSWORD_DISABLED")
}

// TestAskingForNamesIsLimited: the answers are a list of who is here, for who may ask for ever.
func TestAskingForNamesIsLimited(t *testing.T) {
	s := testkit.Start(t, "[username]\nenabled = true\n[rate_limit]\nenabled = true\n")
	c := s.Client()
	for range 60 {
		c.Post("/is-username-available", map[string]any{"username": "somebody"}).Is(200, "")
	}
	c.Post("/is-username-available", map[string]any{"username": "somebody"}).Is(429, "")
	s.Clock.Advance(time.Minute)
	c.Post("/is-username-available", map[string]any{"username": "somebody"}).Is(200, "")
}

// TestNobodySaysOfThemselvesWhatIsNotTheirsToSay, neither when they sign up nor later.
func TestNobodySaysOfThemselvesWhatIsNotTheirsToSay(t *testing.T) {
	s := testkit.Start(t, "[username]\nenabled = true\n[phone_number]\nenabled = true\n[anonymous]\nenabled = true\n")
	c := s.SignUp("ada@example.com")
	before := c.Get("/get-session").Body
	for field, value := range map[string]any{
		"twoFactorEnabled": true, "phoneNumberVerified": true, "isAnonymous": true, "emailVerified": true, "role": "admin", "banned": true,
	} {
		c.Post("/update-user", map[string]any{field: value}).Is(400, "")
		b := s.Client() // at a sign-up it is refused, or overlooked as in the contract
		b.Post("/sign-up/email", map[string]any{"email": strings.ToLower(field) + "@example.com", "password": testkit.Password, "name": "Eve", field: value})
		if me := b.Get("/get-session"); me.Body != "null" && me.Field("user."+field) == fmt.Sprint(value) {
			t.Errorf("%s at a sign-up: %s", field, me.Body)
		}
	}
	if after := c.Get("/get-session").Body; after != before {
		t.Errorf("became %s", after)
	}
}
