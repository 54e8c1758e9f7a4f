package access_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/access"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const onlyInvited = "[sign_up]\nmode = 'invited'\n"

// invite makes an invitation and returns the secret of its link.
func invite(t *testing.T, s *testkit.Server, n access.NewInvitation) (*access.Invitation, string) {
	t.Helper()
	i, link, err := s.Access.Invite(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	secret, ok := strings.CutPrefix(link, s.URL+"/signup?invitation=")
	if !ok {
		t.Fatalf("the link is %s", link)
	}
	return i, secret
}

func open(t *testing.T, s *testkit.Server) int {
	t.Helper()
	list, err := s.Access.Invitations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAnInvitationLetsOnePersonInOnce(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, secret := invite(t, s, access.NewInvitation{Role: "editor"})
	signUp(s, "a@example.com", "").Is(400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
	signUp(s, "a@example.com", secret+"x").Is(403, "INVITATION_INVALID")
	nobody(t, s, "a@example.com")
	if a := signUp(s, "a@example.com", secret).Is(200, ""); a.Field("token") == "" {
		t.Fatal("nobody was signed in")
	}
	if u := user(t, s, "a@example.com"); u.Role != "editor" {
		t.Fatalf("became %s", u.Role)
	}
	signUp(s, "b@example.com", secret).Is(403, "INVITATION_INVALID")
	nobody(t, s, "b@example.com")
	if open(t, s) != 0 {
		t.Fatal("it is still listed")
	}
}

func TestManyWhoUseOneInvitationAtATimeAreOnePerson(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, secret := invite(t, s, access.NewInvitation{})
	// All pass the check before anybody is made.
	emails := []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"}
	entries := make([]*core.SignUp, len(emails))
	for i, email := range emails {
		entries[i] = &core.SignUp{Name: "A", Email: email, Requested: true, Invitation: secret}
		if err := s.Core.CheckSignUp(t.Context(), entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, len(emails))
	for i, in := range entries {
		wg.Go(func() {
			errs[i] = s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
				_, err := s.Core.SignUp(t.Context(), tx, in)
				return err
			})
		})
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		switch {
		case err == nil:
			in++
		case !errors.Is(err, access.ErrInvitation):
			t.Fatal(err)
		}
	}
	if users, err := s.Core.Users(t.Context(), s.Core.DB, "", 10); in != 1 || err != nil || len(users) != 1 {
		t.Fatalf("%d came in, %d users, %v", in, len(users), err)
	}
}

func TestInvitationsThatLetNobodyIn(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	withdrawn, withdrawnSecret := invite(t, s, access.NewInvitation{})
	_, expired := invite(t, s, access.NewInvitation{Life: time.Minute})
	_, bound := invite(t, s, access.NewInvitation{Email: "Other@example.com"})
	if err := s.Access.Uninvite(t.Context(), withdrawn.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Access.Uninvite(t.Context(), withdrawn.ID); !errors.Is(err, access.ErrInvitationNotFound) {
		t.Fatalf("withdrawn twice: %v", err)
	}
	s.Clock.Advance(time.Minute)
	for name, secret := range map[string]string{"withdrawn": withdrawnSecret, "expired": expired, "for another address": bound, "made up": "x"} {
		t.Run(name, func(t *testing.T) {
			signUp(s, "a@example.com", secret).Is(403, "INVITATION_INVALID")
			nobody(t, s, "a@example.com")
		})
	}
	entered(t, s, "other@EXAMPLE.com", bound)
	if err := s.Access.Sweep(t.Context()); err != nil || open(t, s) != 0 {
		t.Fatalf("%d are left, %v", open(t, s), err)
	}
}

func TestAFailedSignUpLeavesTheInvitation(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, first := invite(t, s, access.NewInvitation{})
	entered(t, s, "a@example.com", first)
	_, secret := invite(t, s, access.NewInvitation{})
	signUp(s, "a@example.com", secret).Is(422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
	s.Client().Post("/sign-up/email", map[string]any{"email": "b@example.com", "password": "short", "name": "B", "invitation": secret}).Is(400, "PASSWORD_TOO_SHORT")
	entered(t, s, "b@example.com", secret)
}

func TestAnInvitationToAnAddressWinsOverItsDomain(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nallowed_domains = ['example.org']\n")
	_, free := invite(t, s, access.NewInvitation{})
	signUp(s, "a@example.com", free).Is(403, "EMAIL_DOMAIN_NOT_ALLOWED")
	_, bound := invite(t, s, access.NewInvitation{Email: "a@example.com"})
	entered(t, s, "a@example.com", bound)
}

func TestWhereAnyoneMaySignUpAStaleInvitationIsAsNone(t *testing.T) {
	s := testkit.Start(t, "")
	_, secret := invite(t, s, access.NewInvitation{Email: "b@example.com", Role: "admin"})
	entered(t, s, "a@example.com", "stale")
	if u := entered(t, s, "c@example.com", secret); u.Role != "user" {
		t.Fatalf("took the role %s of another's invitation", u.Role)
	}
	if open(t, s) != 1 {
		t.Fatal("it was used up")
	}
}

// The secret is stored as a hash, and the address gets it by mail.
func TestTheLinkIsMailedAndOnlyItsHashIsStored(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, secret := invite(t, s, access.NewInvitation{Email: "ada@example.com", Inviter: "Grace Hopper", Note: "For the reading group"})
	mails := s.Mails("sign-up-invitation")
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, text := range []string{"ada@example.com", "Grace Hopper", "For the reading group", s.URL + "/signup?invitation=" + secret} {
		if !strings.Contains(mails[0], text) {
			t.Errorf("the mail does not have %q:\n%s", text, mails[0])
		}
	}
	invite(t, s, access.NewInvitation{Email: "bob@example.com", NoMail: true})
	invite(t, s, access.NewInvitation{})
	if len(s.Mails("sign-up-invitation")) != 1 {
		t.Fatal("a mail too many")
	}
	found, err := s.Access.Invitation(t.Context(), core.HashToken(secret))
	if !errors.Is(err, access.ErrInvitation) {
		t.Fatalf("the hash opens %v, %v", found, err)
	}
}

func TestInvitationsThatAreNotMade(t *testing.T) {
	s := testkit.Start(t, "")
	for name, c := range map[string]struct {
		n    access.NewInvitation
		want error
	}{
		"an address is one":               {access.NewInvitation{Email: "nonsense"}, access.ErrInvalidEmail},
		"a role is one":                   {access.NewInvitation{Role: "two words"}, access.ErrInvalidRole},
		"it works for a minute at least":  {access.NewInvitation{Life: time.Second}, access.ErrInvalidExpiry},
		"it works for 400 days at most":   {access.NewInvitation{Life: 401 * 24 * time.Hour}, access.ErrInvalidExpiry},
		"a note has no line breaks":       {access.NewInvitation{Note: "a\nb"}, access.ErrTooLong},
		"a name has a hundred characters": {access.NewInvitation{Inviter: strings.Repeat("ä", 101)}, access.ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := s.Access.Invite(t.Context(), c.n); !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if open(t, s) != 0 {
		t.Fatal("one was made")
	}
	closed := testkit.Start(t, "[sign_up]\nmode = 'nobody'\n")
	if _, _, err := closed.Access.Invite(t.Context(), access.NewInvitation{}); !errors.Is(err, access.ErrNobody) {
		t.Fatalf("where nobody may sign up: %v", err)
	}
}

func TestThePageOfAnInvitation(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, secret := invite(t, s, access.NewInvitation{Email: "ada@example.com", Inviter: "Grace <Hopper>", Note: "Welcome & hello", NoMail: true})
	stranger := s.Client()
	if a := stranger.Get("./signup"); a.Status != 403 || !strings.Contains(a.Body, "By invitation only") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := stranger.Get("./signup?invitation=nonsense"); a.Status != 403 || !strings.Contains(a.Body, "This invitation does not work") || len(stranger.Cookies) != 0 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	c := s.Client()
	a := c.Get("./signup?invitation="+secret).Is(200, "")
	for _, text := range []string{"Grace &lt;Hopper&gt;", "Welcome &amp; hello", `value="ada@example.com"`, "readonly"} {
		if !strings.Contains(a.Body, text) {
			t.Errorf("the page does not have %s:\n%s", text, a.Body)
		}
	}
	cookie := a.Cookie("better-auth.invitation")
	if cookie == nil || !cookie.HttpOnly || cookie.Value != secret {
		t.Fatalf("the browser keeps %v", cookie)
	}
	if strings.Contains(a.Body, "invitation="+secret) {
		t.Fatal("the secret stands in a link")
	}
	// Where an app's request leads is the way to sign in: it leads on to the form.
	if a := c.Get("./login").Is(200, ""); !strings.Contains(a.Body, `href="/signup"`) {
		t.Fatal("nothing leads from /login to the form")
	}
	if a := stranger.Get("./login").Is(200, ""); strings.Contains(a.Body, `href="/signup"`) {
		t.Fatal("a stranger is led to a page that is closed")
	}
	// The browser comes back by another way, such as a provider or an app's request.
	if a := c.Get("./signup").Is(200, ""); !strings.Contains(a.Body, `value="ada@example.com"`) {
		t.Fatal("the invitation is lost")
	}
	form := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}}
	form.Set("email", "eve@example.com")
	if a := c.Form("./signup", form).Is(403, ""); !strings.Contains(a.Body, "This invitation does not work") {
		t.Fatal(a.Body)
	}
	nobody(t, s, "eve@example.com")
	form.Set("email", "ada@example.com")
	c.Form("./signup", form).Is(303, "")
	if _, kept := c.Cookies["better-auth.invitation"]; kept {
		t.Fatal("the browser keeps the invitation that it has used")
	}
	if a := s.Client().Get("./signup?invitation=" + secret); a.Status != 403 {
		t.Fatalf("a used one: %d", a.Status)
	}
}

// A provider's answer comes back to the browser that has the invitation.
func TestAnInvitationSurvivesASignUpElsewhere(t *testing.T) {
	s := testkit.Start(t, onlyInvited)
	_, secret := invite(t, s, access.NewInvitation{})
	c := s.Client()
	c.Get("./signup?invitation="+secret).Is(200, "")
	c.Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	user(t, s, "a@example.com")
}
