package access_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"authd/auth/access"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func signUp(s *testkit.Server, email, invitation string) *testkit.Answer {
	body := map[string]any{"email": email, "password": testkit.Password, "name": "A"}
	if invitation != "" {
		body["invitation"] = invitation
	}
	return s.Client().Post("/sign-up/email", body)
}

// enter signs up by no method in particular, which spares the hash of a password.
func enter(t *testing.T, s *testkit.Server, email, invitation string) error {
	t.Helper()
	in := &core.SignUp{Name: "A", Email: email, Method: "test", Requested: true, Invitation: invitation}
	if err := s.Core.CheckSignUp(t.Context(), in); err != nil {
		return err
	}
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.SignUp(t.Context(), tx, in)
		return err
	})
	s.Core.Mail.Sent(t.Context(), in.Mails...)
	return err
}

// entered fails the test unless that made a user.
func entered(t *testing.T, s *testkit.Server, email, invitation string) *core.User {
	t.Helper()
	if err := enter(t, s, email, invitation); err != nil {
		t.Fatal(err)
	}
	return user(t, s, email)
}

func signIn(s *testkit.Server, email string) *testkit.Answer {
	return s.Client().Post("/sign-in/email", map[string]any{"email": email, "password": testkit.Password})
}

func user(t *testing.T, s *testkit.Server, email string) *core.User {
	t.Helper()
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func nobody(t *testing.T, s *testkit.Server, email string) {
	t.Helper()
	if _, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("there is a user %s, or %v", email, err)
	}
}

// answer keeps what is said at set-up.
func answer(t *testing.T, s *testkit.Server, mode string) {
	t.Helper()
	if err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error { return s.Access.SaveAnswer(t.Context(), tx, mode) }); err != nil {
		t.Fatal(err)
	}
}

func TestSetUpAsksWhoMaySignUp(t *testing.T) {
	s := testkit.Start(t, "")
	link, err := s.Setup.Link(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := link[strings.Index(link, "=")+1:]
	form := url.Values{"token": {token}, "name": {"Root"}, "email": {"root@example.com"}, "password": {testkit.Password}, "sign_up": {"approval"}}
	page := s.Client().Get("./setup?token="+token).Is(200, "").Body
	for _, mode := range []string{"invited", "approval", "anyone"} {
		if !strings.Contains(page, `name="sign_up" value="`+mode+`"`) {
			t.Errorf("%s is not asked:\n%s", mode, page)
		}
	}
	s.Client().Form("./setup", form).Is(303, "")
	if mode, _, err := s.Access.Mode(t.Context()); mode != access.Approval || err != nil {
		t.Fatalf("%s, %v", mode, err)
	}
}

func TestWhoMaySignUp(t *testing.T) {
	for toml, want := range map[string]string{
		"": "anyone may sign up (until set-up says otherwise)",
		"[email_and_password]\ndisable_sign_up = true\n":                           "only invited people may sign up (set by email_and_password.disable_sign_up)",
		"[email_and_password]\ndisable_sign_up = false\n":                          "anyone may sign up (set by email_and_password.disable_sign_up)",
		"[sign_up]\nmode = 'approval'\n":                                           "anyone may ask for an account, and an administrator lets them in (set by sign_up.mode)",
		"[sign_up]\nmode = 'nobody'\nblocked_domains = ['a.example']\n":            "nobody may sign up (set by sign_up.mode)",
		"[sign_up]\nmode = 'anyone'\n[email_and_password]\ndisable_sign_up = true": "anyone may sign up (set by sign_up.mode)",
		"[sign_up]\nmode = 'invited'\nallowed_domains = ['a.example']\n":           "only invited people may sign up (set by sign_up.mode), held to the e-mail domains of sign_up",
		"[email_and_password]\nenabled = false\n":                                  "anyone may sign up (until set-up says otherwise); nobody with a password (email_and_password.enabled is false)",
	} {
		s := testkit.Start(t, toml)
		if got, err := s.Access.WhoMaySignUp(t.Context()); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

func TestTheAnswerGivenAtSetUpCounts(t *testing.T) {
	for said, want := range map[string]string{
		"anyone": access.Anyone, "invited": access.Invited, "approval": access.Approval, "": access.Invited, "nonsense": access.Invited,
	} {
		t.Run("said "+said, func(t *testing.T) {
			s := testkit.Start(t, "")
			answer(t, s, said)
			if mode, why, err := s.Access.Mode(t.Context()); mode != want || why != "as answered at set-up" || err != nil {
				t.Fatalf("%s (%s), %v", mode, why, err)
			}
		})
	}
}

func TestTheConfigurationWinsOverTheAnswer(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nmode = 'nobody'\n")
	answer(t, s, "anyone")
	if mode, _, err := s.Access.Mode(t.Context()); mode != access.Nobody || err != nil {
		t.Fatalf("%s, %v", mode, err)
	}
	signUp(s, "a@example.com", "").Is(400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
	nobody(t, s, "a@example.com")
}

// What is refused is refused for a known and for an unknown address in the same
// bytes, and the owner of a known one hears nothing of it.
func TestARefusalTellsNothingOfTheAddress(t *testing.T) {
	for name, c := range map[string]struct {
		toml, invitation string
		status           int
		code             string
	}{
		"only invited people":                   {"[sign_up]\nmode = 'invited'\n", "", 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"},
		"an invitation that nobody made":        {"[sign_up]\nmode = 'invited'\n", "nonsense", 403, "INVITATION_INVALID"},
		"nobody":                                {"[sign_up]\nmode = 'nobody'\n", "", 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"},
		"nobody, with an invitation":            {"[sign_up]\nmode = 'nobody'\n", "nonsense", 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"},
		"no passwords":                          {"[email_and_password]\ndisable_sign_up = true\n[sign_up]\nmode = 'anyone'\n", "", 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"},
		"no passwords, with a made-up link":     {"[email_and_password]\ndisable_sign_up = true\n[sign_up]\nmode = 'anyone'\n", "nonsense", 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"},
		"a blocked domain":                      {"[sign_up]\nblocked_domains = ['example.com']\n", "", 403, "EMAIL_DOMAIN_NOT_ALLOWED"},
		"a domain that is not among those":      {"[sign_up]\nallowed_domains = ['other.example']\n", "", 403, "EMAIL_DOMAIN_NOT_ALLOWED"},
		"a domain in the mode of approval":      {"[sign_up]\nmode = 'approval'\nblocked_domains = ['example.com']\n", "", 403, "EMAIL_DOMAIN_NOT_ALLOWED"},
		"a domain where addresses are to prove": {"[email_and_password]\nrequire_email_verification = true\n[sign_up]\nblocked_domains = ['example.com']\n", "", 403, "EMAIL_DOMAIN_NOT_ALLOWED"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
				_, err := s.Core.CreateUser(t.Context(), tx, core.NewUser{Name: "Known", Email: "known@example.com", EmailVerified: true})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			known := signUp(s, "known@example.com", c.invitation).Is(c.status, c.code)
			unknown := signUp(s, "unknown@example.com", c.invitation).Is(c.status, c.code)
			if known.Body != unknown.Body || len(known.Cookies)+len(unknown.Cookies) != 0 {
				t.Fatalf("%s\n%s", known.Body, unknown.Body)
			}
			nobody(t, s, "unknown@example.com")
			if len(s.Mails("existing-user-sign-up")) != 0 {
				t.Fatal("a mail was sent")
			}
		})
	}
}

func TestDomains(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nallowed_domains = ['Example.com', '*.example.org', 'bücher.example']\nblocked_domains = ['spam.example.org', '*.bad.example.org']\n")
	for email, welcome := range map[string]bool{
		"a@example.com":                true,
		"a@EXAMPLE.com":                true,
		"a@sub.example.com":            false, // exact
		"a@notexample.com":             false,
		"a@example.com.evil.net":       false,
		"a@example.org":                false, // only what is below it
		"a@sub.example.org":            true,
		"a@deep.sub.example.org":       true,
		"a@evilexample.org":            false,
		"a@spam.example.org":           false, // what is blocked stays so
		"a@x.bad.example.org":          false,
		"a@bad.example.org":            true,
		"a@xn--bcher-kva.example":      true, // bücher.example as browsers and mail servers write it
		"a@xn--bcher-kva.xn--example-": false,
	} {
		t.Run(email, func(t *testing.T) {
			in := &core.SignUp{Name: "A", Email: email, Method: "some-provider", Requested: true}
			err := s.Core.CheckSignUp(t.Context(), in)
			if welcome && err != nil || !welcome && !errors.Is(err, access.ErrDomain) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// What a provider says of an address need not look like one.
func TestADomainIsComparedInItsOneForm(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nallowed_domains = ['xn--bcher-kva.example', 'example.com']\n")
	for email, welcome := range map[string]bool{
		"a@bücher.example": true, "a@BÜCHER.example": true, "a@bu\u0308cher.example": true, "a@ｅｘａｍｐｌｅ.com": true,
		"a@example.com.": true, "\"a@evil.net\"@example.com": true,
		"a@exa\u200bmple.org": false, "a@": false, "example.org": false, "a@example.com@evil.net": false, "": false,
	} {
		t.Run(email, func(t *testing.T) {
			err := s.Core.CheckSignUp(t.Context(), &core.SignUp{Email: email, Requested: true})
			if welcome && err != nil || !welcome && !errors.Is(err, access.ErrDomain) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestAnAccountIsMadeOnlyForWhoAskedForOne(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\ndisable_implicit_sign_up = true\n")
	check := func(requested bool) error {
		return s.Core.CheckSignUp(t.Context(), &core.SignUp{Email: "a@example.com", Method: "some-provider", Requested: requested})
	}
	if err := check(false); !errors.Is(err, core.ErrSignUpRefused) {
		t.Fatalf("a mere sign-in: %v", err)
	}
	if err := check(true); err != nil {
		t.Fatalf("a request: %v", err)
	}
	entered(t, s, "b@example.com", "")
}
