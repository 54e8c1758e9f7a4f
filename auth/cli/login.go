package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"authd/auth/internal/nativeapp"
)

type loginCommand struct {
	Issuer    string        `help:"Server to sign in at; default: the last one, else AUTHD_URL, else http://localhost:8080." placeholder:"URL"`
	Client    string        `help:"OAuth client to sign in as." default:"${defaultClient}" placeholder:"ID"`
	Scope     string        `help:"What to ask for." default:"${defaultScope}"`
	Resource  string        `help:"API that the access token is for (RFC 8707)." placeholder:"URI"`
	NoBrowser bool          `help:"Print the address and open nothing."`
	Device    bool          `help:"Show a code to enter in a browser on another device; for machines that have none."`
	Timeout   time.Duration `help:"How long to wait for the person." default:"5m"`
}

// tokenApp is the command line as an OAuth client, with the tokens where AUTHD_TOKEN_FILE says.
func (p *program) tokenApp() (*nativeapp.App, error) {
	store, err := nativeapp.NewStore(p.getenv("AUTHD_TOKEN_FILE"))
	if err != nil {
		return nil, err
	}
	return nativeapp.New(store), nil
}

// Run signs in with the browser, here or elsewhere.
func (c *loginCommand) Run(ctx context.Context, p *program) error {
	app, err := p.tokenApp()
	if err != nil {
		return err
	}
	issuer := c.issuer(p, app)
	if strings.HasPrefix(issuer, "http://") && !local(issuer) {
		_, _ = fmt.Fprintf(p.errOut, "Warning: %s is not encrypted; everyone on the way can read the tokens.\n", issuer)
	}
	login := app.Login
	if c.Device {
		login = app.LoginDevice
	}
	tokens, err := login(ctx, nativeapp.Request{
		Issuer: issuer, ClientID: c.Client, Scope: c.Scope, Resource: c.Resource, Timeout: c.Timeout,
		Visit:    func(address string) { c.visit(p, address) },
		ShowCode: func(address, code, complete string) { showCode(p, address, code, complete) },
	})
	if err != nil {
		return err
	}
	kept := app.Store.Where()
	return p.print(map[string]any{
		"issuer": tokens.Issuer, "client_id": tokens.ClientID, "sub": tokens.Subject, "scope": tokens.Scope, "expires_at": tokens.ExpiresAt, "kept": kept,
	}, "Signed in at %s. The tokens are kept in %s.", tokens.Issuer, kept)
}

func (c *loginCommand) issuer(p *program, app *nativeapp.App) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	if kept, err := app.Store.Load(); err == nil {
		return kept.Issuer
	}
	if url := p.getenv("AUTHD_URL"); url != "" {
		return url
	}
	return "http://localhost:8080"
}

// visit shows the address on standard error, for standard output is the command's result.
func (c *loginCommand) visit(p *program, address string) {
	if c.NoBrowser {
		_, _ = fmt.Fprintf(p.errOut, "Open this address in a browser on this computer:\n%s\n", address)
		return
	}
	if err := nativeapp.Browser(address, p.getenv); err != nil {
		_, _ = fmt.Fprintf(p.errOut, "No browser was opened (%v). Open this address in one on this computer:\n%s\n", err, address)
		return
	}
	_, _ = fmt.Fprintf(p.errOut, "Sign in with the browser. If none opens, open this address:\n%s\n", address)
}

// showCode shows the code as the other device is to show it, for comparison (RFC 8628 §3.3.1).
func showCode(p *program, address, code, complete string) {
	_, _ = fmt.Fprintf(p.errOut, "On any device, open\n  %s\nand enter the code\n  %s\n", address, code)
	if complete != "" {
		_, _ = fmt.Fprintf(p.errOut, "or open\n  %s\nand compare it. Waiting for your answer there …\n", complete)
	}
}

func local(issuer string) bool {
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		if rest, ok := strings.CutPrefix(issuer, "http://"+host); ok && (rest == "" || rest[0] == ':' || rest[0] == '/') {
			return true
		}
	}
	return false
}

type tokenCommand struct {
	Refresh bool `help:"Get a new one in any case."`
}

// Run prints the access token alone, for $(authd token).
func (c *tokenCommand) Run(ctx context.Context, p *program) error {
	app, err := p.tokenApp()
	if err != nil {
		return err
	}
	tokens, err := app.Token(ctx, c.Refresh)
	if err != nil {
		return err
	}
	return p.print(map[string]any{
		"access_token": tokens.AccessToken, "token_type": "Bearer", "scope": tokens.Scope, "expires_at": tokens.ExpiresAt, "issuer": tokens.Issuer,
	}, "%s", tokens.AccessToken)
}

type whoamiCommand struct{}

// Run prints who the server says that is.
func (whoamiCommand) Run(ctx context.Context, p *program) error {
	app, err := p.tokenApp()
	if err != nil {
		return err
	}
	claims, err := app.Whoami(ctx)
	if err != nil {
		return err
	}
	name, _ := claims["name"].(string)
	email, _ := claims["email"].(string)
	subject, _ := claims["sub"].(string)
	switch {
	case name != "" && email != "":
		return p.print(claims, "%s <%s>", clean(name), clean(email))
	case email != "":
		return p.print(claims, "%s", clean(email))
	default:
		return p.print(claims, "%s", clean(subject))
	}
}

type logoutCommand struct{}

// Run revokes and forgets.
func (logoutCommand) Run(ctx context.Context, p *program) error {
	app, err := p.tokenApp()
	if err != nil {
		return err
	}
	err = app.Logout(ctx)
	if errors.Is(err, nativeapp.ErrSignedOut) {
		return p.print(map[string]any{"signed_out": true}, "Nobody was signed in.")
	}
	if err != nil {
		return err
	}
	return p.print(map[string]any{"signed_out": true}, "Signed out.")
}
