package nativeapp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/nativeapp"
)

// childVariable makes the test binary one of the processes that race for a token.
const childVariable = "NATIVEAPP_TOKEN_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(childVariable); file != "" {
		os.Exit(printToken(file))
	}
	os.Exit(m.Run())
}

func printToken(file string) int {
	tokens, err := nativeapp.New(&nativeapp.Store{File: file, FileOnly: true}).Token(context.Background(), false)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(tokens.AccessToken)
	return 0
}

// fixture is a command line, its browser and the provider.
type fixture struct {
	*idp
	app   *nativeapp.App
	file  string
	shown string // the page that the browser ended at
	pages sync.WaitGroup
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	file := filepath.Join(t.TempDir(), "deep", "tokens.json")
	return &fixture{idp: newIDP(t), app: nativeapp.New(&nativeapp.Store{File: file, FileOnly: true}), file: file}
}

// visit is a person whose browser follows every redirect.
func (f *fixture) visit(address string) {
	f.pages.Go(func() {
		answer, err := http.Get(address)
		if err != nil {
			f.shown = err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		f.shown = answer.Status + " " + string(body)
	})
}

func (f *fixture) login(t *testing.T, change func(*nativeapp.Request)) (*nativeapp.Tokens, error) {
	t.Helper()
	request := nativeapp.Request{
		Issuer: f.URL, ClientID: nativeapp.DefaultClientID, Scope: nativeapp.DefaultScope, Timeout: 10 * time.Second, Visit: f.visit,
	}
	if change != nil {
		change(&request)
	}
	tokens, err := f.app.Login(t.Context(), request)
	f.pages.Wait()
	return tokens, err
}

func (f *fixture) mustLogin(t *testing.T) *nativeapp.Tokens {
	t.Helper()
	tokens, err := f.login(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// later moves the command line's clock.
func (f *fixture) later(by time.Duration) {
	f.app.Now = func() time.Time { return time.Now().Add(by) }
}

func TestLoginKeepsTheTokensAndTellsTheBrowser(t *testing.T) {
	f := setUp(t)
	tokens := f.mustLogin(t)
	if tokens.Subject != "user-1" || tokens.AccessToken != f.access || tokens.RefreshToken != f.refresh || tokens.Issuer != f.URL {
		t.Errorf("%+v", tokens)
	}
	if !strings.HasPrefix(f.shown, "200 OK") || !strings.Contains(f.shown, "You can close this window") {
		t.Errorf("the browser shows %s", f.shown)
	}
	info, err := os.Stat(f.file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	redirect, err := url.Parse(f.asked.Get("redirect_uri"))
	if err != nil || redirect.Hostname() != "127.0.0.1" || redirect.Path != "/callback" {
		t.Errorf("redirect_uri %s", redirect)
	}
	for key, want := range map[string]string{"response_type": "code", "client_id": "authd-cli", "scope": "openid profile email offline_access", "code_challenge_method": "S256"} {
		if f.asked.Get(key) != want {
			t.Errorf("%s is %q, want %q", key, f.asked.Get(key), want)
		}
	}
	if f.asked.Get("nonce") == "" || len(f.asked.Get("state")) < 40 {
		t.Errorf("no nonce or a short state: %v", f.asked)
	}
}

func TestAResourceIsAskedForAtEveryStep(t *testing.T) {
	f := setUp(t)
	if _, err := f.login(t, func(r *nativeapp.Request) { r.Resource = "https://api.example.com" }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.app.Token(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if f.asked.Get("resource") != "https://api.example.com" || strings.Join(f.resources, " ") != "https://api.example.com https://api.example.com" {
		t.Errorf("%v %v", f.asked, f.resources)
	}
}

func TestALoginThatMustNotCount(t *testing.T) {
	for name, test := range map[string]struct {
		spoil   func(*fixture)
		request func(*nativeapp.Request)
		want    string
		browser string
	}{
		"the person denies":                    {func(f *fixture) { f.deny = true }, nil, "access was denied in the browser; you are not signed in", "access was denied"},
		"the window is closed":                 {func(f *fixture) { f.silent = true }, func(r *nativeapp.Request) { r.Timeout = 300 * time.Millisecond }, "timed out: nobody finished signing in within 300ms; run authd login again", ""},
		"another login's state":                {func(f *fixture) { f.answerState = "x" }, nil, "the browser's answer belongs to another login (state differs)", "state differs"},
		"a mix-up of issuers (RFC 9207)":       {func(f *fixture) { f.answerIss = "https://evil.example" }, nil, "iss differs", "iss differs"},
		"no iss where the server promises one": {func(f *fixture) { f.answerIss = "none" }, nil, "iss differs", "iss differs"},
		"discovery by another issuer":          {func(f *fixture) { f.issuer = "https://evil.example" }, nil, "evil.example", ""},
		"an ID token of another login":         {func(f *fixture) { f.nonce = "x" }, nil, "nonce differs", "Not signed in"},
		"an ID token for another client":       {func(f *fixture) { f.audience = "x" }, nil, "does not hold", "Not signed in"},
		"an ID token signed by somebody":       {func(f *fixture) { f.otherKey = true }, nil, "does not hold", "Not signed in"},
		"a token endpoint that is down":        {func(f *fixture) { f.down = true }, nil, "answered 503", "Not signed in"},
		"a server that is not there":           {nil, func(r *nativeapp.Request) { r.Issuer = "http://127.0.0.1:1" }, "ask http://127.0.0.1:1 how to sign in", ""},
		"an issuer that is no web address":     {nil, func(r *nativeapp.Request) { r.Issuer = "file:///etc" }, "is no http or https URL", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t)
			if test.spoil != nil {
				test.spoil(f)
			}
			_, err := f.login(t, test.request)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if test.browser != "" && (!strings.HasPrefix(f.shown, "400") || !strings.Contains(f.shown, test.browser)) {
				t.Errorf("the browser shows %s", f.shown)
			}
			if _, err := os.Stat(f.file); !os.IsNotExist(err) {
				t.Error("tokens were kept")
			}
		})
	}
}

func TestTheCallbackListensToNobodyElse(t *testing.T) {
	f := setUp(t)
	f.mustLoginAfter(t, func(redirect string) {
		request, err := http.NewRequest(http.MethodGet, redirect+"?code=x&state=y", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "evil.example"
		for _, request := range []*http.Request{request, must(http.NewRequest(http.MethodGet, strings.TrimSuffix(redirect, "callback"), nil)), must(http.NewRequest(http.MethodPost, redirect, nil))} {
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s as %s: %s", request.Method, request.URL, request.Host, answer.Status)
			}
		}
	})
}

// mustLoginAfter signs in, but first does something to the callback's address.
func (f *fixture) mustLoginAfter(t *testing.T, first func(redirect string)) {
	t.Helper()
	if _, err := f.login(t, func(r *nativeapp.Request) {
		r.Visit = func(address string) {
			parsed, err := url.Parse(address)
			if err != nil {
				t.Error(err)
				return
			}
			first(parsed.Query().Get("redirect_uri"))
			f.visit(address)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func must(request *http.Request, err error) *http.Request {
	if err != nil {
		panic(err)
	}
	return request
}

func TestTokenIsRenewedShortlyBeforeItEnds(t *testing.T) {
	for name, test := range map[string]struct {
		later     time.Duration
		force     bool
		refreshes int
	}{
		"a fresh token is printed as it is": {0, false, 0},
		"59 seconds before its end":         {time.Hour - 59*time.Second, false, 1},
		"after its end":                     {2 * time.Hour, false, 1},
		"when a new one is asked for":       {0, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t)
			first := f.mustLogin(t)
			f.later(test.later)
			tokens, err := f.app.Token(t.Context(), test.force)
			if err != nil {
				t.Fatal(err)
			}
			if f.refreshes != test.refreshes || (tokens.AccessToken == first.AccessToken) == (test.refreshes > 0) || tokens.AccessToken != f.access {
				t.Errorf("%d refreshes, %+v", f.refreshes, tokens)
			}
			kept, err := f.app.Store.Load()
			if err != nil || kept.RefreshToken != f.refresh || kept.Scope == "" || kept.Subject != "user-1" {
				t.Errorf("kept %+v %v", kept, err)
			}
		})
	}
}

func TestARevokedLoginIsForgotten(t *testing.T) {
	f := setUp(t)
	f.mustLogin(t)
	f.refresh = "revoked"
	_, err := f.app.Token(t.Context(), true)
	if err == nil || err.Error() != "the login has ended; run authd login" {
		t.Error(err)
	}
	if _, err := f.app.Token(t.Context(), false); !errors.Is(err, nativeapp.ErrSignedOut) {
		t.Error(err)
	}
}

func TestAnOutageForgetsNothing(t *testing.T) {
	f := setUp(t)
	f.mustLogin(t)
	f.down = true
	if _, err := f.app.Token(t.Context(), true); err == nil || !strings.Contains(err.Error(), "answered 503") {
		t.Error(err)
	}
	f.down = false
	if _, err := f.app.Token(t.Context(), true); err != nil {
		t.Error(err)
	}
}

func TestWithoutARefreshTokenTheLoginEndsWithTheAccessToken(t *testing.T) {
	f := setUp(t)
	if _, err := f.login(t, func(r *nativeapp.Request) { r.Scope = "profile" }); err != nil {
		t.Fatal(err)
	}
	if f.asked.Has("nonce") {
		t.Error("a nonce without openid")
	}
	f.later(2 * time.Hour)
	if _, err := f.app.Token(t.Context(), false); err == nil || !strings.Contains(err.Error(), "run authd login") {
		t.Error(err)
	}
}

func TestWhoamiRefreshesOnceAfterA401(t *testing.T) {
	f := setUp(t)
	f.mustLogin(t)
	f.rejectAccess = 1
	claims, err := f.app.Whoami(t.Context())
	if err != nil || claims["email"] != "ada@example.com" || f.refreshes != 1 {
		t.Errorf("%v %v, %d refreshes", claims, err, f.refreshes)
	}
	f.rejectAccess = 5
	if _, err := f.app.Whoami(t.Context()); err == nil || !strings.Contains(err.Error(), "401") || f.refreshes != 2 {
		t.Errorf("%v, %d refreshes", err, f.refreshes)
	}
}

func TestLogoutRevokesAndForgets(t *testing.T) {
	f := setUp(t)
	f.mustLogin(t)
	refresh := f.refresh
	if err := f.app.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Join(f.revoked, ";") != "refresh_token "+refresh+" authd-cli" {
		t.Errorf("%v", f.revoked)
	}
	if err := f.app.Logout(t.Context()); !errors.Is(err, nativeapp.ErrSignedOut) {
		t.Error(err)
	}
	f.mustLogin(t)
	f.down = true
	if err := f.app.Logout(t.Context()); err == nil || !strings.Contains(err.Error(), "the tokens may still work") {
		t.Error(err)
	}
	if _, err := f.app.Store.Load(); !errors.Is(err, nativeapp.ErrSignedOut) {
		t.Error("not forgotten:", err)
	}
}

func TestRacingProcessesSpendOneRefreshTokenOnce(t *testing.T) {
	f := setUp(t)
	f.lifetime = 30 // within the minute: every process wants a new one
	f.mustLogin(t)
	f.mu.Lock()
	f.lifetime, f.slow = 3600, 200*time.Millisecond
	f.mu.Unlock()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	printed := make([]string, 6)
	for i := range printed {
		running.Go(func() {
			child := exec.Command(executable)
			child.Env = append(os.Environ(), childVariable+"="+f.file)
			out, err := child.Output()
			if err != nil {
				t.Error(err)
			}
			printed[i] = string(out)
		})
	}
	running.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, token := range printed {
		if token != f.access {
			t.Errorf("printed %q, want %q", token, f.access)
		}
	}
	if f.refreshes != 1 || f.reused != 0 {
		t.Errorf("%d refreshes, %d reused", f.refreshes, f.reused)
	}
}
