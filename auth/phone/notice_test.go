package phone_test

import (
	"context"
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func TestPeopleAreToldOfTheirNumber(t *testing.T) {
	s := testkit.Start(t, signsUp)
	var told []string
	s.Services.Core.PhoneChanged.On(func(_ context.Context, _ *store.Tx, e *core.PhoneChanged) error {
		told = append(told, e.Before+">"+e.After)
		return nil
	})
	c := s.SignUp("a@example.com")
	c.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	mails := func(kind string, want int) string {
		t.Helper()
		all := s.Mails(kind)
		if len(all) != want {
			t.Fatalf("%d %s mails, want %d", len(all), kind, want)
		}
		if want == 0 {
			return ""
		}
		return all[want-1]
	}
	change := func(to string) {
		t.Helper()
		c.Post("/phone-number/verify", map[string]any{"phoneNumber": to, "code": send(t, s, c, to), "updatePhoneNumber": true}).Is(200, "")
	}
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": wrong(send(t, s, c, number)), "updatePhoneNumber": true}).Is(400, "INVALID_OTP")
	mails("phone-added", 0)
	change(number)
	if m := mails("phone-added", 1); !strings.Contains(m, "111") || strings.Contains(m, number) || !strings.Contains(m, "Firefox") || !strings.Contains(m, "To: <a@example.com>") {
		t.Fatal(m)
	}
	change(other)
	mails("phone-changed", 1)
	c.Post("/update-user", map[string]any{"phoneNumber": nil}).Is(200, "")
	if m := mails("phone-removed", 1); !strings.Contains(m, "222") || !strings.Contains(m, "Firefox") {
		t.Fatal(m)
	}
	change(number)
	c.Form("./account/phone/remove", nil).Is(303, "")
	mails("phone-removed", 2)
	c.Post("/update-user", map[string]any{"name": "Ada"}).Is(200, "")
	if got := strings.Join(told, " "); got != ">"+number+" "+number+">"+other+" "+other+"> >"+number+" "+number+">" {
		t.Fatal(got)
	}
	newcomer(t, s, other) // a number that makes an account is no news, and there is no address to tell
	if len(told) != 5 {
		t.Fatal(told)
	}
}

func TestNobodyIsToldOfTheirNumberWhereThatIsOff(t *testing.T) {
	s := testkit.Start(t, signsUp+"[notices]\nphone_number = false\n")
	c := s.SignUp("a@example.com")
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": send(t, s, c, number), "updatePhoneNumber": true}).Is(200, "")
	c.Form("./account/phone/remove", nil).Is(303, "")
	if n := len(s.Mails("phone-added")) + len(s.Mails("phone-removed")); n != 0 {
		t.Fatalf("%d mails", n)
	}
}
