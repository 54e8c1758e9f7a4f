package magiclink_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const on = "[magic_link]\nenabled = true\n"

func ask(s *testkit.Server, email string) *testkit.Answer {
	return s.Client().Post("/sign-in/magic-link", map[string]any{"email": email, "name": "Ada", "callbackURL": "/in", "newUserCallbackURL": "/new", "errorCallbackURL": "/bad?x=1"}).Is(200, "")
}

func follow(c *testkit.Client, token string) *testkit.Answer {
	return c.Get("/magic-link/verify?token=" + token + "&callbackURL=%2Fin&newUserCallbackURL=%2Fnew&errorCallbackURL=" + url.QueryEscape("/bad?x=1"))
}

func user(t *testing.T, s *testkit.Server, email string) *core.User {
	t.Helper()
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOffIsNotThere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	s.Client().Post("/sign-in/magic-link", map[string]any{"email": "a@example.com"}).Is(404, "")
	s.Client().Get("/magic-link/verify?token=x").Is(404, "")
	s.Client().Get("./magic-link?token=x").Is(404, "")
}

func TestALinkMakesAnAccountAndThenSignsIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	if got := ask(s, "New@Example.com").Body; got != `{"status":true}` {
		t.Fatal(got)
	}
	if user(t, s, "new@example.com") != nil {
		t.Fatal("asking made an account")
	}
	token := s.Token("magic-link")
	if s.FileContains(token) {
		t.Fatal("the token lies in the database")
	}
	c := s.Client()
	a := follow(c, token).Is(302, "")
	if a.Header.Get("Location") != s.URL+"/new" || c.Cookies["better-auth.last_used_login_method"] != "magic-link" {
		t.Fatalf("%v %v", a.Header, c.Cookies)
	}
	made := user(t, s, "new@example.com")
	if !made.EmailVerified || made.Name != "Ada" {
		t.Fatalf("%+v", made)
	}
	if c.Get("/get-session").Is(200, "").Field("user.id") != made.ID {
		t.Fatal("nobody is signed in")
	}
	ask(s, "new@example.com")
	again := s.Client()
	if to := follow(again, s.Token("magic-link")).Is(302, "").Header.Get("Location"); to != s.URL+"/in" {
		t.Fatal(to)
	}
}

func TestWithoutACallbackTheAnswerIsJSON(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	ask(s, "a@example.com")
	a := s.Client().Get("/magic-link/verify?token="+s.Token("magic-link")).Is(200, "")
	if a.Field("token") == "" || a.Field("token") != a.Field("session.token") || a.Field("user.id") != a.Field("session.userId") || !strings.HasPrefix(a.Body, `{"token":`) {
		t.Fatal(a.Body)
	}
}

func TestALinkWorksOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	bad := func(token string) {
		t.Helper()
		c := s.Client()
		if to := follow(c, token).Is(302, "").Header.Get("Location"); to != s.URL+"/bad?error=INVALID_TOKEN&x=1" || c.HoldsSession() {
			t.Fatal(to)
		}
	}
	ask(s, "a@example.com")
	used := s.Token("magic-link")
	follow(s.Client(), used).Is(302, "")
	bad(used)
	bad("nonsense")
	ask(s, "a@example.com")
	old := s.Token("magic-link")
	s.Clock.Advance(5 * time.Minute)
	bad(old)
	// A token for something else is none.
	s.SignUp("b@example.com")
	s.Client().Post("/request-password-reset", map[string]string{"email": "b@example.com"}).Is(200, "")
	bad(s.Token("reset-password"))
	if user(t, s, "b@example.com").EmailVerified {
		t.Fatal("another token has proven an address")
	}
	// Without a place for errors they go to the callback, and without that home.
	for query, want := range map[string]string{"&callbackURL=%2Fin": "/in?error=INVALID_TOKEN", "": "/?error=INVALID_TOKEN"} {
		if to := s.Client().Get("/magic-link/verify?token=x"+query).Is(302, "").Header.Get("Location"); to != s.URL+want {
			t.Fatal(to)
		}
	}
}

func TestOnlyTrustedPlacesAreLedTo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	for _, name := range []string{"callbackURL", "newUserCallbackURL", "errorCallbackURL"} {
		s.Client().Get("/magic-link/verify?token=x&"+name+"=https%3A%2F%2Fevil.example").Is(403, "INVALID_CALLBACK_URL")
		s.Client().Post("/sign-in/magic-link", map[string]any{"email": "a@example.com", name: "https://evil.example"}).Is(403, "")
	}
	if len(s.Mails("magic-link")) != 0 {
		t.Fatal("a mail was sent")
	}
}

// TestSquatterIsShutOut: an attacker registers the victim's address; when the
// victim comes by a link, nothing of the attacker's opens the account any more.
func TestSquatterIsShutOut(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	attacker := s.SignUp("victim@example.com")
	squatted := user(t, s, "victim@example.com")
	link := &core.Identity{ProviderID: "mock", AccountID: "attackers", Email: "victim@example.com"}
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.LinkAccount(t.Context(), tx, squatted.ID, link)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client().Post("/request-password-reset", map[string]string{"email": "victim@example.com"}).Is(200, "")
	reset := s.Token("reset-password")

	ask(s, "victim@example.com")
	victim := s.Client()
	follow(victim, s.Token("magic-link")).Is(302, "")
	if got := victim.Get("/get-session").Is(200, ""); got.Field("user.id") != squatted.ID || got.Field("user.emailVerified") != "true" {
		t.Fatal(got.Body)
	}
	if attacker.Get("/get-session").Body != "null" {
		t.Fatal("the attacker is still signed in")
	}
	if left, err := s.Core.Accounts(t.Context(), s.Core.DB, squatted.ID); err != nil || len(left) != 0 {
		t.Fatalf("ways in that are left: %v %v", left, err)
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "victim@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	s.Client().Post("/reset-password", map[string]string{"newPassword": testkit.Password, "token": reset}).Is(400, "INVALID_TOKEN")
	if len(s.Mails("address-claimed")) != 1 {
		t.Fatal("the victim was not told")
	}
	// Who has proven the address before keeps what is theirs.
	s.Client().Post("/request-password-reset", map[string]string{"email": "victim@example.com"}).Is(200, "")
	s.Client().Post("/reset-password", map[string]string{"newPassword": "victims-own-password", "token": s.Token("reset-password")}).Is(200, "")
	ask(s, "victim@example.com")
	follow(s.Client(), s.Token("magic-link")).Is(302, "")
	s.Client().Post("/sign-in/email", map[string]string{"email": "victim@example.com", "password": "victims-own-password"}).Is(200, "")
}

func TestWhoMayNotSignUpGetsNoMailAndTheSameAnswer(t *testing.T) {
	t.Parallel()
	for name, toml := range map[string]string{
		"the capability makes no accounts": on + "disable_sign_up = true\n",
		"only invited people sign up":      on + "[sign_up]\nmode = 'invited'\n",
		"nobody signs up":                  on + "[sign_up]\nmode = 'nobody'\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, toml)
			err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
				_, err := s.Core.CreateUser(t.Context(), tx, core.NewUser{Name: "K", Email: "known@example.com"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			known, unknown := ask(s, "known@example.com"), ask(s, "unknown@example.com")
			if known.Body != unknown.Body || len(known.Header) != len(unknown.Header) || len(known.Cookies)+len(unknown.Cookies) != 0 {
				t.Fatalf("%s %v\n%s %v", known.Body, known.Header, unknown.Body, unknown.Header)
			}
			if mails := s.Mails("magic-link"); len(mails) != 1 || !strings.Contains(mails[0], "known@example.com") {
				t.Fatalf("%d mails", len(mails))
			}
			follow(s.Client(), s.Token("magic-link")).Is(302, "")
		})
	}
}

func TestALinkMakesNoAccountWhereNoneIsToBe(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"disable_sign_up = true\n")
	s.SignUp("a@example.com")
	ask(s, "a@example.com")
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.DeleteUser(t.Context(), tx, user(t, s, "a@example.com").ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if to := follow(s.Client(), s.Token("magic-link")).Is(302, "").Header.Get("Location"); to != s.URL+"/bad?error=new_user_signup_disabled&x=1" {
		t.Fatal(to)
	}
	if user(t, s, "a@example.com") != nil {
		t.Fatal("there is an account")
	}
}

func TestARefusedSignUpUsesNothingUp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[sign_up]\nblocked_domains = ['example.com']\n")
	ask(s, "a@example.com")
	token := s.Token("magic-link")
	for range 2 { // the same refusal twice: the token is still there
		c := s.Client()
		to, err := url.Parse(follow(c, token).Is(302, "").Header.Get("Location"))
		if err != nil || to.Query().Get("error") != "EMAIL_DOMAIN_NOT_ALLOWED" || to.Query().Get("error_description") == "" || c.HoldsSession() {
			t.Fatal(to, err)
		}
	}
	if user(t, s, "a@example.com") != nil {
		t.Fatal("there is an account")
	}
}

func TestWhoWaitsForAnAdministratorGetsNoSession(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[sign_up]\nmode = 'approval'\n")
	ask(s, "a@example.com")
	c := s.Client()
	if to := follow(c, s.Token("magic-link")).Is(302, "").Header.Get("Location"); !strings.Contains(to, "error=APPROVAL_PENDING") || c.HoldsSession() {
		t.Fatal(to)
	}
	if u := user(t, s, "a@example.com"); u == nil || !u.Pending || !u.EmailVerified {
		t.Fatalf("%+v", u)
	}
}

func TestABannedUserGetsNoSession(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	ask(s, "a@example.com")
	u := user(t, s, "a@example.com")
	u.Banned = true
	if err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error { return s.Core.SaveUser(t.Context(), tx, u) }); err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	if to := follow(c, s.Token("magic-link")).Is(302, "").Header.Get("Location"); !strings.Contains(to, "error=BANNED_USER") || c.HoldsSession() {
		t.Fatal(to)
	}
	if user(t, s, "a@example.com").EmailVerified {
		t.Fatal("a refused sign-in left something")
	}
}

func TestALinkToAnAddressThatWasReplacedMakesNoAccount(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("old@example.com")
	ask(s, "old@example.com")
	token := s.Token("magic-link")
	c.Post("/change-email", map[string]string{"newEmail": "new@example.com"}).Is(200, "")
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if to := follow(s.Client(), token).Is(302, "").Header.Get("Location"); !strings.Contains(to, "INVALID_TOKEN") {
		t.Fatal(to)
	}
	if user(t, s, "old@example.com") != nil || user(t, s, "new@example.com") == nil {
		t.Fatal("an account was made for the address that was left")
	}
}

func TestAMailboxIsAWayInOnceItIsProven(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	u := user(t, s, "a@example.com")
	ways := func() int {
		all, err := s.Core.WaysInOf(t.Context(), s.Core.DB, u)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := ways()
	u.EmailVerified = true
	if after := ways(); before != 1 || after != 2 {
		t.Fatal(before, after)
	}
}

// TestASecondFactorIsAskedForAfterALink: the gate is told that a mail was the first
// proof, and whoever it holds goes to the page for the second one.
func TestASecondFactorIsAskedForAfterALink(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	s.Core.Hold = func(_ context.Context, _ *store.Tx, in *core.SignIn) (*core.Held, error) {
		if !in.Mailbox || in.Onward.URL != s.URL+"/in" {
			t.Errorf("mailbox %v, onward %+v", in.Mailbox, in.Onward)
		}
		return &core.Held{Challenge: "challenge", Life: time.Minute, Methods: []string{"totp"}}, nil
	}
	ask(s, "a@example.com")
	c := s.Client()
	token := s.Token("magic-link")
	if a := follow(c, token).Is(303, ""); a.Header.Get("Location") != s.URL+"/two-factor" || c.Cookies["better-auth.two_factor"] == "" || c.Cookies["better-auth.session_token"] != "" {
		t.Fatalf("%v", a.Header)
	}
	if to := follow(s.Client(), token).Is(302, "").Header.Get("Location"); to != s.URL+"/bad?error=INVALID_TOKEN&x=1" {
		t.Fatal(to) // the link was used up all the same
	}
}

func TestALinkHandsItsSessionToAnAppOnlyWhereThatIsOn(t *testing.T) {
	t.Parallel()
	for toml, handed := range map[string]bool{on: false, on + "[expo]\nenabled = true\n": true} {
		s := testkit.Start(t, "trusted_origins = ['myapp://']\n"+toml)
		s.Client().Post("/sign-in/magic-link", map[string]any{"email": "ada@example.com", "callbackURL": "myapp://home"}).Is(200, "")
		to := s.Client().Get("/magic-link/verify?token="+s.Token("magic-link")+"&callbackURL=myapp%3A%2F%2Fhome").Is(302, "").Header.Get("Location")
		if !strings.HasPrefix(to, "myapp://home") || strings.Contains(to, "session_token") != handed {
			t.Fatalf("expo is %t: %s", handed, to)
		}
	}
}
