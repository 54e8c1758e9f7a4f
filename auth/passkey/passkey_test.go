package passkey_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// register answers a registration that a browser begins.
func register(c *testkit.Client, a *testkit.Authenticator) *testkit.Answer {
	return c.Post("/passkey/verify-registration", map[string]any{"response": a.Create(c.Get("/passkey/generate-register-options").Is(200, ""))})
}

// add gives a person who is signed in a passkey.
func add(t *testing.T, c *testkit.Client, a *testkit.Authenticator) *testkit.SoftKey {
	t.Helper()
	register(c, a).Is(200, "")
	return a.Keys[len(a.Keys)-1]
}

// signIn answers a sign-in that a browser begins.
func signIn(c *testkit.Client, a *testkit.Authenticator, k *testkit.SoftKey) *testkit.Answer {
	options := c.Get("/passkey/generate-authenticate-options").Is(200, "")
	return c.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(options, k)})
}

// keys are the passkeys that a person sees.
func keys(t *testing.T, c *testkit.Client) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(c.Get("/passkey/list-user-passkeys").Is(200, "").Body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAPasskeySignsInByEveryAlgorithmThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann := s.SignUp("ann@example.com")
	for name, alg := range map[string]int{"ES256": testkit.ES256, "EdDSA": testkit.EdDSA, "RS256": testkit.RS256} {
		a, c := s.Authenticator(), s.Client()
		a.Alg = alg
		k := add(t, ann, a)
		got := signIn(c, a, k).Is(200, "")
		if got.Field("user.email") != "ann@example.com" || got.Field("session.token") == "" || got.Field("session.userId") != got.Field("user.id") {
			t.Errorf("%s: signed in as %s", name, got.Body)
		}
		if who := c.Get("/get-session").Field("user.email"); who != "ann@example.com" {
			t.Errorf("%s: the session is of %q", name, who)
		}
		signIn(s.Client(), a, k).Is(200, "") // and again
	}
	if n := len(keys(t, ann)); n != 3 {
		t.Errorf("%d passkeys, want 3", n)
	}
}

var varying = regexp.MustCompile(`"(challenge|id)":"[A-Za-z0-9_-]{43}"`)

func TestTheOptionsAreTheContracts(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey]\nrp_name = \"Example\"")
	c := s.SignUp("ann@example.com")
	for path, want := range map[string]string{
		"/passkey/generate-register-options": `{"challenge":"…","rp":{"name":"Example","id":"127.0.0.1"},"user":{"id":"…","name":"ann@example.com","displayName":"ann@example.com"},` +
			`"pubKeyCredParams":[{"alg":-8,"type":"public-key"},{"alg":-7,"type":"public-key"},{"alg":-257,"type":"public-key"}],"timeout":60000,"attestation":"none","excludeCredentials":[],` +
			`"authenticatorSelection":{"residentKey":"preferred","userVerification":"preferred","requireResidentKey":false},"extensions":{"credProps":true},"hints":[]}`,
		"/passkey/generate-register-options?name=My&authenticatorAttachment=platform": `{"challenge":"…","rp":{"name":"Example","id":"127.0.0.1"},"user":{"id":"…","name":"My","displayName":"ann@example.com"},` +
			`"pubKeyCredParams":[{"alg":-8,"type":"public-key"},{"alg":-7,"type":"public-key"},{"alg":-257,"type":"public-key"}],"timeout":60000,"attestation":"none","excludeCredentials":[],` +
			`"authenticatorSelection":{"residentKey":"preferred","userVerification":"preferred","authenticatorAttachment":"platform","requireResidentKey":false},"extensions":{"credProps":true},"hints":[]}`,
		"/passkey/generate-authenticate-options": `{"rpId":"127.0.0.1","challenge":"…","timeout":60000,"userVerification":"preferred"}`,
	} {
		got := c.Get(path).Is(200, "")
		if shown := varying.ReplaceAllString(got.Body, `"$1":"…"`); shown != want {
			t.Errorf("%s:\n got %s\nwant %s", path, shown, want)
		}
		if ck := got.Cookie("better-auth.better-auth-passkey"); ck == nil || ck.MaxAge != 300 || !ck.HttpOnly || ck.SameSite != 2 || ck.Path != "/" {
			t.Errorf("%s: cookie %v", path, ck)
		}
		if s.FileContains(got.Field("challenge")) {
			t.Errorf("%s: the challenge lies in the database in clear", path)
		}
	}
	c.Get("/passkey/generate-register-options?authenticatorAttachment=foo").Is(400, "VALIDATION_ERROR")
}

func TestTheConfigurationIsInTheOptions(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey.authenticator_selection]\nresident_key = \"required\"\nuser_verification = \"required\"\nauthenticator_attachment = \"cross-platform\"")
	c := s.SignUp("ann@example.com")
	got := c.Get("/passkey/generate-register-options").Is(200, "").Field("authenticatorSelection")
	if want := `{"authenticatorAttachment":"cross-platform","requireResidentKey":true,"residentKey":"required","userVerification":"required"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if uv := c.Get("/passkey/generate-authenticate-options").Field("userVerification"); uv != "required" {
		t.Errorf("userVerification %q", uv)
	}
}

func TestAPasskeyIsShownAsTheContractHasIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.SignUp("ann@example.com"), s.Authenticator()
	a.AAGUID, a.BackupAble, a.BackedUp = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", true, true
	made := c.Post("/passkey/verify-registration", map[string]any{"response": a.Create(c.Get("/passkey/generate-register-options")), "name": "  My key "}).Is(200, "")
	k := a.Keys[0]
	for field, want := range map[string]string{
		"name": "My key", "credentialID": k.CredentialID(), "counter": "0", "deviceType": "multiDevice", "backedUp": "true", "transports": "internal,hybrid",
		"aaguid": "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "userId": c.Get("/get-session").Field("user.id"), "session": "", "user": "",
	} {
		if got := made.Field(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if list := c.Get("/passkey/list-user-passkeys").Is(200, ""); list.Body != "["+made.Body+"]" {
		t.Errorf("listed as %s, made as %s", list.Body, made.Body)
	}
	if decoded := string(k.PublicKey(t)); decoded == "" || made.Field("publicKey") == "" {
		t.Error("no public key")
	}
}

func TestAFurtherPasskeyBelongsToTheSameAccountOfTheAuthenticator(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.SignUp("ann@example.com"), s.Authenticator()
	first := add(t, c, a)
	options := c.Get("/passkey/generate-register-options").Is(200, "")
	if got, want := options.Field("excludeCredentials"), `[{"id":"`+first.CredentialID()+`","transports":["internal","hybrid"],"type":"public-key"}]`; got != want {
		t.Errorf("excluded %s, want %s", got, want)
	}
	a.Create(options)
	if string(a.Keys[1].Handle) != string(first.Handle) {
		t.Error("another user handle")
	}
	if id := c.Get("/get-session").Field("user.id"); string(first.Handle) == id {
		t.Error("the user handle is the user's id")
	}
	other := s.SignUp("bob@example.com").Get("/passkey/generate-register-options").Is(200, "")
	if other.Field("user.id") == options.Field("user.id") {
		t.Error("two people share a user handle")
	}
}

func TestOnlyAFreshSessionMakesAPasskey(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.SignUp("ann@example.com"), s.Authenticator()
	s.Client().Get("/passkey/generate-register-options").Is(401, "UNAUTHORIZED")
	s.Client().Post("/passkey/verify-registration", map[string]any{"response": map[string]any{}}).Is(401, "UNAUTHORIZED")
	s.Client().Get("/passkey/list-user-passkeys").Is(401, "UNAUTHORIZED")
	s.Client().Get("/passkey/signals").Is(401, "UNAUTHORIZED")
	s.Clock.Advance(25 * time.Hour)
	c.Get("/passkey/generate-register-options").Is(403, "SESSION_NOT_FRESH")
	c.Post("/passkey/verify-registration", map[string]any{"response": map[string]any{}}).Is(403, "SESSION_NOT_FRESH")
	if n := len(keys(t, c)); n != 0 || len(a.Keys) != 0 {
		t.Errorf("%d passkeys", n)
	}
}

func TestOffThereIsNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey]\nenabled = false")
	c := s.SignUp("ann@example.com")
	for _, path := range []string{
		"/passkey/generate-register-options", "/passkey/generate-authenticate-options", "/passkey/list-user-passkeys", "/passkey/signals", "./.well-known/passkey-endpoints",
	} {
		c.Get(path).Is(404, "")
	}
}
