package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestBaselineAnswerIsTheUnit(t *testing.T) {
	t.Parallel()
	answer := baselineAnswer()
	if len(answer) != 658 || !json.Valid(answer) {
		t.Errorf("%d bytes, valid JSON: %t; the unit is 658 bytes of JSON", len(answer), json.Valid(answer))
	}
}

// served starts a server in this process and describes it as one to load.
func served(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	ts := httptest.NewServer(handler)
	t.Cleanup(ts.Close)
	addr := ts.Listener.Addr().String()
	return &server{name: "test", addr: addr, host: addr, pid: os.Getpid()}
}

func TestClientReadsAnswers(t *testing.T) {
	t.Parallel()
	s := served(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "kept", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "deleted", MaxAge: -1})
		switch r.URL.Path {
		case "/chunked":
			for range 3 {
				fmt.Fprint(w, strings.Repeat("c", 5000))
				w.(http.Flusher).Flush()
			}
		case "/close":
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, `{"token":"abc","other":1}`)
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		default:
			fmt.Fprint(w, `{"token":"abc","other":1}`)
		}
	})
	c, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	cases := []struct {
		name, path string
		status     int
		length     int
	}{
		{"a length", "/", 200, 25},
		{"chunks", "/chunked", 200, 15000},
		{"a connection that ends", "/close", 200, 25},
		{"the next request connects again", "/", 200, 25},
		{"a redirect with a body", "/redirect", 302, 33},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if err := c.do(get(s.host, tt.path)); err != nil {
				t.Fatal(err)
			}
			if err := c.want(tt.status); err != nil || len(c.body) != tt.length {
				t.Errorf("%v; body of %d bytes, want %d", err, len(c.body), tt.length)
			}
			if got := c.cookies(); got != "kept=1" {
				t.Errorf("cookies %q, want only the one that was set", got)
			}
			if tt.length == 25 && c.field("token") != "abc" {
				t.Errorf("token %q in %s", c.field("token"), c.body)
			}
		})
	}
}

func TestLoadCountsAndStops(t *testing.T) {
	t.Parallel()
	s := served(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	got, err := load(context.Background(), s, 2, 50*time.Millisecond, reads(s.host, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if got.ops == 0 || got.p50 == 0 || got.p99 < got.p50 || got.wall < 50*time.Millisecond {
		t.Errorf("implausible sample %+v", got)
	}
}

func TestLoadFailsOnAWrongAnswer(t *testing.T) {
	t.Parallel()
	s := served(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) })
	if _, err := load(context.Background(), s, 1, 50*time.Millisecond, reads(s.host, "/")); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("error %v, want one that shows the 418", err)
	}
}

func TestTableIsAligned(t *testing.T) {
	t.Parallel()
	var tab table
	tab.addMultiple("discovery", 1.5, figures{multiple: 1.234, cpu: 20 * time.Microsecond, perSecond: 12345, p50: 90 * time.Microsecond, p99: 1200 * time.Microsecond})
	tab.add(line{what: "binary", target: "≤ 28 MB", measured: "30 MB", reached: reached(false)})
	var out bytes.Buffer
	tab.print(&out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4:\n%s", len(lines), out.String())
	}
	for _, l := range lines[1:] {
		if len([]rune(l)) != len([]rune(lines[0])) {
			t.Errorf("lines of different width:\n%s", out.String())
		}
	}
	if !strings.Contains(lines[2], "1.23 ×") || !strings.Contains(lines[2], "1.2 ms") || !strings.Contains(lines[2], "yes") {
		t.Errorf("row %q", lines[2])
	}
}
