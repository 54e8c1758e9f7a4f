package egress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	for _, c := range []struct {
		rule   string
		answer http.HandlerFunc
		want   string // type, body and age, or "" where it is an error
		err    error
	}{
		{"a document and its age", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "Application/JSON; charset=utf-8")
			w.Header().Set("Cache-Control", `public, Max-Age="60"`)
			fmt.Fprint(w, "{}")
		}, "application/json {} 1m0s", nil},
		{"no-store outweighs an age (RFC 9111 §5.2.2.5)", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Add("Cache-Control", "max-age=60")
			w.Header().Add("Cache-Control", "no-store")
		}, "application/json  0s", nil},
		{"an age that is none", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Cache-Control", "max-age=-1")
		}, "text/plain  0s", nil},
		{"what is asked for", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, r.Method, r.Header.Get("Accept"))
		}, "text/plain GETapplication/json 0s", nil},
		{"as long as wanted", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, strings.Repeat("a", 100))
		}, "text/plain " + strings.Repeat("a", 100) + " 0s", nil},
		{"longer", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("a", 101)) }, "", ErrTooLarge},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }, "", nil},
		{"not found", http.NotFound, "", nil},
		{"too slow", func(_ http.ResponseWriter, r *http.Request) { hang(r) }, "", context.DeadlineExceeded},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s, o := serve(t, c.answer)
			timeout := 5 * time.Second
			if errors.Is(c.err, context.DeadlineExceeded) {
				timeout = 50 * time.Millisecond
			}
			got, err := newClient(o, everything).Fetch(t.Context(), s.URL+"/x", Want{MaxBody: 100, Timeout: timeout})
			if c.want == "" {
				if err == nil || c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if text := fmt.Sprint(got.Type, " ", string(got.Body), " ", got.MaxAge); err != nil || text != c.want {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

func TestFetchThroughTheRightDoor(t *testing.T) {
	s, o := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := New(o)
	for _, address := range []string{s.URL, "http://example.com/", "%zz", ""} {
		if _, err := c.Fetch(t.Context(), address, Want{}); !errors.Is(err, ErrForbidden) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := c.Fetch(t.Context(), s.URL, Want{Trusted: true}); err != nil {
		t.Error(err)
	}
}

type world struct{ asked []string }

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked = append(w.asked, r.URL.String())
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
}

func TestWorldStandsInForTheNetwork(t *testing.T) {
	w := &world{}
	c := New(Options{World: w})
	if _, err := c.Fetch(t.Context(), "https://app.example/x", Want{}); err != nil {
		t.Error(err)
	}
	if _, err := c.Fetch(t.Context(), "https://10.0.0.1/", Want{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("a private address: %v", err)
	}
	if len(w.asked) != 1 {
		t.Errorf("asked %v", w.asked)
	}
}
