package pages_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const confirmTitle = "Confirm that it is you"

var pendingField = regexp.MustCompile(`name="pending" value="([^"]+)"`)

// waiting is the form that waits in a page that asks for a proof.
func waiting(t *testing.T, a *testkit.Answer) string {
	t.Helper()
	shows(t, a, a.Status, confirmTitle)
	m := pendingField.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("nothing waits: %s", a.Body)
	}
	return html.UnescapeString(m[1])
}

// goesOn proves it with a password, and posts what waited as a browser does.
func goesOn(t *testing.T, c *testkit.Client, waits, path string) *testkit.Answer {
	t.Helper()
	proof := []string{"pending", waits, "way", "password", "password", testkit.Password}
	if a := form(c, "/confirm", proof...); a.Status != 307 || a.Header.Get("Location") != path {
		t.Fatalf("%d to %q: %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	return form(c, path, proof...)
}

func TestWhatIsSensitiveGoesOnAfterAProof(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	first := form(c, "/account/email", "new_email", "countess@example.com")
	if first.Status != 403 || strings.Contains(first.Body, "countess") {
		t.Fatalf("%d, what waits stands open in the page: %s", first.Status, first.Body)
	}
	waits := waiting(t, first)
	wrong := form(c, "/confirm", "pending", waits, "way", "password", "password", "wrong-password")
	if wrong.Status != 422 || waiting(t, wrong) != waits {
		t.Fatalf("%d, and what was typed is lost", wrong.Status)
	}
	if n := len(s.Mails("verify-email")); n != 0 {
		t.Fatalf("%d mails without a proof", n)
	}
	leads(t, goesOn(t, c, waits, "/account/email"), "/account")
	if mails := s.Mails("verify-email"); len(mails) != 1 || !strings.Contains(mails[0], "countess@example.com") {
		t.Fatalf("%d mails: %s", len(mails), mails)
	}
	leads(t, form(c, "/account/email", "new_email", "other@example.com"), "/account") // a proof is good for a while
	s.Clock.Advance(3 * time.Hour)
	shows(t, form(c, "/account/email", "new_email", "other@example.com"), 403, confirmTitle)
}

func TestAWaitingFormIsOfOneSessionAndOnePlaceAndSoonOver(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, other := s.SignUp("ada@example.com"), s.SignIn("ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	waits := waiting(t, form(c, "/account/email", "new_email", "countess@example.com"))
	for _, each := range []struct {
		who   *testkit.Client
		waits string
	}{{other, waits}, {c, "s1.AAAA"}} {
		leads(t, form(each.who, "/confirm", "pending", each.waits, "way", "password", "password", testkit.Password), "/account/security")
		tells(t, each.who.Get("./account/security"), 200, "That took too long.")
		shows(t, form(each.who, "/account/email", "new_email", "x@example.com"), 403, confirmTitle)
	}
	leads(t, form(c, "/confirm", "way", "password", "password", testkit.Password), "/account/security")
	if a := form(c, "/account/set-password", "pending", waits); a.Status != 410 {
		t.Fatalf("it is taken elsewhere: %d", a.Status)
	}
	s.Clock.Advance(20 * time.Minute)
	if a := form(c, "/account/email", "pending", waits); a.Status != 410 {
		t.Fatalf("it is taken for ever: %d", a.Status)
	}
	leads(t, form(s.Client(), "/confirm", "pending", waits, "way", "password", "password", testkit.Password), "/login?return_to=%2Faccount%2Fsecurity")
	if n := len(s.Mails("verify-email")); n != 0 {
		t.Fatalf("%d mails", n)
	}
}

func TestTenWrongProofsAreEnoughForAnHour(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[lockout]\nenabled = false\n") // which would count passwords itself
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	for range 10 {
		shows(t, form(c, "/confirm", "way", "password", "password", "wrong-password"), 422, confirmTitle)
	}
	a := form(c, "/confirm", "way", "password", "password", testkit.Password)
	shows(t, a, 429, confirmTitle)
	tells(t, a, 429, "Try again in 1 hour")
	shows(t, form(c, "/account/email", "new_email", "x@example.com"), 403, confirmTitle)
	s.SignIn("ada@example.com") // signing in is not hindered by it
	s.Clock.Advance(time.Hour)
	leads(t, form(c, "/confirm", "way", "password", "password", testkit.Password), "/account/security")
}

func TestWhoHasNothingElseGetsACodeByMail(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := withoutPassword(t, s, "ada@example.com")
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Core.UserByEmail(t.Context(), tx, "ada@example.com")
		if err != nil {
			return err
		}
		u.EmailVerified = true
		return s.Core.SaveUser(t.Context(), tx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(3 * time.Hour)
	waits := waiting(t, form(c, "/account/email", "new_email", "countess@example.com"))
	code := func() string {
		mails := s.Mails("confirm-code")
		if len(mails) == 0 {
			t.Fatal("no code was sent")
		}
		return regexp.MustCompile(`\n(\d{6})\r?\n`).FindStringSubmatch(mails[len(mails)-1])[1]
	}
	shows(t, form(c, "/confirm", "pending", waits, "way", "mail", "mail", ""), 422, confirmTitle)
	if a := form(c, "/confirm", "pending", waits, "send", "mail"); waiting(t, a) != waits || !strings.Contains(a.Body, "one-time-code") {
		t.Fatalf("it asks for no code: %s", a.Body)
	}
	old := code()
	s.Clock.Advance(11 * time.Minute)
	shows(t, form(c, "/confirm", "pending", waits, "way", "mail", "mail", old), 422, confirmTitle)
	form(c, "/confirm", "pending", waits, "send", "mail")
	other := s.SignUp("eve@example.com")
	s.Clock.Advance(time.Minute)
	right := code()
	if a := form(other, "/confirm", "way", "mail", "mail", right); a.Status == 307 {
		t.Fatal("it is good for another session")
	}
	a := form(c, "/confirm", "pending", waits, "way", "mail", "mail", right[:3]+" "+right[3:])
	if a.Status != 307 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	leads(t, form(c, "/account/email", "pending", waits, "way", "mail", "mail", right), "/account")
	s.Clock.Advance(3 * time.Hour)
	shows(t, form(c, "/confirm", "way", "mail", "mail", right), 422, confirmTitle)
}

func TestACodeIsNoWayRoundAPassword(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	a := c.Get("./confirm")
	shows(t, a, 200, confirmTitle)
	if strings.Contains(a.Body, `name="send"`) {
		t.Fatal("it offers a code")
	}
	shows(t, form(c, "/confirm", "send", "mail"), 403, confirmTitle)
	if n := len(s.Mails("confirm-code")); n != 0 {
		t.Fatalf("%d codes", n)
	}
}

func TestTheConfirmationPageLeadsBack(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := withoutPassword(t, s, "none@example.com")
	ada := s.SignUp("ada@example.com")
	leads(t, s.Client().Get("./confirm?return_to=/account"), "/login?return_to=%2Fconfirm%3Freturn_to%3D%2Faccount")
	leads(t, ada.Get("./confirm?return_to=/delete-account"), "/delete-account")
	leads(t, ada.Get("./confirm?return_to=//evil.example"), "/account/security")
	s.Clock.Advance(3 * time.Hour)
	leads(t, form(ada, "/confirm", "return_to", "/account/apps", "way", "password", "password", testkit.Password), "/account/apps")
	tells(t, c.Get("./confirm"), 200, "Sign in again instead")
}

func TestFreshForEverMeansNeverAsked(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[session]\nfresh_age = \"0s\"\n")
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(100 * time.Hour)
	leads(t, form(c, "/account/email", "new_email", "countess@example.com"), "/account")
}

func TestAPasskeyAlsoLeadsBackToThePage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, a := s.SignUp("ada@example.com"), s.Authenticator()
	k := addPasskey(t, c, a)
	s.Clock.Advance(3 * time.Hour)
	page := c.Get("./confirm?return_to=/account/apps")
	if forms, leads := strings.Count(page.Body, `action="/confirm"`), strings.Count(page.Body, `name="return_to"`); forms != 2 || leads != forms {
		t.Fatalf("%d forms say %d times where they lead: %s", forms, leads, page.Body)
	}
	answer := said(t, a.Get(c.Get("/passkey/generate-authenticate-options").Is(200, ""), k))
	leads(t, form(c, "/confirm", "return_to", "/account/apps", "way", "passkey", "credential", answer), "/account/apps")
}
