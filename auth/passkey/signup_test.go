package passkey_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const open = "[passkey.registration]\nrequire_session = false\n"

// person is what an app says of somebody who wants an account.
func person(email string) map[string]any { return map[string]any{"name": "Ann", "email": email} }

// enter signs somebody up with a passkey, and in.
func enter(c *testkit.Client, a *testkit.Authenticator, who map[string]any) *testkit.Answer {
	options := begin(c, who)
	if options.Status != 200 {
		return options
	}
	return c.Post("/passkey/verify-registration", map[string]any{"response": a.Create(options), "createSession": true})
}

func begin(c *testkit.Client, who map[string]any) *testkit.Answer {
	b, err := json.Marshal(who)
	if err != nil {
		panic(err)
	}
	return c.Get("/passkey/generate-register-options?context=" + url.QueryEscape(string(b)))
}

func TestAPersonSignsUpWithAPasskeyAlone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open)
	c, a := s.Client(), s.Authenticator()
	options := begin(c, person("Ann@example.com")).Is(200, "")
	if options.Field("user.name") != "ann@example.com" || options.Field("authenticatorSelection.residentKey") != "required" {
		t.Errorf("options %s", options.Body)
	}
	got := enter(c, a, person("Ann@example.com")).Is(200, "")
	if got.Field("user.email") != "ann@example.com" || got.Field("user.name") != "Ann" || got.Field("session.userId") != got.Field("userId") {
		t.Errorf("made %s", got.Body)
	}
	if who := c.Get("/get-session").Field("user.email"); who != "ann@example.com" {
		t.Errorf("the session is of %q", who)
	}
	if who := signIn(s.Client(), a, a.Keys[0]).Is(200, "").Field("user.email"); who != "ann@example.com" {
		t.Errorf("signed in as %q", who)
	}
	s.Client().Post("/sign-in/email", map[string]any{"email": "ann@example.com", "password": testkit.Password}).Is(401, "")
}

func TestASignUpMakesNoKeyToSomebodyElsesAccount(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open)
	ann := s.SignUp("ann@example.com")
	c, a := s.Client(), s.Authenticator()
	enter(c, a, person("ann@example.com")).Is(422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
	if n := len(keys(t, ann)); n != 0 || c.HoldsSession() {
		t.Errorf("%d passkeys", n)
	}
	signIn(s.Client(), a, a.Keys[0]).Is(401, "PASSKEY_NOT_FOUND")
	// Nor does a registration that began without a session end with one.
	options := begin(c, person("bob@example.com")).Is(200, "")
	ann.Cookies["better-auth.better-auth-passkey"] = c.Cookies["better-auth.better-auth-passkey"]
	ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(options)}).Is(401, "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY")
}

func TestWhereAddressesAreProvenAKnownOneIsNotTold(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open+"[email_and_password]\nrequire_email_verification = true\n")
	s.SignUp("ann@example.com")
	known, unknown := s.Client(), s.Client()
	a := s.Authenticator()
	old := enter(known, a, person("ann@example.com")).Is(200, "")
	fresh := enter(unknown, a, person("bob@example.com")).Is(200, "")
	if known.HoldsSession() || unknown.HoldsSession() {
		t.Error("signed in before the address was proven")
	}
	o, f := shape(t, old), shape(t, fresh)
	if o != f {
		t.Errorf("a known address answers %s, a new one %s", o, f)
	}
	if n := len(s.Mails("existing-user-sign-up")); n != 1 {
		t.Errorf("%d mails to the owner", n)
	}
	if n := len(s.Mails("verify-email")); n != 2 { // Ann's own, and Bob's
		t.Errorf("%d verification mails", n)
	}
	signIn(s.Client(), a, a.Keys[0]).Is(401, "PASSKEY_NOT_FOUND")
	signIn(s.Client(), a, a.Keys[1]).Is(403, "EMAIL_NOT_VERIFIED")
}

// shape is the names and kinds of an answer's fields.
func shape(t *testing.T, a *testkit.Answer) string {
	t.Helper()
	var parts []string
	for _, pair := range strings.Split(strings.Trim(a.Body, "{}"), ",\"") {
		name, value, _ := strings.Cut(pair, ":")
		parts = append(parts, strings.Trim(name, `"`)+":"+value[:1])
	}
	return strings.Join(parts, " ")
}

func TestAPersonWhoCannotBeOneIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open+"[sign_up]\nblocked_domains = ['spam.example']\n")
	c := s.Client()
	c.Get("/passkey/generate-register-options").Is(400, "RESOLVE_USER_REQUIRED")
	for name, context := range map[string]string{
		"no JSON": "ann", "a list": "[]", "no address": `{"name":"Ann"}`, "no name": `{"email":"ann@example.com"}`, "no good address": `{"name":"Ann","email":"ann"}`,
		"a name too long": `{"email":"ann@example.com","name":"` + strings.Repeat("a", 3000) + `"}`, "somewhere else afterwards": `{"name":"Ann","email":"ann@example.com","callbackURL":"https://evil.example"}`,
	} {
		got := c.Get("/passkey/generate-register-options?context=" + url.QueryEscape(context))
		if got.Status != 400 || got.Field("code") != "RESOLVED_USER_INVALID" || got.Cookie("better-auth.better-auth-passkey") != nil {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	begin(c, person("ann@spam.example")).Is(403, "EMAIL_DOMAIN_NOT_ALLOWED")
}

func TestWhereSignUpIsClosedAPasskeyOpensNoAccount(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open+"[sign_up]\nmode = 'nobody'\n")
	begin(s.Client(), person("ann@example.com")).Is(400, "PASSKEY_SIGN_UP_DISABLED")
	begin(testkit.Start(t, "").Client(), person("ann@example.com")).Is(401, "UNAUTHORIZED")
}

func TestWithoutASessionRequiredWhoHasOneAddsToTheirs(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open)
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	add(t, ann, a)
	got := ann.Post("/passkey/verify-registration", map[string]any{"response": a.Create(begin(ann, person("bob@example.com")).Is(200, "")), "createSession": true}).Is(200, "")
	if got.Field("user.email") != "ann@example.com" {
		t.Errorf("made %s", got.Body)
	}
	if n := len(keys(t, ann)); n != 2 {
		t.Errorf("%d passkeys", n)
	}
	s.Clock.Advance(25 * time.Hour)
	ann.Get("/passkey/generate-register-options").Is(403, "SESSION_NOT_FRESH")
}

func TestAnAppSaysNothingOfFieldsThatAreNotChecked(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open+"[username]\nenabled = true\n[phone_number]\nenabled = true\n")
	c, who := s.Client(), person("ann@example.com")
	who["fields"] = map[string]any{"phoneNumberVerified": "true", "phoneNumber": `"+15550001111"`, "username": `"admin"`}
	enter(c, s.Authenticator(), who).Is(200, "")
	if a := c.Get("/get-session"); a.Field("user.username") != "" || a.Field("user.phoneNumber") != "" || a.Field("user.phoneNumberVerified") == "true" {
		t.Fatal(a.Body)
	}
}
