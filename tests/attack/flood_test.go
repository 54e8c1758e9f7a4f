package attack_test

import (
	"fmt"
	"net/http"
	"testing"
)

// TestNobodysMailboxIsFlooded: 1,200 requests from everywhere, by six ways, send an address no
// more than mail.max_per_address mails; nobody can tell when that is reached, and the address of
// somebody else is not held up.
func TestNobodysMailboxIsFlooded(t *testing.T) {
	t.Parallel()
	w := begin(t, "")
	w.person(t, 1)
	w.person(t, 2)
	victim := email("known", 1)
	attacker := w.Client()
	// What is asked for first gets its mails: that is what sends some to everybody.
	for _, ask := range []struct {
		path string
		body map[string]any
	}{
		{"/request-password-reset", map[string]any{"email": victim}},
		{"/sign-in/magic-link", map[string]any{"email": victim}},
		{"/email-otp/send-verification-otp", map[string]any{"email": victim, "type": "sign-in"}},
		{"/email-otp/request-password-reset", map[string]any{"email": victim}},
		{"/sign-up/email", map[string]any{"email": victim, "password": password, "name": "Mallory"}},
		{"/send-verification-email", map[string]any{"email": victim}},
	} {
		first := post(t, attacker, from(9999), ask.path, ask.body)
		spread(200, func(i int) {
			if a := post(t, attacker, from(i), ask.path, ask.body); a.Status != first.Status || len(a.Body) != len(first.Body) {
				t.Errorf("%s: %d %s, at first %d %s", ask.path, a.Status, a.Body, first.Status, first.Body)
			}
		})
	}
	post(t, attacker, from(1), "/request-password-reset", map[string]any{"email": email("known", 2)})
	eventually(t, "a mail to somebody else", func() bool { return w.Mails.To(email("known", 2)) == 1 })
	eventually(t, "as many mails as are allowed", func() bool { return w.Mails.To(victim) >= 20 })
	if n := w.Mails.To(victim); n > 20 {
		t.Errorf("%d mails", n)
	}
}

// TestTextsCostNoMoreThanIsAllowed: to one number from everywhere, and to many from one network;
// what is no request of its own counts as well.
func TestTextsCostNoMoreThanIsAllowed(t *testing.T) {
	t.Parallel()
	w := begin(t, "[sms]\nmax_per_number = 5\nmax_per_address = 20\nmax_per_network = 60\n")
	attacker := w.Client()
	ask := func(address, number string) int {
		return post(t, attacker, address, "/phone-number/send-otp", map[string]any{"phoneNumber": number}).Status
	}
	spread(1000, func(i int) { ask(from(i), "+15550029999") })
	eventually(t, "texts to one number", func() bool { n, _ := w.Texts.To("+15550029999"); return n == 5 })
	sent := w.Texts.All()
	for network, address := range map[string]func(i int) string{
		"IPv4": func(i int) string { return fmt.Sprintf("203.0.113.%d", i%250) },
		"IPv6": func(i int) string { return fmt.Sprintf("2001:db8:7:%x::%x", i%250, i) },
	} {
		allowed := 0
		for i := range 500 {
			if ask(address(i), fmt.Sprintf("+15550%d%04d", len(network)+int(network[3]), i)) == http.StatusOK {
				allowed++
			}
		}
		if allowed != 60 {
			t.Errorf("%s: one network had %d texts sent", network, allowed)
		}
	}
	eventually(t, "the texts that were allowed", func() bool { return w.Texts.All() == sent+120 })
}

// TestASecondFactorByTextIsNoWayRoundTheLimit: who has the password can have codes sent.
func TestASecondFactorByTextIsNoWayRoundTheLimit(t *testing.T) {
	t.Parallel()
	w := begin(t, "")
	enrolled(t, w)
	attacker := w.Client()
	signsIn(t, attacker, from(1), email("known", 1))
	for i := range 30 {
		post(t, attacker, from(i), "/two-factor/send-otp", map[string]any{"via": "sms"})
		post(t, attacker, from(i), "/two-factor/send-otp", map[string]any{"via": "email"})
	}
	eventually(t, "as many mails as are allowed", func() bool { return w.Mails.To(email("known", 1)) >= 20 })
	eventually(t, "texts", func() bool { return w.Texts.All() >= 5 })
	if n, _ := w.Texts.To(number("known", 1)); n > 5 {
		t.Errorf("%d texts", n)
	}
}
