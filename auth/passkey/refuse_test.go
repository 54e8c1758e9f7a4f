package passkey_test

import (
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// wrongs are answers that no ceremony accepts.
var wrongs = map[string]func(a *testkit.Authenticator){
	"another challenge":           func(a *testkit.Authenticator) { a.Challenge = "b3RoZXIgY2hhbGxlbmdlIG90aGVyIGNoYWxsZW5nZSE" },
	"no challenge":                func(a *testkit.Authenticator) { a.Challenge = "=" },
	"another origin":              func(a *testkit.Authenticator) { a.Origin = "https://evil.example" },
	"an origin below ours":        func(a *testkit.Authenticator) { a.Origin = "http://a.127.0.0.1" },
	"no origin":                   func(a *testkit.Authenticator) { a.Origin = "" },
	"another RP id":               func(a *testkit.Authenticator) { a.RPID = "evil.example" },
	"another ceremony":            func(a *testkit.Authenticator) { a.Type = "payment.get" },
	"nobody was there":            func(a *testkit.Authenticator) { a.Present = false },
	"in a frame of another site":  func(a *testkit.Authenticator) { a.CrossOrigin = true },
	"backed up, though it cannot": func(a *testkit.Authenticator) { a.BackedUp = true },
}

func TestARegistrationThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ann@example.com")
	cases := map[string]func(a *testkit.Authenticator){
		"an algorithm that was not asked for": func(a *testkit.Authenticator) { a.Alg = testkit.ES384 },
	}
	for name, wrong := range wrongs {
		cases[name] = wrong
	}
	for name, wrong := range cases {
		a := s.Authenticator()
		wrong(a)
		options := c.Get("/passkey/generate-register-options").Is(200, "")
		got := c.Post("/passkey/verify-registration", map[string]any{"response": a.Create(options)})
		if got.Status != 400 || got.Field("code") != "FAILED_TO_VERIFY_REGISTRATION" {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
		// One try: the right answer comes too late.
		c.Post("/passkey/verify-registration", map[string]any{"response": s.Authenticator().Create(options)}).Is(400, "CHALLENGE_NOT_FOUND")
	}
	if list := keys(t, c); len(list) != 0 {
		t.Errorf("kept %v", list)
	}
}

func TestARegistrationThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ann@example.com")
	for name, spoil := range map[string]func(response map[string]any) any{
		"null":                func(map[string]any) any { return nil },
		"a text":              func(map[string]any) any { return "x" },
		"an empty object":     func(map[string]any) any { return map[string]any{} },
		"malformed CBOR":      func(r map[string]any) any { inner(r)["attestationObject"] = "o2NmbXQ"; return r },
		"CBOR of nothing":     func(r map[string]any) any { inner(r)["attestationObject"] = "oA"; return r },
		"no base64":           func(r map[string]any) any { inner(r)["attestationObject"] = "%%%"; return r },
		"client data no JSON": func(r map[string]any) any { inner(r)["clientDataJSON"] = "e30x"; return r },
		"another id":          func(r map[string]any) any { r["id"], r["rawId"] = "AAAA", "AAAA"; return r },
		"another type":        func(r map[string]any) any { r["type"] = "password"; return r },
		"numbers for texts":   func(r map[string]any) any { r["id"] = 7; return r },
	} {
		a := s.Authenticator()
		options := c.Get("/passkey/generate-register-options").Is(200, "")
		got := c.Post("/passkey/verify-registration", map[string]any{"response": spoil(a.Create(options))})
		if got.Status != 400 || got.Field("code") != "FAILED_TO_VERIFY_REGISTRATION" {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	c.Post("/passkey/verify-registration", map[string]any{}).Is(400, "VALIDATION_ERROR")
	if list := keys(t, c); len(list) != 0 {
		t.Errorf("kept %v", list)
	}
}

func inner(response map[string]any) map[string]any { return response["response"].(map[string]any) }

func TestACeremonyBelongsToTheBrowserThatBeganIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, bob, a := s.SignUp("ann@example.com"), s.SignUp("bob@example.com"), s.Authenticator()
	const cookie = "better-auth.better-auth-passkey"
	body := map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options").Is(200, ""))}

	bob.Post("/passkey/verify-registration", body).Is(400, "CHALLENGE_NOT_FOUND")
	forged := ann.Cookies[cookie]
	bob.Cookies[cookie] = forged[:32] + ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"
	bob.Post("/passkey/verify-registration", body).Is(400, "CHALLENGE_NOT_FOUND")
	ann.Post("/passkey/verify-authentication", body).Is(400, "CHALLENGE_NOT_FOUND") // it is for another purpose
	s.Client().Post("/passkey/verify-authentication", body).Is(400, "CHALLENGE_NOT_FOUND")
	// None of these was a try of Ann's.
	ann.Post("/passkey/verify-registration", body).Is(200, "")
	ann.Post("/passkey/verify-registration", body).Is(400, "CHALLENGE_NOT_FOUND")

	body = map[string]any{"response": a.Create(ann.Get("/passkey/generate-register-options").Is(200, ""))}
	bob.Cookies[cookie] = ann.Cookies[cookie]
	bob.Post("/passkey/verify-registration", body).Is(401, "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY")
	if n := len(keys(t, bob)); n != 0 {
		t.Errorf("Bob has %d passkeys", n)
	}
}

func TestACredentialHasOneOwner(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, bob, a := s.SignUp("ann@example.com"), s.SignUp("bob@example.com"), s.Authenticator()
	k := add(t, ann, a)
	thief := s.Authenticator()
	thief.FixedID = k.ID
	register(bob, thief).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
	register(ann, thief).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
	if n := len(keys(t, bob)); n != 0 {
		t.Errorf("Bob has %d passkeys", n)
	}
	if who := signIn(s.Client(), a, k).Is(200, "").Field("user.email"); who != "ann@example.com" {
		t.Errorf("signed in as %q", who)
	}
}

func TestASignInThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := add(t, s.SignUp("ann@example.com"), a)
	cases := map[string]func(a *testkit.Authenticator){
		"the handle of somebody else":  func(*testkit.Authenticator) { k.Handle = []byte("somebody else") },
		"a key that now may be copied": func(a *testkit.Authenticator) { a.BackupAble = true },
	}
	for name, wrong := range wrongs {
		cases[name] = wrong
	}
	handle := k.Handle
	for name, wrong := range cases {
		c, bad := s.Client(), *a
		wrong(&bad)
		options := c.Get("/passkey/generate-authenticate-options").Is(200, "")
		got := c.Post("/passkey/verify-authentication", map[string]any{"response": bad.Get(options, k)})
		k.Handle = handle
		if got.Status != 400 || got.Field("code") != "AUTHENTICATION_FAILED" || c.HoldsSession() {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
		// One try: the right answer comes too late.
		c.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(options, k)}).Is(400, "CHALLENGE_NOT_FOUND")
	}
	signIn(s.Client(), a, k).Is(200, "")
}

func TestASignInThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := add(t, s.SignUp("ann@example.com"), a)
	for name, c := range map[string]struct {
		status int
		code   string
		spoil  func(r map[string]any)
	}{
		"a key that nobody knows":  {401, "PASSKEY_NOT_FOUND", func(r map[string]any) { r["id"], r["rawId"] = "AAAA", "AAAA" }},
		"no id":                    {401, "PASSKEY_NOT_FOUND", func(r map[string]any) { delete(r, "id") }},
		"another signature":        {401, "AUTHENTICATION_FAILED", func(r map[string]any) { inner(r)["signature"] = "MAYCAQECAQE" }},
		"no signature":             {401, "AUTHENTICATION_FAILED", func(r map[string]any) { delete(inner(r), "signature") }},
		"another rawId":            {400, "AUTHENTICATION_FAILED", func(r map[string]any) { r["rawId"] = "AAAA" }},
		"no authenticator data":    {400, "AUTHENTICATION_FAILED", func(r map[string]any) { inner(r)["authenticatorData"] = "" }},
		"client data no JSON":      {400, "AUTHENTICATION_FAILED", func(r map[string]any) { inner(r)["clientDataJSON"] = "e30x" }},
		"no response":              {400, "AUTHENTICATION_FAILED", func(r map[string]any) { r["response"] = nil }},
		"a list for the signature": {400, "AUTHENTICATION_FAILED", func(r map[string]any) { inner(r)["signature"] = []int{1} }},
	} {
		browser := s.Client()
		response := a.Get(browser.Get("/passkey/generate-authenticate-options").Is(200, ""), k)
		c.spoil(response)
		got := browser.Post("/passkey/verify-authentication", map[string]any{"response": response})
		if got.Status != c.status || got.Field("code") != c.code || browser.HoldsSession() {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	s.Client().Post("/passkey/verify-authentication", map[string]any{"response": "x"}).Is(400, "VALIDATION_ERROR")
	signIn(s.Client(), a, k).Is(200, "")
}

func TestAChallengeSignsInOnceAndForFiveMinutes(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := add(t, s.SignUp("ann@example.com"), a)
	c := s.Client()
	body := map[string]any{"response": a.Get(c.Get("/passkey/generate-authenticate-options"), k)}
	c.Post("/passkey/verify-authentication", body).Is(200, "")
	c.Post("/passkey/verify-authentication", body).Is(400, "CHALLENGE_NOT_FOUND")
	late := s.Client()
	body = map[string]any{"response": a.Get(late.Get("/passkey/generate-authenticate-options"), k)}
	s.Clock.Advance(5*time.Minute + time.Millisecond)
	late.Post("/passkey/verify-authentication", body).Is(400, "CHALLENGE_NOT_FOUND")
	if late.HoldsSession() {
		t.Error("signed in")
	}
}

func TestACounterThatGoesBackRefusesAndMarks(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	k := add(t, ann, a)
	clone := *k
	signIn(s.Client(), a, k).Is(200, "")
	signIn(s.Client(), a, k).Is(200, "")
	thief := s.Client()
	signIn(thief, a, &clone).Is(400, "AUTHENTICATION_FAILED")
	if thief.HoldsSession() {
		t.Error("the copy signed in")
	}
	list, err := s.Services.Passkeys.Passkeys(t.Context(), ann.Get("/get-session").Field("user.id"))
	if err != nil || len(list) != 1 || list[0].CopiedAt == nil || list[0].Counter != 2 {
		t.Errorf("kept %+v, %v", list, err)
	}
	signIn(s.Client(), a, k).Is(200, "") // the owner is not locked out
}

func TestAnAuthenticatorWithoutACounterSignsInAgain(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	a.Counts = false
	k := add(t, s.SignUp("ann@example.com"), a)
	signIn(s.Client(), a, k).Is(200, "")
	signIn(s.Client(), a, k).Is(200, "")
}

func TestWhetherAKeyIsBackedUpIsKept(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	a.BackupAble = true
	k := add(t, ann, a)
	for _, backedUp := range []bool{true, false} {
		a.BackedUp = backedUp
		signIn(s.Client(), a, k).Is(200, "")
		if got := keys(t, ann)[0]["backedUp"]; got != backedUp {
			t.Errorf("backed up: %v, want %v", got, backedUp)
		}
	}
}

func TestWhereVerificationIsRequiredAKeyWithoutItIsRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey.authenticator_selection]\nuser_verification = \"required\"")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	a.Verified = false
	register(ann, a).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
	a.Verified = true
	k := add(t, ann, a)
	a.Verified = false
	signIn(s.Client(), a, k).Is(400, "AUTHENTICATION_FAILED")
	a.Verified = true
	signIn(s.Client(), a, k).Is(200, "")
}

func TestASignInThatAsksForOnesOwnKeysTakesNoOther(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, bob, a := s.SignUp("ann@example.com"), s.SignUp("bob@example.com"), s.Authenticator()
	k, other := add(t, ann, a), add(t, bob, a)
	options := ann.Get("/passkey/generate-authenticate-options").Is(200, "")
	if got, want := options.Field("allowCredentials"), `[{"id":"`+k.CredentialID()+`","transports":["internal","hybrid"],"type":"public-key"}]`; got != want {
		t.Errorf("allowed %s, want %s", got, want)
	}
	ann.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(options, other)}).Is(400, "AUTHENTICATION_FAILED")
	if who := ann.Get("/get-session").Field("user.email"); who != "ann@example.com" {
		t.Errorf("signed in as %q", who)
	}
	options = ann.Get("/passkey/generate-authenticate-options?any=true").Is(200, "")
	if options.Field("allowCredentials") != "" {
		t.Error("asks for one's own only")
	}
	ann.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(options, other)}).Is(200, "")
	if who := ann.Get("/get-session").Field("user.email"); who != "bob@example.com" {
		t.Errorf("signed in as %q", who)
	}
}
