package user_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

func exists(t *testing.T, s *testkit.Server, email string) bool {
	t.Helper()
	_, err := s.Admin.Find(t.Context(), email)
	return err == nil
}

func TestDeletingOneself(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("other@example.com")
	c := s.SignUp("me@example.com")
	elsewhere := s.SignIn("me@example.com")
	c.Post("/delete-user", map[string]string{"password": "wrong-wrong"}).Is(400, "INVALID_PASSWORD")
	s.Clock.Advance(25 * time.Hour)
	c.Post("/delete-user", map[string]string{}).Is(400, "SESSION_EXPIRED")
	c.Post("/delete-user", map[string]string{"token": "x"}).Is(404, "INVALID_TOKEN")
	s.Client().Post("/delete-user", map[string]string{}).Is(401, "UNAUTHORIZED")
	if !exists(t, s, "me@example.com") {
		t.Fatal("deleted without proof")
	}
	a := c.Post("/delete-user", map[string]string{"password": testkit.Password}).Is(200, "")
	if a.Body != `{"success":true,"message":"User deleted"}` || c.Cookies["better-auth.session_token"] != "" {
		t.Fatal(a.Body)
	}
	if exists(t, s, "me@example.com") || !exists(t, s, "other@example.com") {
		t.Fatal("the wrong one is gone")
	}
	if body := elsewhere.Get("/get-session").Body; body != "null" {
		t.Fatal(body)
	}
}

func TestAFreshSessionIsEnoughToDelete(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("me@example.com").Post("/delete-user", map[string]string{}).Is(200, "")
	if exists(t, s, "me@example.com") {
		t.Fatal("still there")
	}
}

const byMail = "[user.delete_user]\nsend_delete_account_verification = true\n"

func TestDeletingTakesTheLinkWhereConfigured(t *testing.T) {
	s := testkit.Start(t, byMail)
	c, other := s.SignUp("me@example.com"), s.SignUp("other@example.com")
	if body := c.Post("/delete-user", map[string]string{"password": testkit.Password, "callbackURL": "/bye"}).Is(200, "").Body; body != `{"success":true,"message":"Verification email sent"}` {
		t.Fatal(body)
	}
	token := s.Token("delete-account")
	s.Client().Get("/delete-user/callback?token="+token).Is(404, "FAILED_TO_GET_USER_INFO")
	other.Get("/delete-user/callback?token="+token).Is(404, "INVALID_TOKEN") // and is not used up
	c.Get("/delete-user/callback?token="+token+"&callbackURL=https://evil.example").Is(403, "INVALID_CALLBACK_URL")
	if !exists(t, s, "me@example.com") || !exists(t, s, "other@example.com") {
		t.Fatal("deleted")
	}
	if to := c.Get("/delete-user/callback?token="+token+"&callbackURL=/bye").Is(302, "").Header.Get("Location"); to != "/bye" {
		t.Fatal(to)
	}
	if exists(t, s, "me@example.com") || !exists(t, s, "other@example.com") {
		t.Fatal("not deleted")
	}
}

func TestADeletionLinkEnds(t *testing.T) {
	s := testkit.Start(t, byMail)
	c := s.SignUp("me@example.com")
	c.Post("/delete-user", map[string]string{}).Is(200, "")
	first := s.Token("delete-account")
	c.Post("/delete-user", map[string]string{}).Is(200, "")
	c.Post("/delete-user", map[string]string{"token": first}).Is(404, "INVALID_TOKEN")
	s.Clock.Advance(24 * time.Hour)
	c.Post("/delete-user", map[string]string{"token": s.Token("delete-account")}).Is(404, "INVALID_TOKEN")
	if !exists(t, s, "me@example.com") {
		t.Fatal("deleted")
	}
}

func TestThePageThatDeletes(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("me@example.com")
	if to := s.Client().Get("./delete-account").Is(303, "").Header.Get("Location"); !strings.HasPrefix(to, "/login?return_to=") {
		t.Fatal(to)
	}
	c.Get("./delete-account").Is(200, "")
	c.Form("./delete-account", url.Values{}).Is(422, "") // fresh, but the page asks for the password all the same
	c.Form("./delete-account", url.Values{"password": {"wrong-wrong"}}).Is(422, "")
	if !exists(t, s, "me@example.com") {
		t.Fatal("deleted")
	}
	c.Form("./delete-account", url.Values{"password": {testkit.Password}}).Is(200, "")
	if exists(t, s, "me@example.com") {
		t.Fatal("still there")
	}
}

func TestThePageBehindTheDeletionLink(t *testing.T) {
	s := testkit.Start(t, byMail)
	c := s.SignUp("me@example.com")
	c.Form("./delete-account", url.Values{"password": {testkit.Password}}).Is(200, "")
	token := s.Token("delete-account")
	c.Get("./delete-account?token="+token).Is(200, "")
	if !exists(t, s, "me@example.com") {
		t.Fatal("looking has acted")
	}
	s.SignUp("other@example.com").Form("./delete-account", url.Values{"token": {token}}).Is(410, "")
	c.Form("./delete-account", url.Values{"token": {token}}).Is(200, "")
	if exists(t, s, "me@example.com") || !exists(t, s, "other@example.com") {
		t.Fatal("the wrong one is gone")
	}
}
