// Package nativeapp signs a person in from a command line: OAuth 2.0 for native
// apps (RFC 8252). The browser does the signing in; the answer comes back to a
// port on 127.0.0.1, and the tokens go to the system's keyring, or to a file
// that only their owner can read.
//
//	Login   opens the browser and waits        (login.go, callback.go)
//	LoginDevice shows a code for another device (device.go)
//	Token   gives a valid access token         (token.go)
//	Whoami  asks the server who that is        (token.go)
//	Logout  revokes the tokens and forgets them (token.go)
//
// It is a client like any other: it knows nothing of the server but its issuer,
// and must not read the server's configuration or database.
package nativeapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// What a login asks for when nothing else is said.
const (
	DefaultClientID = "authd-cli"
	DefaultScope    = "openid profile email offline_access"
)

// ErrSignedOut says that there are no tokens: nobody signed in, or they were revoked.
var ErrSignedOut = errors.New("not signed in; run authd login")

// App is the command line as an OAuth client.
type App struct {
	Store *Store
	HTTP  *http.Client
	Now   func() time.Time
}

// New makes the client that the commands use.
func New(store *Store) *App {
	return &App{Store: store, HTTP: &http.Client{Timeout: 30 * time.Second}, Now: time.Now}
}

// provider is what discovery told about the issuer.
type provider struct {
	oidc     *oidc.Provider
	issuer   string
	endpoint oauth2.Endpoint

	RevocationEndpoint string   `json:"revocation_endpoint"`
	UserinfoEndpoint   string   `json:"userinfo_endpoint"`
	ResponseIss        bool     `json:"authorization_response_iss_parameter_supported"`
	ChallengeMethods   []string `json:"code_challenge_methods_supported"`
}

// discover reads the issuer's metadata and refuses what another issuer wrote (OIDC Discovery section 4.3).
func (a *App) discover(ctx context.Context, issuer string) (*provider, error) {
	if parsed, err := url.Parse(issuer); err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return nil, fmt.Errorf("the issuer %q is no http or https URL", issuer)
	}
	found, err := oidc.NewProvider(a.context(ctx), issuer)
	if err != nil {
		return nil, fmt.Errorf("ask %s how to sign in: %w", issuer, err)
	}
	p := &provider{oidc: found, issuer: issuer, endpoint: found.Endpoint()}
	if err := found.Claims(p); err != nil {
		return nil, fmt.Errorf("read what %s says about signing in: %w", issuer, err)
	}
	// A public client says who it is and proves nothing (RFC 6749 section 3.2.1).
	p.endpoint.AuthStyle = oauth2.AuthStyleInParams
	for _, address := range []string{p.endpoint.AuthURL, p.endpoint.TokenURL, p.endpoint.DeviceAuthURL} {
		if address == "" && address == p.endpoint.DeviceAuthURL {
			continue // not everybody has one (RFC 8628 §4)
		}
		if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			return nil, fmt.Errorf("%s names %q as one of its endpoints, which is no web address", issuer, address)
		}
	}
	return p, nil
}

// context hands the HTTP client to the libraries.
func (a *App) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, a.HTTP)
}

// plain turns what the token endpoint answered into a sentence. It never shows
// the body, which may hold tokens.
func plain(issuer string, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return fmt.Errorf("ask %s for tokens: %w", issuer, err)
	}
	if answer.ErrorCode == "" {
		return fmt.Errorf("%s answered %s to the request for tokens", issuer, answer.Response.Status)
	}
	if answer.ErrorDescription == "" {
		return fmt.Errorf("%s refused: %s", issuer, answer.ErrorCode)
	}
	return fmt.Errorf("%s refused: %s (%s)", issuer, printable(answer.ErrorDescription), answer.ErrorCode)
}

// printable keeps what a server or a browser sent from steering the terminal.
func printable(text string) string {
	kept := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	if len(kept) > 300 {
		kept = strings.ToValidUTF8(kept[:300], "") + "…"
	}
	return kept
}
