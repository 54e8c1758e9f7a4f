package e2e

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"authd/tests/authdtest"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

const devices = `
[device_authorization]
interval = "1s"

[[client]]
client_id = "tv"
name = "Television"
id_token_signed_response_alg = "ES256"
grant_types = ["` + deviceGrant + `", "refresh_token"]

[[client]]
client_id = "printer"
name = "Printer"
client_secret = "` + secret + `"
grant_types = ["` + deviceGrant + `"]

[[client]]
client_id = "wiki"
client_secret = "` + secret + `"
redirect_uris = ["` + callback + `"]
`

func startForDevices(t *testing.T) *authdtest.Server {
	t.Helper()
	server := authdtest.Start(t, authdtest.Options{TOML: devices, Env: map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"}})
	server.Client().Post(t, "/sign-up/email", map[string]string{"email": email, "password": password, "name": "Ada Lovelace"}).Want(t, http.StatusOK)
	return server
}

// answerDevice enters a code, or follows the link with it, and answers on the page
// that names who asks.
func (p *person) answerDevice(address, code, asks, decision string) {
	p.t.Helper()
	page := p.open(address)
	if page.url.Path == "/login" {
		page = p.submit(page, "/login", url.Values{"email": {email}, "password": {password}})
		if page.away != nil {
			page = p.open(page.away.String())
		}
	}
	page = p.submit(page, "/device", url.Values{"user_code": {code}})
	if !strings.Contains(page.body, asks) {
		p.t.Errorf("the page does not say that %s asks:\n%.600s", asks, page.body)
	}
	p.submit(page, "/device/answer", url.Values{"decision": {decision}})
}

// later sends requests as if some time had passed.
type later struct{ by time.Duration }

func (l *later) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Authd-Clock", strconv.FormatInt(time.Now().Add(l.by).UnixMilli(), 10))
	return http.DefaultTransport.RoundTrip(r)
}

// device is a client without a browser, as x/oauth2 and go-oidc make one, and its clock.
type device struct {
	*relyingParty
	t     *testing.T
	clock *later
	ctx   context.Context //nolint:containedctx // x/oauth2 takes its HTTP client from there
}

func newDevice(t *testing.T, server *authdtest.Server, id string, style oauth2.AuthStyle) *device {
	t.Helper()
	rp := discover(t, server, id, style)
	rp.Scopes = []string{oidc.ScopeOpenID, "email", oidc.ScopeOfflineAccess}
	if style == oauth2.AuthStyleInParams {
		rp.ClientSecret = ""
	}
	clock := &later{}
	return &device{rp, t, clock, context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: clock})}
}

func (d *device) ask() *oauth2.DeviceAuthResponse {
	d.t.Helper()
	codes, err := d.DeviceAuth(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	return codes
}

// poll asks for tokens once, and gives what the server says against it.
func (d *device) poll(codes *oauth2.DeviceAuthResponse) (refused string) {
	d.t.Helper()
	_, err := d.Exchange(d.ctx, "", oauth2.SetAuthURLParam("grant_type", deviceGrant), oauth2.SetAuthURLParam("device_code", codes.DeviceCode))
	return errorCode(d.t, err)
}

func errorCode(t *testing.T, err error) string {
	t.Helper()
	var refused *oauth2.RetrieveError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return refused.ErrorCode
}

// TestDeviceGrant: RFC 8628 by x/oauth2, which asks as it should, and by hand, which does not.
func TestDeviceGrant(t *testing.T) {
	t.Parallel()
	server := startForDevices(t)
	t.Run("3.2: codes and where to enter them", func(t *testing.T) {
		t.Parallel()
		codes := newDevice(t, server, "tv", oauth2.AuthStyleInParams).ask()
		if codes.VerificationURI != server.URL+"/device" || codes.VerificationURIComplete != server.URL+"/device?user_code="+codes.UserCode || codes.Interval != 1 {
			t.Errorf("%+v", codes)
		}
		if left := time.Until(codes.Expiry); left < 29*time.Minute || left > 30*time.Minute {
			t.Errorf("the code lasts %s", left)
		}
	})
	for _, client := range []struct {
		id    string
		name  string
		style oauth2.AuthStyle
	}{{"tv", "Television", oauth2.AuthStyleInParams}, {"printer", "Printer", oauth2.AuthStyleInHeader}} {
		t.Run("3.5: tokens for "+client.id+" once the person allows it", func(t *testing.T) {
			t.Parallel()
			d := newDevice(t, server, client.id, client.style)
			if client.id == "printer" { // x/oauth2 never proves a client at the device endpoint (§3.1)
				d.proveWith(secret)
			}
			codes := d.ask()
			newPerson(t, server).answerDevice(codes.VerificationURI, codes.UserCode, client.name, "allow")
			token, err := d.DeviceAccessToken(d.ctx, codes)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := token.Extra("id_token").(string)
			id, err := d.verifier.Verify(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			if id.Nonce != "" || id.VerifyAccessToken(token.AccessToken) != nil {
				t.Errorf("ID token: nonce %q, at_hash %q", id.Nonce, id.AccessTokenHash)
			}
			checkUserInfo(t, d.relyingParty, token, id.Subject)
			if client.id == "tv" {
				checkRefresh(t, d.relyingParty, token)
			}
			d.clock.by = time.Minute
			if got := d.poll(codes); got != "invalid_grant" {
				t.Errorf("the code a second time: %q", got)
			}
		})
	}
	t.Run("3.5: access_denied", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, server, "tv", oauth2.AuthStyleInParams)
		codes := d.ask()
		newPerson(t, server).answerDevice(codes.VerificationURIComplete, codes.UserCode, "Television", "deny")
		_, err := d.DeviceAccessToken(d.ctx, codes)
		if got := errorCode(t, err); got != "access_denied" {
			t.Errorf("%q", got)
		}
	})
	t.Run("3.5: authorization_pending, slow_down, and five seconds more between questions", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, server, "tv", oauth2.AuthStyleInParams)
		codes := d.ask()
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"},
			{100 * time.Millisecond, "slow_down"}, // from here on every six seconds
			{3 * time.Second, "slow_down"},        // every eleven
			{15 * time.Second, "authorization_pending"},
			{30 * time.Second, "authorization_pending"},
		} {
			d.clock.by = step.after
			if got := d.poll(codes); got != step.want {
				t.Errorf("after %s: %q, want %q", step.after, got, step.want)
			}
		}
	})
	t.Run("3.5: expired_token", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, server, "tv", oauth2.AuthStyleInParams)
		codes := d.ask()
		d.clock.by = 31 * time.Minute
		_, err := d.DeviceAccessToken(d.ctx, codes)
		if got := errorCode(t, err); got != "expired_token" {
			t.Errorf("%q", got)
		}
	})
	t.Run("3.4: another client's code, and none", func(t *testing.T) {
		t.Parallel()
		d, other := newDevice(t, server, "tv", oauth2.AuthStyleInParams), newDevice(t, server, "printer", oauth2.AuthStyleInHeader)
		codes := d.ask()
		if got := other.poll(codes); got != "invalid_grant" {
			t.Errorf("another client's code: %q", got)
		}
		if got := d.poll(&oauth2.DeviceAuthResponse{DeviceCode: "nonsense"}); got != "invalid_grant" {
			t.Errorf("no code: %q", got)
		}
	})
	t.Run("3.1: a client that is not registered for it, or does not prove itself", func(t *testing.T) {
		t.Parallel()
		for id, want := range map[string]string{"wiki": "unauthorized_client", "printer": "invalid_client"} {
			d := newDevice(t, server, id, oauth2.AuthStyleInHeader)
			if id == "wiki" {
				d.proveWith(secret)
			}
			_, err := d.DeviceAuth(d.ctx)
			if got := errorCode(t, err); got != want {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
	})
}

// proveWith has the device prove itself wherever it asks.
func (d *device) proveWith(secret string) {
	d.ctx = context.WithValue(d.t.Context(), oauth2.HTTPClient, &http.Client{Transport: basic{d.clock, d.ClientID, secret}})
}

type basic struct {
	next       http.RoundTripper
	id, secret string
}

func (b basic) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(b.id, b.secret)
	return b.next.RoundTrip(r)
}

// TestDeviceLogin is authd login on a machine without a browser.
func TestDeviceLogin(t *testing.T) {
	t.Parallel()
	server := startForDevices(t)
	file := filepath.Join(t.TempDir(), "tokens.json")
	command := func(args ...string) *authdtest.Command {
		c := server.Command(args...)
		c.Env = append(slices.Clone(c.Env), "AUTHD_TOKEN_FILE="+file)
		return c
	}
	// login answers at the page that the command names, and gives what it said and its end.
	login := func(decision string) (said string, err error) {
		t.Helper()
		c := command("login", "--device", "--issuer", server.URL, "--timeout", "1m")
		stderr, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stderr)
		shown := regexp.MustCompile(`(?s)open\n\s+(\S+)\nand enter the code\n\s+(\S+)\nor open\n\s+(\S+)\n.*Waiting`)
		for shown.FindStringSubmatch(said) == nil {
			if !lines.Scan() {
				t.Fatalf("the command ended: %v\n%s", c.Wait(), said)
			}
			said += lines.Text() + "\n"
		}
		found := shown.FindStringSubmatch(said)
		if found[1] != server.URL+"/device" || found[3] != found[1]+"?user_code="+found[2] {
			t.Errorf("shown: %q", found[1:])
		}
		newPerson(t, server).answerDevice(found[1], found[2], "authd command line", decision)
		for lines.Scan() {
			said += lines.Text() + "\n"
		}
		return said, c.Wait()
	}
	said, err := login("deny")
	if err == nil || !strings.Contains(said, "access was denied on the other device") {
		t.Errorf("denied: %v\n%s", err, said)
	}
	if _, err := command("whoami").Output(); err == nil {
		t.Error("signed in after a no")
	}
	if said, err = login("allow"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	who, err := command("whoami").Output()
	if err != nil || strings.TrimSpace(who) != "Ada Lovelace <"+email+">" {
		t.Errorf("whoami: %q %v", who, err)
	}
	if strings.Contains(said, "authd_at") {
		t.Errorf("a token is shown:\n%s", said)
	}
	first, err := command("token").Output()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := command("token", "--refresh").Output(); err != nil || second == first {
		t.Errorf("refresh: %v", err)
	}
}
