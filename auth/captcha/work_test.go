package captcha_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/bits"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// task is what GET /captcha/challenge says.
type task struct {
	Challenge, Algorithm  string
	Difficulty, ExpiresIn int
}

func challenge(t *testing.T, c *testkit.Client, purpose string) task {
	t.Helper()
	var k task
	a := c.Get("/captcha/challenge?for="+url.QueryEscape(purpose)).Is(200, "")
	if err := json.Unmarshal([]byte(a.Body), &k); err != nil || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(err, a.Header)
	}
	return k
}

// solve does the work, or, where it is not to be right, just not enough of it.
func solve(challenge string, difficulty int, right bool) string {
	for n := 0; ; n++ {
		response := fmt.Sprintf("%s.%d", challenge, n)
		sum := sha256.Sum256([]byte(response))
		zeros := bits.LeadingZeros32(uint32(sum[0])<<24 | uint32(sum[1])<<16 | uint32(sum[2])<<8 | uint32(sum[3]))
		if right == (zeros >= difficulty) {
			return response
		}
	}
}

const pow = "[captcha]\nenabled = true\ndifficulty = 8\nlocked_difficulty = 10\n"

func TestAProofOfWorkLetsOneRequestThrough(t *testing.T) {
	s := testkit.Start(t, pow)
	k := challenge(t, s.Client(), "/sign-up/email")
	if k.Algorithm != "SHA-256" || k.Difficulty != 8 || k.ExpiresIn != 600 {
		t.Errorf("%+v", k)
	}
	signUp(s.Client(), "ada@example.com").Is(400, "MISSING_RESPONSE")
	response := solve(k.Challenge, k.Difficulty, true)
	signUp(with(s.Client(), response), "ada@example.com").Is(200, "")
	signUp(with(s.Client(), response), "bob@example.com").Is(403, "VERIFICATION_FAILED")
	// Another number for the same task, or the same one written otherwise, is no second solution.
	for _, other := range []string{k.Challenge + ".0" + response[len(k.Challenge)+1:], next(response, k)} {
		signUp(with(s.Client(), other), "bob@example.com").Is(403, "VERIFICATION_FAILED")
	}
	if s.FileContains("bob@example.com") {
		t.Error("there is an account")
	}
}

// next is the next number that solves a task.
func next(response string, k task) string {
	var n int
	if _, err := fmt.Sscan(response[len(k.Challenge)+1:], &n); err != nil {
		return ""
	}
	for n++; ; n++ {
		other := fmt.Sprintf("%s.%d", k.Challenge, n)
		if sum := sha256.Sum256([]byte(other)); sum[0] == 0 {
			return other
		}
	}
}

func TestWhatIsNoProofOfWork(t *testing.T) {
	s := testkit.Start(t, pow)
	other := testkit.Start(t, pow+"[advanced]\ncookie_prefix = \"other\"\n")
	k := challenge(t, s.Client(), "/sign-up/email")
	solution := solve(k.Challenge, k.Difficulty, true)
	about, signature, _ := strings.Cut(k.Challenge, ".")
	flip := func(text string, at int) string { // one bit of a letter of base64url that is not the last
		letter := "B"
		if text[at] == 'B' {
			letter = "C"
		}
		return text[:at] + letter + text[at+1:]
	}
	for name, response := range map[string]string{
		"too little work":      solve(k.Challenge, k.Difficulty, false),
		"no number":            k.Challenge + ".",
		"no task":              ".1",
		"a number with a sign": k.Challenge + ".-1",
		"a long number":        k.Challenge + "." + strings.Repeat("1", 17),
		"no signature":         solve(about+".", 8, true),
		"an easier task":       solve(flip(about, 11)+"."+signature, 8, true),
		"a later end":          solve(flip(about, 4)+"."+signature, 8, true),
		"another signature":    solve(about+"."+flip(signature, 3), 8, true),
		"for a sign-in":        solve(challenge(t, s.Client(), "/sign-in/email").Challenge, 8, true),
		"for a form":           solve(challenge(t, s.Client(), "/signup").Challenge, 8, true),
		"nonsense":             "x",
	} {
		t.Run(name, func(t *testing.T) {
			signUp(with(s.Client(), response), "eve@example.com").Is(403, "VERIFICATION_FAILED")
		})
	}
	// The servers share their secret here, and so their tasks: what counts is what one has used up.
	signUp(with(other.Client(), solution), "ada@example.com").Is(200, "")
	signUp(with(s.Client(), solution), "ada@example.com").Is(200, "")
	s.Client().Get("/captcha/challenge?for=/sign-out").Is(400, "INVALID_PURPOSE")
	s.Client().Get("/captcha/challenge").Is(400, "VALIDATION_ERROR")
}

func TestATaskEnds(t *testing.T) {
	s := testkit.Start(t, pow)
	k, late := challenge(t, s.Client(), "/sign-up/email"), challenge(t, s.Client(), "/sign-up/email")
	s.Clock.Advance(10*time.Minute - time.Millisecond)
	used := solve(k.Challenge, 8, true)
	signUp(with(s.Client(), used), "ada@example.com").Is(200, "")
	// What is used up is remembered until its end, also when what has ended is swept.
	if err := s.Core.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	signUp(with(s.Client(), used), "bob@example.com").Is(403, "VERIFICATION_FAILED")
	s.Clock.Advance(time.Millisecond)
	signUp(with(s.Client(), solve(late.Challenge, 8, true)), "bob@example.com").Is(403, "VERIFICATION_FAILED")
}

func TestOnlyOneOfManyAtOnceUsesASolution(t *testing.T) {
	s := testkit.Start(t, pow)
	k := challenge(t, s.Client(), "/request-password-reset")
	response := solve(k.Challenge, k.Difficulty, true)
	var wait sync.WaitGroup
	status := make([]int, 8)
	for i := range status {
		c := with(s.Client(), response)
		wait.Go(func() {
			status[i] = c.Post("/request-password-reset", map[string]any{"email": "ada@example.com"}).Status
		})
	}
	wait.Wait()
	passed := 0
	for _, each := range status {
		if each == 200 {
			passed++
		} else if each != 403 {
			t.Errorf("answered %d", each)
		}
	}
	if passed != 1 {
		t.Errorf("%d passed", passed)
	}
}
