package pages_test

import (
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// byPhone is somebody who has nothing but a phone.
func byPhone(t *testing.T, s *testkit.Server) *testkit.Client {
	t.Helper()
	c := s.Client()
	form(c, "/login/phone/send", "number", number).Is(200, "")
	form(c, "/login/phone", "number", number, "code", texted(t, s, "phone-otp"), "remember", "1").Is(303, "")
	return c
}

func TestWhoHasOnlyAPhoneConfirmsByACodeToIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, phonesNew)
	c := byPhone(t, s)
	other := byPhone(t, s)
	s.Clock.Advance(3 * time.Hour)
	asks := form(c, "/account/set-password", "new_password", "another-horse-battery")
	waits := waiting(t, asks)
	has(t, asks.Is(403, "").Body, `name="send" value="text"`)
	hasNot(t, asks.Body, "one-time-code", "by mail")
	has(t, form(c, "/confirm", "pending", waits, "send", "mail").Is(403, "").Body, confirmTitle) // they have no mailbox
	sent := form(c, "/confirm", "pending", waits, "send", "text").Is(200, "")
	has(t, sent.Body, "one-time-code", "Code from the text message", "outbox")
	code := texted(t, s, "phone-confirm-otp")
	for _, way := range []string{"mail", "code", "password"} {
		form(c, "/confirm", "pending", waits, "way", way, way, code).Is(422, "")
	}
	has(t, form(c, "/confirm", "pending", waits, "way", "text", "text", not(code)).Is(422, "").Body, "This code is not right", "one-time-code")
	shows(t, form(s.Client(), "/login/phone", "number", number, "code", code), 422, "Enter the code") // it is for nothing else
	form(c, "/account/set-password", "new_password", "another-horse-battery").Is(403, "")
	proof := []string{"pending", waits, "way", "text", "text", code[:3] + " " + code[3:]}
	form(c, "/confirm", proof...).Is(307, "")
	leads(t, form(c, "/account/set-password", proof...), "/account/security")
	form(other, "/confirm", "way", "text", "text", code).Is(422, "") // once, and by now there is a password
	has(t, form(other, "/account/phone/remove").Is(403, "").Body, `name="way" value="password"`)
}

func TestWhoHasOnlyAPhoneGetsOnlySoManyCodes(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, phonesNew+"[sms]\nmax_per_number = 2\n")
	c := byPhone(t, s)
	s.Clock.Advance(10 * time.Minute)
	s.Clock.Advance(3 * time.Hour)
	form(c, "/confirm", "send", "text").Is(200, "")
	form(c, "/confirm", "send", "text").Is(200, "")
	has(t, form(c, "/confirm", "send", "text").Is(429, "").Body, confirmTitle, "Too many messages")
	if n := len(s.Mails("phone-confirm-otp")); n != 2 {
		t.Fatalf("%d messages", n)
	}
}

// TestTheAccountOfWhoHasOnlyAPhone: nothing there leads to a mailbox that is none.
func TestTheAccountOfWhoHasOnlyAPhone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, phonesNew+"[user.delete_user]\nenabled = true\nsend_delete_account_verification = true\n[user.change_email]\nenabled = true\n")
	c := byPhone(t, s)
	page := c.Get("./account").Is(200, "").Body
	has(t, page, plain, "None so far.", `action="/account/email"`)
	hasNot(t, page, "phone.invalid", "Address not confirmed", "/account/verify-email")
	security := c.Get("./account/security").Is(200, "").Body
	has(t, security, plain, "Only way in", `action="/account/set-password"`)
	hasNot(t, security, "phone.invalid", "/account/phone/remove")
	ask := c.Get("./delete-account").Is(200, "").Body
	hasNot(t, ask, "phone.invalid", "Send")
	shows(t, form(c, "/delete-account"), 200, "Your account is deleted")
	if n := len(s.Mails("delete-account")); n != 0 || signedIn(c) {
		t.Fatalf("%d mails, signed in: %t", n, signedIn(c))
	}
}
