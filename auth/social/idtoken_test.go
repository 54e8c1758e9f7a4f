package social_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

// token is an ID token of Google's for our client, with claims changed.
func (w *world) token(change body) string {
	w.t.Helper()
	now := w.Clock.Now(w.t.Context()).Unix()
	claims := body{
		"iss": "https://accounts.google.com", "aud": "client", "sub": "7", "email": "Ada@Example.com", "email_verified": true,
		"name": "Ada King", "iat": now, "exp": now + 3600, "nonce": "n",
	}
	for name, value := range change {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return w.idp.IDToken(claims)
}

func TestAnIDTokenSignsInWithoutARedirect(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	a := c.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": w.token(nil), "nonce": "n", "accessToken": "an-access-token"}}).Is(200, "")
	if a.Field("redirect") != "false" || a.Field("token") == "" || a.Field("user.email") != "ada@example.com" || a.Field("url") != "" {
		t.Errorf("got %s", a.Body)
	}
	if got := c.Get("/get-session").Field("user.id"); got != a.Field("user.id") {
		t.Errorf("the session is of %s", got)
	}
	if w.FileContains("an-access-token") {
		t.Error("the token lies in the database in clear")
	}
}

func TestAnIDTokenThatDoesNotCountSignsNobodyIn(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	now := w.Clock.Now(t.Context()).Unix()
	for rule, c := range map[string]struct {
		change body
		nonce  string
		code   string
	}{
		"for another client":     {body{"aud": "another"}, "n", "INVALID_TOKEN"},
		"of another issuer":      {body{"iss": "https://evil.example"}, "n", "INVALID_TOKEN"},
		"expired":                {body{"exp": now - 3600, "iat": now - 7200}, "n", "INVALID_TOKEN"},
		"with another nonce":     {body{}, "other", "INVALID_TOKEN"},
		"without the nonce":      {body{"nonce": nil}, "n", "INVALID_TOKEN"},
		"without an address":     {body{"email": nil}, "n", "USER_EMAIL_NOT_FOUND"},
		"without saying of whom": {body{"sub": nil}, "n", "INVALID_TOKEN"},
	} {
		t.Run(rule, func(t *testing.T) {
			browser := w.Client()
			browser.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": w.token(c.change), "nonce": c.nonce}}).Is(401, c.code)
			nobody(t, browser)
		})
	}
	if n := w.users(); n != 0 {
		t.Errorf("%d users were made", n)
	}
}

func TestASignedQueryIsCheckedBeforeAnIDTokenSignsIn(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	a := c.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": w.token(nil), "nonce": "n"}, "oauth_query": "client_id=x&sig=y"})
	if a.Status != 400 || a.Field("error") != "invalid_signature" {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	nobody(t, c)
	if n := w.users(); n != 0 {
		t.Errorf("%d users were made", n)
	}
}

func TestOneTap(t *testing.T) {
	t.Parallel()
	w := start(t, "[one_tap]\nenabled = true\n"+providers)
	c := w.Client()
	a := c.Post("/one-tap/callback", body{"idToken": w.token(nil), "callbackURL": "/dash"}).Is(200, "")
	if a.Field("token") == "" || a.Field("user.email") != "ada@example.com" {
		t.Errorf("got %s", a.Body)
	}
	other := w.Client()
	for rule, token := range map[string]string{"no token": "bad", "for another client": w.token(body{"aud": "another"})} {
		if a := other.Post("/one-tap/callback", body{"idToken": token}); a.Status != 400 || a.Field("message") != "invalid id token" || a.Field("code") != "" {
			t.Errorf("%s: got %d %s", rule, a.Status, a.Body)
		}
	}
	if a := other.Post("/one-tap/callback", body{"idToken": w.token(body{"email": nil})}); a.Status != 400 || a.Field("message") != "Email not available in token" {
		t.Errorf("without an address: got %d %s", a.Status, a.Body)
	}
	nobody(t, other)
	foreign := w.Client()
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Post("/one-tap/callback", body{"idToken": w.token(nil)}).Is(403, "INVALID_ORIGIN")
}

func TestWhatIsOffHasNoEndpoints(t *testing.T) {
	t.Parallel()
	bare, w := testkit.Start(t, ""), start(t, providers)
	for _, path := range []string{"/sign-in/social", "/link-social", "/one-tap/callback", "/pat-signin", "/callback/google"} {
		if a := bare.Client().Post(path, body{}); a.Status != 404 {
			t.Errorf("%s: got %d %s without a provider", path, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/one-tap/callback", "/pat-signin"} {
		if a := w.Client().Post(path, body{}); a.Status != 404 {
			t.Errorf("%s: got %d %s though it is off", path, a.Status, a.Body)
		}
	}
	if a := bare.Client().Form("./login/google", nil); a.Status != 404 {
		t.Errorf("./login/google: got %d without a provider", a.Status)
	}
}
