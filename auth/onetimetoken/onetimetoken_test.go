package onetimetoken_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const on = "[one_time_token]\nenabled = true\n"

func generate(c *testkit.Client) string {
	return c.Get("/one-time-token/generate").Is(200, "").Field("token")
}

func verify(c *testkit.Client, token string) *testkit.Answer {
	return c.Post("/one-time-token/verify", map[string]string{"token": token})
}

func TestASessionMovesOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	session := c.Get("/get-session").Field("session.token")
	token := generate(c)
	other := s.Client()
	a := verify(other, token).Is(200, "")
	if a.Field("session.token") != session || a.Field("user.email") != "a@example.com" {
		t.Fatalf("got %s", a.Body)
	}
	if signed, _ := url.PathUnescape(other.Cookies["better-auth.session_token"]); !strings.HasPrefix(signed, session+".") || signed != a.Header.Get("Set-Auth-Token") {
		t.Fatalf("the cookies are %v", other.Cookies)
	}
	if other.Get("/get-session").Field("session.token") != session || c.Get("/get-session").Body == "null" {
		t.Fatal("it is not the same session in both places")
	}
	late := s.Client()
	if again := verify(late, token).Is(400, ""); again.Body != `{"message":"Invalid token"}` || len(late.Cookies) != 0 {
		t.Fatalf("a second use: %s", again.Body)
	}
}

func TestWhatOpensNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	for name, test := range map[string]struct {
		token func() string
		want  string
	}{
		"made up":       {func() string { return strings.Repeat("x", 32) }, "Invalid token"},
		"empty":         {func() string { return "" }, "Invalid token"},
		"session token": {func() string { return c.Get("/get-session").Field("session.token") }, "Invalid token"},
		"expired": {func() string {
			token := generate(c)
			s.Clock.Advance(3*time.Minute + time.Second)
			return token
		}, "Invalid token"},
		"of a session that was ended": {func() string {
			gone := s.SignIn("a@example.com")
			token := generate(gone)
			gone.Post("/sign-out", nil).Is(200, "")
			return token
		}, "Session not found"},
	} {
		t.Run(name, func(t *testing.T) {
			other := s.Client()
			a := verify(other, test.token()).Is(400, "")
			if a.Field("message") != test.want || len(other.Cookies) != 0 {
				t.Fatalf("got %s and cookies %v", a.Body, other.Cookies)
			}
		})
	}
	s.Client().Get("/one-time-token/generate").Is(401, "UNAUTHORIZED")
}

func TestOfManyWhoBringItOneGetsTheSession(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	token := generate(s.SignUp("a@example.com"))
	var got sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		c := s.Client()
		got.Go(func() { statuses[i] = verify(c, token).Status })
	}
	got.Wait()
	let := 0
	for _, status := range statuses {
		if status == 200 {
			let++
		}
	}
	if let != 1 {
		t.Fatalf("%d got it: %v", let, statuses)
	}
}

func TestNeitherTokenLiesInTheDatabase(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	session, token := c.Get("/get-session").Field("session.token"), generate(c)
	files, err := filepath.Glob(filepath.Join(s.Dir, "*.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), session) || strings.Contains(string(content), token) {
			t.Fatalf("%s has a token in clear", filepath.Base(file))
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	t.Run("apps may not ask", func(t *testing.T) {
		s := testkit.Start(t, on+"disable_client_request = true\n")
		if a := s.SignUp("a@example.com").Get("/one-time-token/generate").Is(400, ""); a.Body != `{"message":"Client requests are disabled"}` {
			t.Fatal(a.Body)
		}
	})
	t.Run("no cookie", func(t *testing.T) {
		s := testkit.Start(t, on+"disable_set_session_cookie = true\n")
		token := generate(s.SignUp("a@example.com"))
		other := s.Client()
		if a := verify(other, token).Is(200, ""); a.Field("session.token") == "" || len(other.Cookies) != 0 {
			t.Fatalf("got %s and cookies %v", a.Body, other.Cookies)
		}
	})
	t.Run("with every new session", func(t *testing.T) {
		s := testkit.Start(t, on+"set_ott_header_on_new_session = true\n")
		c := s.SignUp("a@example.com")
		if c.Get("/get-session").Header.Get("Set-Ott") != "" {
			t.Fatal("a read tells one")
		}
		a := c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(200, "")
		if !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "set-ott") {
			t.Fatal("pages may not read it")
		}
		if got := verify(s.Client(), a.Header.Get("Set-Ott")).Is(200, "").Field("session.token"); got != a.Field("token") {
			t.Fatalf("it opens %s", got)
		}
	})
	t.Run("off", func(t *testing.T) {
		s := testkit.Start(t, "")
		c := s.SignUp("a@example.com")
		if c.Get("/one-time-token/generate").Status != 404 || verify(c, "x").Status != 404 {
			t.Fatal("it answers")
		}
	})
}
