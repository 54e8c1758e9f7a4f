package attack_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/crypto/argon2"
)

const (
	tries  = 2000 // of either kind
	people = 200  // so that each is asked about too seldom to be made to wait
)

// measure asks about known and unknown people in turns that chance decides.
func measure(l *line, q question, from int) []sample {
	order := make([]bool, 2*tries)
	for i := 0; i < len(order); i += block {
		part := order[i:min(i+block, len(order))]
		for j := range part {
			part[j] = j%2 == 0
		}
		rand.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
	}
	samples := make([]sample, 0, len(order))
	next := map[bool]int{}
	for _, known := range order {
		who := "known"
		if !known {
			who = "nobody"
		}
		n := next[known] % people
		next[known]++
		if q.fresh && !known {
			n = from + next[known]
		}
		samples = append(samples, sample{l.ask(q, who, n).took, known})
	}
	return samples
}

// tells asks whether the times tell known people from unknown ones: three times before it
// says so, and each time in the same direction.
func tells(t *testing.T, l *line, q question) bool {
	t.Helper()
	longer := 0
	for n := 1; n <= 3; n++ {
		v := judge(measure(l, q, n*10_000))
		t.Logf("%s, measurement %d: known ones take %v longer, chance makes %v", q.name, n, v.by, v.band)
		if !v.told {
			return false
		}
		if v.by > 0 {
			longer++
		}
	}
	return longer == 0 || longer == 3
}

// TestTheTimeOfAnAnswerTellsNobody: 2,000 tries at known and unknown people each.
func TestTheTimeOfAnAnswerTellsNobody(t *testing.T) {
	w := begin(t, "[mail]\nmax_per_address = 100000\n[sms]\nmax_per_number = 100000\nmax_per_address = 1000000\nmax_per_hour = 1000000\n[lockout]\naccount_failures = 100\n")
	for n := range people {
		w.person(t, n)
	}
	for _, q := range questions() {
		if tells(t, dial(t, w.URL), q) {
			t.Errorf("%s: the time tells who has an account", q.name)
		}
	}
}

// leaky is a server that looks a name up and hashes the password that came with it; for a
// name that nobody has it forgets the hash where it leaks.
func leaky(t *testing.T, leaks bool) *line {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Email, Password string }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if in.Email[:5] == "known" || !leaks {
			argon2.IDKey([]byte(in.Password), []byte("sixteen bytes...."), 1, 256, 1, 32)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	return dial(t, s.URL)
}

// TestAForgottenHashIsFound: the measurement finds a hash that is left out for unknown names,
// one that costs a hundredth of what the server's own does, and nothing where none is left out.
// A machine that does much else may hide it once.
func TestAForgottenHashIsFound(t *testing.T) {
	q := questions()[0]
	careless := leaky(t, true)
	found := false
	for try := 0; try < 4 && !found; try++ {
		found = tells(t, careless, q)
	}
	if !found {
		t.Error("a server that skips the hash for unknown names was not found")
	}
	if tells(t, leaky(t, false), q) {
		t.Error("a server that hashes for all was found guilty")
	}
}
