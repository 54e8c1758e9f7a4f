package attack_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// delivered is a way to get a code by a message, and to use it.
type delivered struct {
	name     string
	ask, use string
	to       map[string]any
	code     string // what the code is called in the request
	wrong    string // what a code that was looked at and is not right is answered with
	most     int    // as documented: wrong codes that are looked at
	count    func(w *world) int
	last     func(w *world) string
}

// six digits that stand alone; the text ends with the code once more for browsers.
var six = regexp.MustCompile(`(?:^|[^0-9#=])(\d{6})(?:[^0-9]|$)`)

// TestGuessesAtACodeFromManyAddresses: of 10,000 guesses at codes that are asked for again and
// again only the documented few are held against one. How many that are is found with the right
// code: while it works, the wrong ones before it were looked at.
func TestGuessesAtACodeFromManyAddresses(t *testing.T) {
	t.Parallel()
	victim, phone := email("known", 1), number("known", 1)
	for _, d := range []delivered{
		{
			name: "by mail", ask: "/email-otp/send-verification-otp", use: "/email-otp/check-verification-otp", code: "otp", wrong: "INVALID_OTP", most: 15,
			to: map[string]any{"email": victim, "type": "sign-in"}, count: func(w *world) int { return w.Mails.To(victim) }, last: func(w *world) string { return w.Mails.Last(victim) },
		},
		{
			name: "by text", ask: "/phone-number/request-password-reset", use: "/phone-number/reset-password", code: "otp", wrong: "INVALID_OTP", most: 15,
			to: map[string]any{"phoneNumber": phone, "newPassword": "a-password-of-mallory"}, count: func(w *world) int { n, _ := w.Texts.To(phone); return n }, last: func(w *world) string { _, text := w.Texts.To(phone); return text },
		},
	} {
		w := begin(t, "")
		w.person(t, 1)
		known := w.Client()
		if !signsIn(t, known, home, victim) {
			t.Fatal("the person does not come in")
		}
		before := d.count(w)
		attacker := w.Client()
		looked, rounds := 0, 0
		for ; rounds < 40; rounds++ {
			// Two wrong ones and no third: that would end the code.
			post(t, attacker, from(rounds), d.ask, d.to)
			came := func() bool { return d.count(w) > before }
			if rounds == 0 {
				eventually(t, "the first message", came)
			}
			if !arrives(came) {
				break
			}
			before = d.count(w)
			right := six.FindStringSubmatch(d.last(w))
			if right == nil {
				t.Fatalf("%s: no code in %q", d.name, d.last(w))
			}
			fake := []byte(right[1])
			fake[0] = '0' + (fake[0]-'0'+1)%10
			for i := range 3 {
				if code := codeIn(d.guess(t, w, attacker, from(100*rounds+i), string(fake))); code == d.wrong {
					looked++
				}
			}
			if a := d.guess(t, w, attacker, from(rounds), right[1]); a.Status == http.StatusOK {
				t.Fatalf("%s: the right code works after three wrong ones: %s", d.name, a.Body)
			}
		}
		if looked == 0 || looked > d.most || rounds == 40 {
			t.Errorf("%s: %d wrong codes were looked at, %d messages sent", d.name, looked, rounds)
		}
		spread(guesses, func(i int) {
			if a := d.guess(t, w, attacker, from(i), fmt.Sprintf("%06d", i)); a.Status == http.StatusOK {
				t.Errorf("%s: a guess was right", d.name)
			}
			if i%1000 == 0 && !signsIn(t, known, home, victim) {
				t.Error("the person was locked out of their own browser")
			}
		})
	}
}

// arrives waits a moment for a message, which may be one that never comes.
func arrives(is func() bool) bool {
	for range 200 {
		if is() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func (d delivered) guess(t *testing.T, w *world, c *authdtest.Client, address, code string) authdtest.Response {
	t.Helper()
	body := map[string]any{d.code: code}
	for name, value := range d.to {
		body[name] = value
	}
	return post(t, c, address, d.use, body)
}

func codeIn(a authdtest.Response) string {
	var one codes
	return one.add(a)
}
