package twofactor_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

func TestAnotherPasswordEndsTrustedBrowsersAndWaitingSignIns(t *testing.T) {
	const next = "another-fine-passphrase"
	ways := map[string]func(t *testing.T, s *testkit.Server, owner *testkit.Client){
		"changed": func(t *testing.T, _ *testkit.Server, owner *testkit.Client) {
			t.Helper()
			owner.In(t).Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": next}).Is(200, "")
		},
		"reset": func(t *testing.T, s *testkit.Server, _ *testkit.Client) {
			t.Helper()
			c := s.Client().In(t)
			c.Post("/request-password-reset", map[string]string{"email": ada}).Is(200, "")
			c.Post("/reset-password", map[string]string{"token": s.Token("reset-password"), "newPassword": next}).Is(200, "")
		},
	}
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			owner, device, codes := enrolled(t, s, ada)
			owner.Post("/send-verification-email", map[string]string{"email": ada}).Is(200, "")
			owner.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "") // else a reset makes it another's account
			_, other, _ := enrolled(t, s, bob)
			trusted, bobs := heldIn(t, s, ada), heldIn(t, s, bob)
			trusted.Post("/two-factor/verify-totp", map[string]any{"code": device.code(0), "trustDevice": true}).Is(200, "")
			bobs.Post("/two-factor/verify-totp", map[string]any{"code": other.code(0), "trustDevice": true}).Is(200, "")
			waiting := heldIn(t, s, ada)
			change(t, s, owner)
			if a := trusted.Post("/sign-in/email", map[string]string{"email": ada, "password": next}).Is(200, ""); a.Field("twoFactorRedirect") != "true" {
				t.Errorf("the browser is trusted still: %s", a.Body)
			}
			verify(waiting, "backup-code", codes[0]).Is(401, "INVALID_TWO_FACTOR_COOKIE")
			if a := bobs.Post("/sign-in/email", map[string]string{"email": bob, "password": testkit.Password}).Is(200, ""); a.Field("user.email") != bob {
				t.Errorf("somebody else's browser is asked: %s", a.Body)
			}
			verify(trusted, "backup-code", codes[0]).Is(200, "")
		})
	}
}
