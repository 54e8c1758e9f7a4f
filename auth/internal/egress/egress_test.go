package egress

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func everything(netip.Addr) error { return nil }

// serve starts a server with TLS and gives the options to call it with.
func serve(t *testing.T, h http.HandlerFunc) (*httptest.Server, Options) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, Options{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Timeout: 5 * time.Second, UserAgent: "authd-test"}
}

func get(t *testing.T, c *http.Client, target string) (string, error) {
	t.Helper()
	answer, err := c.Get(target)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return fmt.Sprint(answer.StatusCode, " ", string(body)), err
}

func TestPublicDoesNotReachThisMachine(t *testing.T) {
	var requests atomic.Int32
	s, o := serve(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	port := s.Listener.Addr().(*net.TCPAddr).Port
	c := New(o)
	for _, target := range []string{
		s.URL,
		fmt.Sprintf("https://localhost:%d", port), // known only once it is resolved
		fmt.Sprintf("https://0.0.0.0:%d", port),
		fmt.Sprintf("https://[::ffff:127.0.0.1]:%d", port),
		fmt.Sprintf("https://2130706433:%d", port), // 127.0.0.1 in the old notations
		fmt.Sprintf("https://0x7f.1:%d", port),
		fmt.Sprintf("https://127.1:%d", port),
		fmt.Sprintf("https://[::1]:%d", port),
		fmt.Sprintf("https://[fe80::1%%25lo]:%d", port),
	} {
		if got, err := get(t, c.Public(), target); err == nil {
			t.Errorf("%s answers %s", target, got)
		}
	}
	for _, target := range []string{s.URL, fmt.Sprintf("https://localhost:%d", port)} {
		if _, err := get(t, c.Public(), target); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	if got, err := get(t, c.Trusted(), s.URL); err != nil || got != "200 " {
		t.Errorf("trusted: %q, %v", got, err)
	}
}

func TestPublicChecksTheAddressItConnectsTo(t *testing.T) {
	s, o := serve(t, func(http.ResponseWriter, *http.Request) {})
	// As with DNS rebinding: allowed by name and when first looked at, then not.
	looks := 0
	c := newClient(o, func(a netip.Addr) error {
		looks++
		if looks == 1 {
			return nil
		}
		return checkPublic(a)
	})
	if _, err := get(t, c.Public(), s.URL); !errors.Is(err, ErrForbidden) || looks != 2 {
		t.Errorf("%d looks: %v", looks, err)
	}
}

func TestPublicSpeaksHTTPSOnly(t *testing.T) {
	c := newClient(Options{}, everything)
	for _, target := range []string{"http://example.com", "ftp://example.com", "file:///etc/passwd", "https://user:hunter2@example.com"} {
		_, err := get(t, c.Public(), target)
		if !errors.Is(err, ErrForbidden) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", target, err)
		}
	}
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	if got, err := get(t, c.Trusted(), plain.URL); err != nil || got != "200 " {
		t.Errorf("trusted: %q, %v", got, err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var s *httptest.Server
	s, o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret" {
			t.Error("followed")
		}
		http.Redirect(w, r, s.URL+"/secret", http.StatusFound)
	})
	c := newClient(o, everything)
	for name, client := range map[string]*http.Client{"public": c.Public(), "trusted": c.Trusted()} {
		if got, err := get(t, client, s.URL); err != nil || !strings.HasPrefix(got, "302 ") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	for _, c := range []struct {
		rule   string
		answer http.HandlerFunc
		want   string
		err    error
	}{
		{"as long as allowed", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("a", 1000)) }, "200 " + strings.Repeat("a", 1000), nil},
		{"as long as allowed, in pieces", func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				fmt.Fprint(w, strings.Repeat("a", 100))
				w.(http.Flusher).Flush()
			}
		}, "200 " + strings.Repeat("a", 1000), nil},
		{"longer, and says so", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("a", 1001)) }, "", ErrTooLarge},
		{"longer, in pieces", func(w http.ResponseWriter, _ *http.Request) {
			for range 11 {
				fmt.Fprint(w, strings.Repeat("a", 100))
				w.(http.Flusher).Flush()
			}
		}, "", ErrTooLarge},
		{"longer, but packed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, strings.Repeat("a", 100_000))
			z.Close()
		}, "", ErrTooLarge},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s, o := serve(t, c.answer)
			o.MaxBody = 1000
			got, err := get(t, newClient(o, everything).Public(), s.URL)
			if !errors.Is(err, c.err) || c.err == nil && (err != nil || got != c.want) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("header", func(t *testing.T) {
		s, o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 200 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("a", 1000))
			}
		})
		if _, err := get(t, newClient(o, everything).Public(), s.URL); err == nil {
			t.Error("200 kB of header passed")
		}
	})
}

// hang answers nothing, not even when the caller hangs up.
func hang(r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func TestTimeBounds(t *testing.T) {
	for rule, h := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { hang(r) },
		"no end of the body": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "a")
			w.(http.Flusher).Flush()
			hang(r)
		},
	} {
		t.Run(rule, func(t *testing.T) {
			s, o := serve(t, h)
			o.Timeout = 100 * time.Millisecond
			start := time.Now()
			if _, err := get(t, newClient(o, everything).Public(), s.URL); err == nil || time.Since(start) > 3*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
			o.Timeout = time.Minute
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := newClient(o, everything).Public().Do(request)
			if err == nil {
				_, err = io.ReadAll(answer.Body)
				answer.Body.Close()
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}

func TestUserAgentAndCertificate(t *testing.T) {
	s, o := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.UserAgent()) })
	if got, err := get(t, newClient(o, everything).Public(), s.URL); err != nil || got != "200 authd-test" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := get(t, newClient(Options{}, everything).Public(), s.URL); err == nil {
		t.Error("a certificate of nobody was accepted")
	}
}

func TestDiversion(t *testing.T) {
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.Header.Get("X-Authd-Egress-Url"))
	}))
	defer world.Close()
	t.Setenv("AUTHD_TEST_EGRESS", world.URL)
	c := New(Options{Timeout: 5 * time.Second})
	const target = "https://idp.invalid/token?x=1"
	for name, client := range map[string]*http.Client{"public": c.Public(), "trusted": c.Trusted()} {
		answer, err := client.PostForm(target, url.Values{"a": {"b"}})
		if !divertBuild {
			if err == nil {
				t.Errorf("%s: a release was diverted", name)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(body) != "POST "+target || answer.Request.URL.String() != target {
			t.Errorf("%s: %q, %v, request %s", name, body, err, answer.Request.URL)
		}
	}
	if _, err := get(t, c.Public(), "https://10.0.0.1/"); !errors.Is(err, ErrForbidden) {
		t.Errorf("a private address: %v", err)
	}
}
