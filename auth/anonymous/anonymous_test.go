package anonymous_test

import (
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const on = "[anonymous]\nenabled = true\n"

func begin(t *testing.T, s *testkit.Server) (c *testkit.Client, id string) {
	t.Helper()
	c = s.Client()
	return c, c.Post("/sign-in/anonymous", nil).Is(200, "").Field("user.id")
}

// whoIs is the user of a browser's session.
func whoIs(t *testing.T, c *testkit.Client) map[string]any {
	t.Helper()
	session, _ := c.Get("/get-session").Is(200, "").JSON().(map[string]any)
	user, _ := session["user"].(map[string]any)
	return user
}

func exists(t *testing.T, s *testkit.Server, id string) bool {
	t.Helper()
	_, err := s.Core.User(t.Context(), s.Core.DB, id)
	return err == nil
}

func TestOffItIsNotThere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	c.Post("/sign-in/anonymous", nil).Is(404, "")
	c.Post("/delete-anonymous-user", nil).Is(404, "")
	if _, there := whoIs(t, c)["isAnonymous"]; there {
		t.Error("users have the field of a capability that is off")
	}
}

func TestSomebodyBeginsAnonymously(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"name = \"Guest {id}\"\nemail_domain_name = \"guests.example.com\"\n")
	c, id := begin(t, s)
	who := whoIs(t, c)
	email, _ := who["email"].(string)
	if who["id"] != id || who["isAnonymous"] != true || who["emailVerified"] != false || len(email) != len("temp-")+32+len("@guests.example.com") ||
		!strings.HasPrefix(email, "temp-") || !strings.HasSuffix(email, "@guests.example.com") {
		t.Fatal(who)
	}
	if name, _ := who["name"].(string); !strings.HasPrefix(name, "Guest ") || len(name) != len("Guest ")+6 {
		t.Fatal(who["name"])
	}
	c.Post("/sign-in/anonymous", nil).Is(400, "ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY")
	if whoIs(t, c)["id"] != id {
		t.Error("asking again took the session away")
	}
	if real := whoIs(t, s.SignUp("a@example.com")); real["isAnonymous"] != false {
		t.Errorf("a user with an account has isAnonymous %v", real["isAnonymous"])
	}
}

func TestADeadSessionDoesNotSignOutWhoSignsIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	s.Clock.Advance(8 * 24 * time.Hour)
	c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(200, "")
	if whoIs(t, c)["email"] != "a@example.com" {
		t.Fatal("the sign-in left no session")
	}
}

func TestAnAnonymousUserDeletesThemselves(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c, id := begin(t, s)
	c.Post("/delete-anonymous-user", nil).Is(200, "")
	if exists(t, s, id) || c.HoldsSession() && whoIs(t, c) != nil {
		t.Error("they are there still")
	}
	s.Client().Post("/delete-anonymous-user", nil).Is(401, "UNAUTHORIZED")
	real := s.SignUp("a@example.com")
	real.Post("/delete-anonymous-user", nil).Is(403, "USER_IS_NOT_ANONYMOUS")
	if whoIs(t, real) == nil {
		t.Error("somebody with an account was deleted")
	}
	kept := testkit.Start(t, on+"disable_delete_anonymous_user = true\n")
	c, id = begin(t, kept)
	c.Post("/delete-anonymous-user", nil).Is(400, "DELETE_ANONYMOUS_USER_DISABLED")
	if !exists(t, kept, id) {
		t.Error("deleted although that is off")
	}
}

const fields = `
[user.additional_fields.cart]
type = "string"
[user.additional_fields.theme]
type = "string"
default_value = "light"
[user.additional_fields.credit]
type = "number"
input = false
[user.additional_fields.handle]
type = "string"
unique = true
`

func TestWhoSignsUpHasWhatTheySaidBefore(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+fields)
	c, id := begin(t, s)
	c.Post("/update-user", map[string]any{"cart": "three apples", "theme": "dark", "image": "https://img.example/a.png", "handle": "ada"}).Is(200, "")
	made := c.Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	who := whoIs(t, c)
	if who["cart"] != "three apples" || who["theme"] != "dark" || who["image"] != "https://img.example/a.png" || who["name"] != "A" || who["isAnonymous"] != false || who["handle"] != nil {
		t.Fatal(who)
	}
	if made.Field("user.cart") != "three apples" {
		t.Errorf("the answer does not tell: %s", made.Body)
	}
	if who["id"] == id || exists(t, s, id) {
		t.Error("the anonymous user is there still")
	}
}

func TestWhatSomebodySaidThemselvesStays(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+fields)
	s.SignUp("a@example.com").Post("/update-user", map[string]any{"cart": "a pear", "image": "https://img.example/mine.png"}).Is(200, "")
	s.Clock.Advance(time.Minute)
	c, id := begin(t, s)
	c.Post("/update-user", map[string]any{"cart": "three apples", "theme": "dark", "image": "https://img.example/a.png"}).Is(200, "")
	c.Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": testkit.Password}).Is(200, "")
	if who := whoIs(t, c); who["cart"] != "a pear" || who["theme"] != "light" || who["image"] != "https://img.example/mine.png" || exists(t, s, id) {
		t.Fatal(who)
	}
}

func TestAFailedSignInChangesNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	c, id := begin(t, s)
	c.Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": "wrong-password"}).Is(401, "")
	c.Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(422, "")
	if who := whoIs(t, c); who["id"] != id || who["isAnonymous"] != true {
		t.Fatal(who)
	}
}

func TestASignInElsewhereLeavesThemAlone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c, id := begin(t, s)
	s.SignUp("a@example.com")
	if who := whoIs(t, c); who["id"] != id {
		t.Fatal(who)
	}
}

func TestTheyStayWhereThatIsConfigured(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"disable_delete_anonymous_user = true\n")
	c, id := begin(t, s)
	c.Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	if !exists(t, s, id) || whoIs(t, c)["email"] != "a@example.com" {
		t.Fatal("deleted although that is off")
	}
}

func TestTheAddressNeedsNoProofAndGetsNoMail(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n"+on)
	c, _ := begin(t, s)
	who := whoIs(t, c)
	email, _ := who["email"].(string)
	if email == "" {
		t.Fatal("they did not come in")
	}
	s.Client().Post("/request-password-reset", map[string]string{"email": email}).Is(200, "")
	if mails := s.Mails("reset-password"); len(mails) != 0 {
		t.Errorf("a mail to nowhere: %v", mails)
	}
	s.Client().Post("/sign-up/email", map[string]any{"email": "x@anonymous.placeholder.invalid", "password": testkit.Password, "name": "A"}).Is(400, "INVALID_EMAIL")
}

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]string{"invited": "invited", "asking": "approval", "nobody": "nobody"} {
		s := testkit.Start(t, "[sign_up]\nmode = \""+mode+"\"\n"+on)
		c := s.Client()
		c.Post("/sign-in/anonymous", nil).Is(403, "SIGNUP_DISABLED")
		if c.HoldsSession() {
			t.Errorf("%s: they are in", name)
		}
	}
	for _, toml := range []string{"[sign_up]\nallowed_domains = [\"example.com\", \"*.placeholder.invalid\"]\n" + on, on + "email_domain_name = \"guests.example.com\"\n[sign_up]\nallowed_domains = [\"*.example.com\"]\n"} {
		s := testkit.Start(t, toml)
		s.Client().Post("/sign-in/anonymous", nil).Is(200, "")
		s.Client().Post("/sign-up/email", map[string]string{"email": "a@other.example", "password": testkit.Password, "name": "A"}).Is(403, "EMAIL_DOMAIN_NOT_ALLOWED")
	}
}

func TestTheAbandonedAreSweptAway(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"delete_after = \"10d\"\n")
	_, gone := begin(t, s)
	s.Clock.Advance(5 * 24 * time.Hour)
	_, young := begin(t, s)
	person := whoIs(t, s.SignUp("a@example.com"))["id"].(string)
	sweep := func() {
		t.Helper()
		if err := s.Browser.Anonymous.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if !exists(t, s, gone) {
		t.Fatal("swept before the time")
	}
	s.Clock.Advance(6 * 24 * time.Hour)
	sweep()
	if exists(t, s, gone) || !exists(t, s, young) || !exists(t, s, person) {
		t.Errorf("gone %v, young %v, person %v", exists(t, s, gone), exists(t, s, young), exists(t, s, person))
	}
}

func TestWhoComesBackIsNotSwept(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"delete_after = \"1d\"\n")
	c, id := begin(t, s)
	for range 4 {
		s.Clock.Advance(3 * 24 * time.Hour)
		whoIs(t, c)
		if err := s.Browser.Anonymous.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !exists(t, s, id) {
		t.Fatal("swept while their session runs")
	}
}

func TestWhoProvesAnAddressStaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c, id := begin(t, s)
	c.Post("/change-email", map[string]string{"newEmail": "a@example.com"}).Is(200, "")
	if who := whoIs(t, c); who["isAnonymous"] != true {
		t.Fatal("an address that nobody proved made them somebody")
	}
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if who := whoIs(t, c); who["id"] != id || who["isAnonymous"] != false || who["email"] != "a@example.com" || who["emailVerified"] != true {
		t.Fatal(who)
	}
}
