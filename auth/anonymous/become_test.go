package anonymous_test

import (
	"context"
	"regexp"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

var texted = regexp.MustCompile(`@\S+ #(\d+)`)

// TestWhoAddsAWayInStaysWhoTheyAre: the same user, and no longer anonymous.
func TestWhoAddsAWayInStaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	const number = "+15550001111"
	for name, add := range map[string]func(t *testing.T, s *testkit.Server, c *testkit.Client){
		"passkey": func(_ *testing.T, s *testkit.Server, c *testkit.Client) {
			options := c.Get("/passkey/generate-register-options").Is(200, "")
			c.Post("/passkey/verify-registration", map[string]any{"response": s.Authenticator().Create(options)}).Is(200, "")
		},
		"phone-number": func(t *testing.T, s *testkit.Server, c *testkit.Client) {
			c.Post("/phone-number/send-otp", map[string]any{"phoneNumber": number}).Is(200, "")
			mails := s.Mails("phone-otp")
			c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": texted.FindStringSubmatch(mails[len(mails)-1])[1], "updatePhoneNumber": true}).Is(200, "")
		},
		"username": func(t *testing.T, _ *testkit.Server, c *testkit.Client) {
			c.Post("/update-user", map[string]any{"username": "ada"}).Is(200, "")
			if !anonymousNow(c) {
				t.Error("a name without a password is no way in")
			}
			c.Form("./account/set-password", map[string][]string{"new_password": {"a-new-password"}}).Is(303, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, "[anonymous]\nenabled = true\n[username]\nenabled = true\n[phone_number]\nenabled = true\n")
			var told []core.UserLinked
			s.Services.Core.UserLinked.On(func(_ context.Context, _ *store.Tx, e *core.UserLinked) error {
				told = append(told, *e)
				return nil
			})
			c, id := begin(t, s)
			add(t, s, c)
			a := c.Get("/get-session")
			if a.Field("user.id") != id || anonymousNow(c) {
				t.Fatal(a.Body)
			}
			if len(told) != 1 || told[0].User.ID != id || told[0].Anonymous.ID != id || told[0].Method != name || !told[0].Kept {
				t.Fatalf("told %+v", told)
			}
			c.Post("/delete-anonymous-user", nil).Is(403, "USER_IS_NOT_ANONYMOUS")
		})
	}
}

func anonymousNow(c *testkit.Client) bool {
	return c.Get("/get-session").Field("user.isAnonymous") == "true"
}

func TestAPasswordAloneMakesNobodySomebody(t *testing.T) {
	s := testkit.Start(t, "[anonymous]\nenabled = true\n[username]\nenabled = true\n")
	c, _ := begin(t, s)
	c.Form("./account/set-password", map[string][]string{"new_password": {"a-new-password"}}).Is(303, "")
	if !anonymousNow(c) {
		t.Error("nobody knows the address that this password goes with")
	}
	c.Post("/update-user", map[string]any{"username": "ada"}).Is(200, "")
	if anonymousNow(c) {
		t.Error("with a name they can come back")
	}
	s.Client().Post("/sign-in/username", map[string]any{"username": "ada", "password": "a-new-password"}).Is(200, "")
}
