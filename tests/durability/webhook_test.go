package durability

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// listener is a receiver of webhooks that counts who it was told of.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	told map[string]map[string]bool // address → ids of messages
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{told: map[string]map[string]bool{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			Data struct{ User struct{ Email string } }
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &event) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.told[event.Data.User.Email] == nil {
			l.told[event.Data.User.Email] = map[string]bool{}
		}
		l.told[event.Data.User.Email][r.Header.Get("Webhook-Id")] = true
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) messages(email string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.told[email])
}

// leasesEnd lets the two minutes pass for which what was under way at the kill is left alone.
func leasesEnd(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "authd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE outbox SET next_at = created_at, leased_until = 0 WHERE state = 'waiting'`); err != nil {
		t.Fatal(err)
	}
}

// TestNoMessageIsLostWhenTheServerIsKilled: while people sign up as fast as they can, the server
// is killed. Everybody whose sign-up was answered is told of afterwards, and of nobody there are
// two messages, though one message may come twice.
func TestNoMessageIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	s := authdtest.Start(t, authdtest.Options{
		Env:  map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"},
		TOML: "[[webhook]]\nurl = \"" + l.URL + "\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nevents = [\"user.created\"]\n",
	})
	var mu sync.Mutex
	var answered []string
	for round := range 3 {
		enough := make(chan struct{})
		var all sync.WaitGroup
		count := 0
		for worker := range 4 {
			all.Go(func() {
				c := s.Client()
				for n := 0; ; n++ {
					email := fmt.Sprintf("p%d-%d-%d@example.com", round, worker, n)
					a, err := c.Send(authdtest.Call{Method: "POST", Path: "/sign-up/email", JSON: map[string]string{"name": "P", "email": email, "password": "correct horse battery"}})
					if err != nil {
						return // the server is gone
					}
					if a.Status != 200 {
						t.Errorf("sign-up: %d %s", a.Status, a.Body)
						return
					}
					mu.Lock()
					answered = append(answered, email)
					if count++; count == 30 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		leasesEnd(t, s.Data)
		if err := s.Launch(); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(2 * time.Minute)
	for _, email := range answered {
		for l.messages(email) == 0 {
			if time.Now().After(deadline) {
				t.Fatalf("nobody was told of %s", email)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := l.messages(email); n != 1 {
			t.Errorf("%d messages tell of %s", n, email)
		}
	}
}
