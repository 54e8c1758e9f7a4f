package api_test

import (
	"strconv"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const limited = "[rate_limit]\nenabled = true\n"

func TestTheFourthGuessWaits(t *testing.T) {
	s := testkit.Start(t, limited)
	body := map[string]string{"email": "a@example.com", "password": "wrong-password"}
	for range 3 {
		s.Client().Post("/sign-in/email", body).Is(401, "")
	}
	a := s.Client().Post("/sign-in/email", body).Is(429, "")
	if a.Body != `{"message":"Too many requests. Please try again later."}` {
		t.Fatal(a.Body)
	}
	wait, err := strconv.Atoi(a.Header.Get("X-Retry-After"))
	if err != nil || wait < 1 || wait > 10 || a.Header.Get("Retry-After") != a.Header.Get("X-Retry-After") {
		t.Fatal(a.Header)
	}
	s.Clock.Advance(11 * time.Second)
	s.Client().Post("/sign-in/email", body).Is(401, "")
}

func TestASessionDoesNotBuyMoreGuesses(t *testing.T) {
	s := testkit.Start(t, limited)
	signedIn := []*testkit.Client{s.Client(), s.SignUp("a@example.com"), s.SignUp("b@example.com"), s.SignUp("c@example.com")}
	for i, c := range signedIn {
		a := c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "wrong-password"})
		if i < 3 && a.Status != 401 || i == 3 && a.Status != 429 {
			t.Fatalf("guess %d: %d", i, a.Status)
		}
	}
}

func TestPeopleBehindOneBackEndDoNotShareABucket(t *testing.T) {
	s := testkit.Start(t, "[rate_limit]\nenabled = true\nmax = 5\n")
	a := s.SignUp("a@example.com")
	b := s.SignUp("b@example.com")
	for range 5 {
		a.Get("/get-session").Is(200, "")
	}
	a.Get("/get-session").Is(429, "")
	b.Get("/get-session").Is(200, "")
	forged := s.Client()
	forged.Cookies["better-auth.session_token"] = "abcdefghijklmnopqrstuvwxyzABCDEF.AAAA"
	for range 5 {
		forged.Get("/get-session").Is(200, "")
	}
	s.Client().Get("/get-session").Is(429, "") // a cookie that we did not sign counts for its address
}

func TestUnknownPathsShareOneBucket(t *testing.T) {
	s := testkit.Start(t, "[rate_limit]\nenabled = true\nmax = 5\n")
	for i := range 5 {
		s.Client().Get("/nope/"+strconv.Itoa(i)).Is(404, "")
	}
	s.Client().Get("/something/else").Is(429, "")
	s.Client().Get("/ok").Is(200, "")
}

func TestHealthAndOperatorsAreNotLimited(t *testing.T) {
	s := testkit.Start(t, "[rate_limit]\nenabled = true\nmax = 2\n")
	_, token, err := s.Operators.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	operator := s.Client()
	operator.Header.Set("X-Authd-Operator-Token", token)
	for range 6 {
		s.Client().Get("./healthz").Is(200, "")
		operator.Get("/ok").Is(200, "")
	}
	operator.Header.Set("X-Authd-Operator-Token", token+"x")
	operator.Get("/ok").Is(200, "")
	operator.Get("/ok").Is(200, "")
	operator.Get("/ok").Is(429, "")
}

func TestTheOperatorsOwnRulesWin(t *testing.T) {
	s := testkit.Start(t, "[rate_limit]\nenabled = true\n[rate_limit.custom_rules]\n\"/sign-in/*\" = { window = \"1m\", max = 1 }\n\"/ok\" = false\n")
	body := map[string]string{"email": "a@example.com", "password": "wrong-password"}
	s.Client().Post("/sign-in/email", body).Is(401, "")
	s.Client().Post("/sign-in/email", body).Is(429, "")
	for range 120 {
		s.Client().Get("/ok").Is(200, "")
	}
}
