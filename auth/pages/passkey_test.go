package pages_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// said is the answer of an authenticator as the script posts it.
func said(t *testing.T, answer map[string]any) string {
	t.Helper()
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// addPasskey adds one on the security page.
func addPasskey(t *testing.T, c *testkit.Client, a *testkit.Authenticator) *testkit.SoftKey {
	t.Helper()
	options := c.Get("/passkey/generate-register-options").Is(200, "")
	leads(t, form(c, "/account/security/passkeys", "credential", said(t, a.Create(options))), "/account/security")
	return a.Keys[len(a.Keys)-1]
}

// showsPasskey is what the script posts to the sign-in page.
func showsPasskey(t *testing.T, c *testkit.Client, a *testkit.Authenticator, k *testkit.SoftKey, fields ...string) *testkit.Answer {
	t.Helper()
	options := c.Get("/passkey/generate-authenticate-options").Is(200, "")
	return form(c, "/login/passkey", append(fields, "credential", said(t, a.Get(options, k)))...)
}

func contains(t *testing.T, a *testkit.Answer, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(a.Body, text) {
			t.Errorf("the page does not have %q", text)
		}
	}
}

func TestPasskeysOnTheSecurityPage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.SignUp("ada@example.com"), s.Authenticator()
	contains(t, c.Get("./account/security"), "Sign in without a password", `<script src="/static/passkey.`)
	k := addPasskey(t, c, a)
	page := c.Get("./account/security")
	contains(t, page, "The passkey is added", "Not used yet", "signalAllAcceptedCredentials", k.CredentialID())
	id := between(page.Body, `name="passkey" value="`, `"`)

	leads(t, showsPasskey(t, s.Client(), a, k), "/account")
	contains(t, c.Get("./account/security"), "Last used just now")

	leads(t, form(c, "/account/security/passkeys/rename", "passkey", id, "name-"+id, "  "), "/account/security")
	contains(t, c.Get("./account/security"), "Enter your name.", ">Passkey<")
	leads(t, form(c, "/account/security/passkeys/rename", "passkey", id, "name-"+id, " Laptop <b>"), "/account/security")
	contains(t, c.Get("./account/security"), "Laptop &lt;b&gt;", "has its new name")

	leads(t, form(c, "/account/security/passkeys/delete", "passkey", id), "/account/security")
	page = c.Get("./account/security")
	contains(t, page, "The passkey is removed", "signalUnknownCredential", k.CredentialID(), "Sign in without a password")
	if again := c.Get("./account/security"); strings.Contains(again.Body, "signal") {
		t.Error("what was removed is told twice")
	}
	gone := showsPasskey(t, s.Client(), a, k)
	contains(t, gone, "This passkey belongs to no account here", "signalUnknownCredential", k.CredentialID())
	if gone.Status != 422 || gone.Cookie("better-auth.session_token") != nil {
		t.Errorf("a passkey that was removed: %d %v", gone.Status, gone.Header)
	}
}

// between is what stands between two texts.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func TestWhatPasskeyPagesRefuse(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a, eve := s.SignUp("ada@example.com"), s.Authenticator(), s.SignUp("eve@example.com")
	k := addPasskey(t, c, a)
	id := between(c.Get("./account/security").Body, `name="passkey" value="`, `"`)

	t.Run("an answer to another challenge", func(t *testing.T) {
		other := s.Client()
		answer := a.Get(c.Get("/passkey/generate-authenticate-options").Is(200, ""), k)
		other.Get("/passkey/generate-authenticate-options").Is(200, "")
		got := form(other, "/login/passkey", "credential", said(t, answer))
		contains(t, got, "This passkey was not accepted")
		if signedIn(other) {
			t.Error("somebody is signed in")
		}
	})
	t.Run("an answer without a challenge, and none at all", func(t *testing.T) {
		answer := said(t, a.Get(c.Get("/passkey/generate-authenticate-options").Is(200, ""), k))
		got := form(s.Client(), "/login/passkey", "credential", answer)
		shows(t, got, 422, "Sign in")
		contains(t, got, "That took too long")
		for _, nonsense := range []string{"", "{", `"text"`, "null", "[]"} {
			got := form(s.Client(), "/login/passkey", "credential", nonsense)
			shows(t, got, 422, "Sign in")
			contains(t, got, "could not be used")
		}
	})
	t.Run("somebody else's passkey", func(t *testing.T) {
		for _, act := range []string{"rename", "delete"} {
			got := form(eve, "/account/security/passkeys/"+act, "passkey", id, "name-"+id, "Mine")
			if got.Status != 401 {
				t.Errorf("%s: %d", act, got.Status)
			}
		}
		contains(t, c.Get("./account/security"), ">Passkey<", `value="`+id+`"`)
	})
	t.Run("nobody", func(t *testing.T) {
		for _, act := range []string{"", "/rename", "/delete"} {
			leads(t, form(s.Client(), "/account/security/passkeys"+act, "passkey", id), "/login?return_to=%2Faccount%2Fsecurity")
		}
	})
	t.Run("who signed in a while ago, until they have proven who they are", func(t *testing.T) {
		s.Clock.Advance(25 * time.Hour)
		const add = "/account/security/passkeys"
		shows(t, form(c, add+"/delete", "passkey", id), 403, confirmTitle)
		contains(t, c.Get("./account/security"), `value="`+id+`"`)
		leads(t, goesOn(t, c, waiting(t, form(c, add)), add), "/account/security")
		contains(t, c.Get("./account/security"), "Now you can add the passkey.", `value="`+id+`"`)
		addPasskey(t, c, s.Authenticator())
	})
}

func TestStayingSignedInByPasskey(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := addPasskey(t, s.SignUp("ada@example.com"), a)
	for remember, want := range map[string]int{"1": 7 * 24 * 3600, "": 0} {
		got := showsPasskey(t, s.Client(), a, k, "remember", remember, "return_to", "/account/apps")
		leads(t, got, "/account/apps")
		if ck := got.Cookie("better-auth.session_token"); ck == nil || ck.MaxAge != want {
			t.Errorf("remember=%q gives the cookie %v", remember, ck)
		}
	}
}

func TestSigningUpWithAPasskeyAlone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.Client(), s.Authenticator()
	contains(t, c.Get("./signup"), "Create account with a passkey", `data-passkey="create"`)
	person := []string{"name", "Ada", "email", "ada@example.com"}
	answer := said(t, a.Create(form(c, "/signup/passkey/options", person...).Is(200, "")))
	leads(t, form(c, "/signup/passkey", append(person, "credential", answer)...), "/account")
	if who := c.Get("/get-session").Field("user.email"); who != "ada@example.com" {
		t.Fatalf("%q is signed in", who)
	}
	page := c.Get("./account/security")
	contains(t, page, "Only way in", "This is the only way you can sign in")
	id := between(page.Body, `name="passkey" value="`, `"`)
	leads(t, form(c, "/account/security/passkeys/delete", "passkey", id), "/account/security")
	contains(t, c.Get("./account/security"), "This is the only way you can sign in. Set a password", `value="`+id+`"`)
	leads(t, showsPasskey(t, s.Client(), a, a.Keys[0]), "/account")

	t.Run("what is missing is said beside its field", func(t *testing.T) {
		got := form(s.Client(), "/signup/passkey", "name", " ", "email", "ada@")
		shows(t, got, 422, "Create your account")
		contains(t, got, "Enter your name.", "Enter an e-mail address")
		if form(s.Client(), "/signup/passkey/options", "name", "Ada").Status != 422 {
			t.Error("options without an address")
		}
	})
	t.Run("an address that somebody has", func(t *testing.T) {
		c := s.Client()
		answer := said(t, a.Create(form(c, "/signup/passkey/options", person...).Is(200, "")))
		contains(t, form(c, "/signup/passkey", append(person, "credential", answer)...), "There is already an account with this address.")
		if signedIn(c) {
			t.Error("somebody is signed in")
		}
	})
	t.Run("no answer of an authenticator", func(t *testing.T) {
		got := form(s.Client(), "/signup/passkey", "name", "Eve", "email", "eve@example.com")
		shows(t, got, 422, "Create your account")
		contains(t, got, "The passkey could not be made", `value="eve@example.com"`)
	})
}

func TestWhoMaySignUpWithAPasskeyAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		toml   string
		status int
		button bool
	}{
		"whoever may with a password":                      {"", 200, true},
		"nobody where sign-up is switched off":             {"[email_and_password]\ndisable_sign_up = true\n", 403, false},
		"nobody where there are no passwords":              {"[email_and_password]\nenabled = false\n", 403, false},
		"anybody where that is what the server was set to": {"[email_and_password]\nenabled = false\n[passkey.registration]\nrequire_session = false\n", 200, true},
		"nobody where there are no passkeys":               {"[passkey]\nenabled = false\n", 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, tc.toml)
			page := s.Client().Get("./signup")
			if page.Status != tc.status || strings.Contains(page.Body, "Create account with a passkey") != tc.button {
				t.Errorf("%d, want %d with a button: %v", page.Status, tc.status, tc.button)
			}
			options := form(s.Client(), "/signup/passkey/options", "name", "Ada", "email", "ada@example.com")
			if (options.Status == 200) != tc.button {
				t.Errorf("options: %d", options.Status)
			}
		})
	}
}

func TestSignInPageWithoutPasswords(t *testing.T) {
	t.Parallel()
	page := testkit.Start(t, "[email_and_password]\nenabled = false\n").Client().Get("./login")
	shows(t, page, 200, "Sign in")
	contains(t, page, "Sign in with a passkey", "Passkeys need JavaScript")
	off := testkit.Start(t, "[passkey]\nenabled = false\n").Client()
	if page := off.Get("./login"); strings.Contains(page.Body, "data-passkey") || strings.Contains(page.Body, "webauthn") {
		t.Error("a server without passkeys speaks of them")
	}
	for _, path := range []string{"/login/passkey", "/signup/passkey", "/account/add-passkey", "/account/security/passkeys"} {
		if got := form(off, path, "credential", "{}"); got.Status != 404 {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
}

func TestOfferingAPasskey(t *testing.T) {
	t.Parallel()
	const offer, day = "/account/add-passkey", 24 * time.Hour
	s := testkit.Start(t, "")
	s.SignUp("ada@example.com")
	a := s.Authenticator()
	signIn := func(want string, fields ...string) *testkit.Client {
		t.Helper()
		c := s.Client()
		leads(t, form(c, "/login", append([]string{"email", "ada@example.com", "password", testkit.Password, "able", "1"}, fields...)...), want)
		return c
	}
	signIn("/account", "able", "") // a browser that could keep none
	c := signIn(offer+"?return_to=%2Faccount%2Fapps", "return_to", "/account/apps")
	page := c.Get("." + offer + "?return_to=%2Faccount%2Fapps")
	shows(t, page, 200, "Sign in faster next time")
	contains(t, page, `name="return_to" value="/account/apps"`)
	leads(t, form(c, offer+"/later", "answer", "later", "return_to", "/account/apps"), "/account/apps")
	signIn("/account") // not again
	s.Clock.Advance(13 * day)
	signIn("/account")
	s.Clock.Advance(day)
	c = signIn(offer) // after two weeks

	got := form(c, offer)
	shows(t, got, 422, "Sign in faster next time")
	contains(t, got, "The passkey could not be made")
	answer := said(t, a.Create(c.Get("/passkey/generate-register-options").Is(200, "")))
	leads(t, form(c, offer, "credential", answer), "/account")
	contains(t, c.Get("./account"), "The passkey is added")

	c = signIn(offer) // a second one
	shows(t, c.Get("."+offer), 200, "Add a passkey on this device too")
	leads(t, form(c, offer+"/later", "answer", "never"), "/account")
	s.Clock.Advance(10 * 365 * day)
	signIn("/account")
	leads(t, showsPasskey(t, s.Client(), a, a.Keys[0]), "/account")

	leads(t, s.Client().Get("."+offer), "/login")
	leads(t, form(s.Client(), offer, "credential", answer), "/login")
	leads(t, form(s.Client(), offer+"/later", "answer", "never"), "/login")
}

func TestAPasskeyIsOfferedAfterTheSecondStepToo(t *testing.T) {
	t.Parallel()
	const offer = "/account/add-passkey"
	s := testkit.Start(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	second := func(able, want string) {
		t.Helper()
		s.Clock.Advance(time.Minute) // a code counts once
		c := holds(t, s, "ada@example.com", "able", "1")
		contains(t, c.Get("./two-factor"), "data-able", `<script src="/static/code.`)
		leads(t, form(c, "/two-factor", "method", "app", "code", app.code(), "able", able, "return_to", "/account/apps"), want)
	}
	second("", "/account/apps") // a browser that could keep none
	second("1", offer+"?return_to=%2Faccount%2Fapps")
	second("1", "/account/apps") // not again
	s.Clock.Advance(14 * 24 * time.Hour)
	second("1", offer+"?return_to=%2Faccount%2Fapps")
}

func TestWhoSignsInWithAPasskeyOfAnotherDeviceIsOfferedOneHere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := addPasskey(t, s.SignUp("ada@example.com"), a)
	for _, tc := range []struct{ where, able, want string }{
		{"platform", "1", "/account"},
		{"cross-platform", "", "/account"},
		{"cross-platform", "1", "/account/add-passkey"},
		{"cross-platform", "1", "/account"}, // within two weeks
	} {
		c := s.Client()
		answer := a.Get(c.Get("/passkey/generate-authenticate-options").Is(200, ""), k)
		answer["authenticatorAttachment"] = tc.where
		leads(t, form(c, "/login/passkey", "credential", said(t, answer), "able", tc.able), tc.want)
	}
}

func TestWhoRecoveredAnAccountIsOfferedAPasskeyFirst(t *testing.T) {
	t.Parallel()
	const offer, query = "/account/add-passkey", "?after=recovery&return_to=%2Faccount%2Fsecurity"
	s := testkit.Start(t, "")
	a := s.Authenticator()
	for email, add := range map[string]bool{"ada@example.com": true, "bob@example.com": false} {
		c := s.SignUp(email)
		page := c.Get("." + offer + query)
		shows(t, page, 200, "You are in again")
		contains(t, page, `name="after" value="recovery"`, `name="return_to" value="/account/security"`)
		if strings.Contains(page.Body, "ask again") {
			t.Error("who was locked out may decline for ever")
		}
		fields := []string{"after", "recovery", "return_to", "/account/security"}
		if !add {
			leads(t, form(c, offer+"/later", append(fields, "answer", "later")...), "/account/security")
			contains(t, c.Get("./account/security"), "You are in again. Two-step sign-in is off")
			continue
		}
		failed := form(c, offer, fields...)
		shows(t, failed, 422, "You are in again")
		contains(t, failed, `name="after" value="recovery"`)
		answer := said(t, a.Create(c.Get("/passkey/generate-register-options").Is(200, "")))
		leads(t, form(c, offer, append(fields, "credential", answer)...), "/account/security")
		contains(t, c.Get("./account/security"), "The passkey is added. Two-step sign-in is off")
	}
}

func TestAPasskeyIsProofOfWhoOneIs(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a, eve := s.Authenticator(), s.Authenticator()
	addPasskey(t, s.SignUp("eve@example.com"), eve)
	c := s.Client()
	person := []string{"name", "Ada", "email", "ada@example.com"}
	leads(t, form(c, "/signup/passkey", append(person, "credential", said(t, a.Create(form(c, "/signup/passkey/options", person...))))...), "/account")
	addPasskey(t, c, a)
	id := between(c.Get("./account/security").Body, `name="passkey" value="`, `"`)
	s.Clock.Advance(3 * time.Hour)
	contains(t, c.Get("./account/security"), `<form method="post" action="/account/security/passkeys"><button`)

	asks := form(c, "/account/security/passkeys/delete", "passkey", id)
	shows(t, asks, 403, confirmTitle)
	contains(t, asks, "Confirm with a passkey", `<script src="/static/passkey.`)
	waits := waiting(t, asks)
	ask := func() *testkit.Answer { return c.Get("/passkey/generate-authenticate-options?any=true").Is(200, "") }
	for name, proof := range map[string]string{
		"nothing": "", "no JSON": "{", "somebody else's": said(t, eve.Get(ask(), eve.Keys[0])), "one that was not asked for": said(t, a.Get(ask(), a.Keys[0])),
	} {
		ask() // ends what was asked for before
		if name == "somebody else's" {
			proof = said(t, eve.Get(ask(), eve.Keys[0]))
		}
		shows(t, form(c, "/confirm", "pending", waits, "way", "passkey", "credential", proof), 422, confirmTitle)
	}
	contains(t, c.Get("./account/security"), `value="`+id+`"`)

	proof := []string{"pending", waits, "way", "passkey", "credential", said(t, a.Get(ask(), a.Keys[1]))}
	if on := form(c, "/confirm", proof...); on.Status != 307 {
		t.Fatalf("%d: %s", on.Status, on.Body)
	}
	leads(t, form(c, "/account/security/passkeys/delete", proof...), "/account/security")
	contains(t, c.Get("./account/security"), "The passkey is removed", "Only way in")
}
