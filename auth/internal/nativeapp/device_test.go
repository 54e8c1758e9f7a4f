package nativeapp_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/nativeapp"
)

// pair signs in on another device, and gives what the person was shown.
func (f *fixture) pair(t *testing.T, change func(*nativeapp.Request)) (shown string, tokens *nativeapp.Tokens, err error) {
	t.Helper()
	request := nativeapp.Request{
		Issuer: f.URL, ClientID: nativeapp.DefaultClientID, Scope: nativeapp.DefaultScope, Timeout: 30 * time.Second,
		ShowCode: func(address, code, complete string) { shown = strings.Join([]string{address, code, complete}, " ") },
	}
	if change != nil {
		change(&request)
	}
	tokens, err = f.app.LoginDevice(t.Context(), request)
	return shown, tokens, err
}

func TestADeviceShowsACodeAndWaits(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.idp.device = "authorization_pending"
	shown, tokens, err := f.pair(t, func(r *nativeapp.Request) { r.Resource = "https://api.example.com" })
	if err != nil {
		t.Fatal(err)
	}
	if want := f.URL + "/enter WDJB-MJHT " + f.URL + "/enter?user_code=WDJB-MJHT"; shown != want {
		t.Errorf("shown: %s, want %s", shown, want)
	}
	if f.asked.Get("scope") != nativeapp.DefaultScope || f.asked.Get("resource") != "https://api.example.com" || f.resources[0] != "https://api.example.com" {
		t.Errorf("asked for %v, then %v", f.asked, f.resources)
	}
	if tokens.Subject != "user-1" || tokens.AccessToken != f.access || tokens.RefreshToken != f.refresh {
		t.Errorf("%+v", tokens)
	}
	if kept, err := f.app.Token(t.Context(), false); err != nil || kept.AccessToken != f.access {
		t.Errorf("kept: %v %v", kept, err)
	}
}

func TestADeviceLoginThatMustNotCount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil   func(*fixture)
		request func(*nativeapp.Request)
		want    string
	}{
		"the person denies":               {func(f *fixture) { f.idp.device = "access_denied" }, nil, "access was denied on the other device; you are not signed in"},
		"the code expires":                {func(f *fixture) { f.idp.device = "expired_token" }, nil, "the code has expired; run authd login again"},
		"another refusal":                 {func(f *fixture) { f.idp.device = "invalid_scope" }, nil, "refused: invalid_scope"},
		"nobody enters the code":          {nil, func(r *nativeapp.Request) { r.Timeout = 300 * time.Millisecond }, "timed out: nobody entered the code within 300ms"},
		"a server that knows no devices":  {func(f *fixture) { f.deviceless = true }, nil, "does not sign people in on other devices"},
		"a code that steers the terminal": {func(f *fixture) { f.userCode = "\x1b[2J" }, nil, "cannot be shown"},
		"an address that is no page":      {func(f *fixture) { f.devicePage = "file:///etc/passwd" }, nil, "is no page"},
		"an ID token signed by somebody":  {func(f *fixture) { f.otherKey = true }, nil, "does not hold"},
		"an ID token of a browser login":  {func(f *fixture) { f.nonce = "x" }, nil, "nonce differs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setUp(t)
			if test.spoil != nil {
				test.spoil(f)
			}
			if _, _, err := f.pair(t, test.request); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := os.Stat(f.file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("tokens are kept: %v", err)
			}
		})
	}
	t.Run("the command is stopped", func(t *testing.T) {
		t.Parallel()
		f := setUp(t)
		f.idp.device = "authorization_pending"
		ctx, stop := context.WithCancel(t.Context())
		_, err := f.app.LoginDevice(ctx, nativeapp.Request{
			Issuer: f.URL, ClientID: "c", Timeout: time.Minute, ShowCode: func(string, string, string) { stop() },
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
