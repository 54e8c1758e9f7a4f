package pages_test

import (
	"slices"
	"testing"

	"authd/auth/internal/testkit"
)

const guests = "[anonymous]\nenabled = true\n"

func TestAGuestBeginsAndBecomesSomebody(t *testing.T) {
	s := testkit.Start(t, guests+"[user.additional_fields.cart]\ntype = \"string\"\n")
	c := s.Client()
	has(t, c.Get("./login").Body, "Continue as guest", `action="/login/guest"`)
	leads(t, form(c, "/login/guest", "return_to", "/account/apps"), "/account/apps")
	id := c.Get("/get-session").Field("user.id")
	leads(t, form(c, "/login/guest"), "/account")
	if again := c.Get("/get-session").Field("user.id"); again != id {
		t.Fatal("a second click made another guest")
	}
	page := c.Get("./account").Body
	has(t, page, "You are here as a guest", `href="/signup"`)
	hasNot(t, page, "placeholder.invalid", "Address not confirmed")
	hasNot(t, c.Get("./account/security").Body, "/account/set-password")
	c.Post("/update-user", map[string]any{"cart": "a pear"}).Is(200, "")
	shows(t, c.Get("./signup"), 200, "Create your account")
	login := c.Get("./login")
	shows(t, login, 200, "Sign in")
	hasNot(t, login.Body, "Continue as guest")
	form(c, "/signup", "name", "Ada", "email", "ada@example.com", "password", testkit.Password).Is(303, "")
	if a := c.Get("/get-session"); a.Field("user.isAnonymous") != "false" || a.Field("user.cart") != "a pear" || a.Field("user.email") != "ada@example.com" {
		t.Fatal(a.Body)
	}
	hasNot(t, c.Get("./account").Body, "as a guest")
}

func TestAnAppIsWhereAGuestGoes(t *testing.T) {
	s := provider(t, guests)
	c := s.Client()
	flow := flowOf(t, ask(t, c, "wiki", callback))
	leads(t, form(c, "/login/guest", "flow", flow), "/consent?flow="+flow)
	leads(t, c.Get("./login?flow="+flow), "/consent?flow="+flow)
}

func TestThereAreNoGuestsWhereNotEverybodySignsUp(t *testing.T) {
	for _, toml := range []string{"", guests + "[sign_up]\nmode = \"invited\"\n", guests + "[sign_up]\nmode = \"approval\"\n"} {
		s := testkit.Start(t, toml)
		c := s.Client()
		hasNot(t, c.Get("./login").Body, "guest")
		if a := form(c, "/login/guest"); a.Status != 404 && a.Status != 403 || c.HoldsSession() {
			t.Error(toml, a.Status)
		}
	}
}

// TestTheSignInPageShowsJustWhatWorks: each way alone, several, and all.
func TestTheSignInPageShowsJustWhatWorks(t *testing.T) {
	const noPasswords = "[email_and_password]\nenabled = false\n"
	const (
		password = `name="password"`
		email    = `name="email"`
		phone    = `href="/login/phone"`
		link     = `formaction="/login/link"`
		code     = `formaction="/login/code/send"`
		passkey  = `data-passkey="get"`
		wallet   = `data-wallet-message`
		guest    = `action="/login/guest"`
		github   = `action="/login/github"`
		or       = `class="or"`
	)
	const (
		noPasskeys = "[passkey]\nenabled = false\n"
		wallets    = "[siwe]\nenabled = true\n"
		social     = "[social_providers.github]\nclient_id = \"id\"\nclient_secret = \"secret\"\n"
	)
	all := []string{password, email, phone, link, code, passkey, wallet, guest, github, or}
	for toml, shown := range map[string][]string{
		noPasskeys:                                       {password, email},
		noPasskeys + usernames:                           {password, email},
		noPasskeys + phones:                              {password, email, phone, or},
		noPasskeys + wallets:                             {password, email, wallet, or},
		noPasskeys + noPasswords + phones:                {phone},
		noPasskeys + noPasswords + wallets:               {wallet},
		noPasskeys + noPasswords + guests:                {guest},
		noPasskeys + noPasswords + social:                {github},
		noPasskeys + noPasswords + usernames + withLinks: {email, link},
		noPasskeys + noPasswords + withCodes + phones:    {email, code, phone, or},
		noPasswords:                                      {passkey},
		noPasswords + phones + wallets:                   {passkey, phone, wallet},
		noPasswords + guests + social:                    {passkey, guest, github},
		usernames + phones + withLinks + withCodes + wallets + guests + social: all,
	} {
		t.Run(toml, func(t *testing.T) {
			s := testkit.Start(t, toml)
			page := s.Client().Get("./login")
			shows(t, page, 200, "Sign in")
			has(t, page.Body, shown...)
			for _, part := range all {
				if !slices.Contains(shown, part) {
					hasNot(t, page.Body, part)
				}
			}
		})
	}
	nothing := testkit.Start(t, noPasskeys+noPasswords+usernames)
	shows(t, nothing.Client().Get("./login"), 200, "No way to sign in")
}
