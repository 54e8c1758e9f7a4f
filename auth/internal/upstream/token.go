package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Tokens are what a provider gave.
type Tokens struct {
	AccessToken    string
	RefreshToken   string
	IDToken        string
	TokenType      string
	AccessExpires  time.Time // zero when the provider does not say
	RefreshExpires time.Time
	Scopes         []string
	Raw            json.RawMessage // the whole answer

	// Nonce is that of the request; when it is set, the ID token must have it.
	Nonce string
	// Kept says that the ID token was verified when it came, and lay in the
	// database since: its age is of no matter any more.
	Kept bool
}

// Code is the answer to an authorization request.
type Code struct {
	Code        string
	Verifier    string
	Nonce       string
	RedirectURI string
	DeviceID    string // VK
	Form        url.Values
}

// Exchange makes tokens of a code (RFC 6749 §4.1.3). Errors: *Refusal, ErrUnreachable.
func (p *Provider) Exchange(ctx context.Context, c Code) (*Tokens, error) {
	more := url.Values{}
	if c.DeviceID != "" {
		more.Set("device_id", c.DeviceID)
	}
	for name, value := range p.def.TokenParams {
		more.Set(name, value)
	}
	tokens, err := p.ask(ctx, more, func(ctx context.Context, conf *oauth2.Config) (*oauth2.Token, error) {
		conf.RedirectURL = p.redirect(c.RedirectURI)
		var options []oauth2.AuthCodeOption
		if c.Verifier != "" && !p.def.NoPKCE {
			options = append(options, oauth2.VerifierOption(c.Verifier))
		}
		return conf.Exchange(ctx, c.Code, options...)
	})
	if err != nil {
		return nil, fmt.Errorf("exchange a code of %s: %w", p.ID, err)
	}
	if p.def.Nonce {
		tokens.Nonce = c.Nonce
	}
	return tokens, nil
}

// Refresh makes new tokens of a refresh token (RFC 6749 §6), which is kept when
// the provider gives no new one. Errors: *Refusal, ErrUnreachable.
func (p *Provider) Refresh(ctx context.Context, refreshToken string) (*Tokens, error) {
	if refreshToken == "" {
		return nil, &Refusal{Code: "invalid_grant"}
	}
	more := url.Values{}
	for name, value := range p.def.RefreshParams {
		more.Set(name, value)
	}
	tokens, err := p.ask(ctx, more, func(ctx context.Context, conf *oauth2.Config) (*oauth2.Token, error) {
		return conf.TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	})
	if err != nil {
		return nil, fmt.Errorf("refresh tokens of %s: %w", p.ID, err)
	}
	return tokens, nil
}

// ask sends one request to the token endpoint.
func (p *Provider) ask(ctx context.Context, more url.Values, grant func(context.Context, *oauth2.Config) (*oauth2.Token, error)) (*Tokens, error) {
	at, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	conf := &oauth2.Config{ClientID: p.clientID(), Endpoint: oauth2.Endpoint{TokenURL: at.token, AuthStyle: oauth2.AuthStyleInParams}}
	if conf.ClientSecret, err = p.prove(ctx, at, more); err != nil {
		return nil, err
	}
	if p.def.Auth == authBasic {
		conf.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	client := *p.out.Trusted()
	door := &tokenDoor{p: p, more: more, next: client.Transport}
	client.Transport = door
	made, err := grant(context.WithValue(ctx, oauth2.HTTPClient, &client), conf)
	if err != nil {
		return nil, refusal(err)
	}
	tokens, err := p.read(ctx, door.answer)
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = or(tokens.RefreshToken, made.RefreshToken)
	return tokens, nil
}

// refusal keeps of x/oauth2's error what may be shown: it quotes the whole answer.
func refusal(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) {
		return &Refusal{Status: answered.Response.StatusCode, Code: errorCode(answered.ErrorCode)}
	}
	var network *url.Error
	if errors.As(err, &network) {
		return fmt.Errorf("%w: %w", ErrUnreachable, network.Err)
	}
	return fmt.Errorf("%w: the token endpoint's answer cannot be read", ErrUnreachable)
}

// tokenRequest is a request to the token endpoint before it is sent, for
// providers that want it otherwise.
type tokenRequest struct {
	Method, URL string
	Form        url.Values
}

// tokenDoor is what x/oauth2 does not know of a token endpoint: further
// parameters and headers, and the answer as it came.
type tokenDoor struct {
	p      *Provider
	more   url.Values
	next   http.RoundTripper
	answer []byte
}

// RoundTrip implements http.RoundTripper.
func (d *tokenDoor) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	for name, values := range d.more {
		form[name] = values
	}
	made := &tokenRequest{Method: http.MethodPost, URL: r.URL.String(), Form: form}
	if d.p.def.Request != nil {
		d.p.def.Request(d.p, made)
	}
	request, err := made.build(r)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	for name, value := range d.p.def.TokenHeader {
		request.Header.Set(name, value)
	}
	answer, err := d.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if err := d.keep(answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func (r *tokenRequest) build(from *http.Request) (*http.Request, error) {
	address, body := r.URL, r.Form.Encode()
	if r.Method == http.MethodGet {
		address, body = address+"?"+body, ""
	}
	request, err := http.NewRequestWithContext(from.Context(), r.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if from.Header.Get("Authorization") != "" {
		request.Header.Set("Authorization", from.Header.Get("Authorization"))
	}
	if r.Method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, nil
}

// keep reads the answer, and has JSON taken for JSON whatever it is called.
func (d *tokenDoor) keep(answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil {
		return err
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '{' {
		answer.Header.Set("Content-Type", "application/json")
	}
	d.answer = body
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// read makes Tokens of an answer (RFC 6749 §5.1).
func (p *Provider) read(ctx context.Context, answer []byte) (*Tokens, error) {
	raw, err := object(answer)
	if err != nil { // a query string, as some send it
		values, parseErr := url.ParseQuery(string(answer))
		if parseErr != nil {
			return nil, fmt.Errorf("%w: the token endpoint's answer cannot be read", ErrUnreachable)
		}
		raw = map[string]any{}
		for name := range values {
			raw[name] = values.Get(name)
		}
	}
	whole, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	now := p.now(ctx)
	t := &Tokens{
		AccessToken: text(raw["access_token"]), RefreshToken: text(raw["refresh_token"]), IDToken: text(raw["id_token"]),
		TokenType: text(raw["token_type"]), Scopes: scopes(raw["scope"]), Raw: whole,
		AccessExpires: after(now, raw["expires_in"]), RefreshExpires: after(now, raw["refresh_token_expires_in"]),
	}
	if t.AccessExpires.IsZero() && p.def.AccessTokenExpiresIn > 0 {
		t.AccessExpires = now.Add(time.Duration(p.def.AccessTokenExpiresIn) * time.Second)
	}
	return t, nil
}

// after is a time so many seconds from now; zero when it is not said.
func after(now time.Time, value any) time.Time {
	seconds, err := strconv.ParseFloat(text(value), 64)
	if err != nil || seconds <= 0 || seconds > 100*365*24*3600 {
		return time.Time{}
	}
	return now.Add(time.Duration(seconds) * time.Second)
}

// scopes reads a list, or a text separated by spaces (RFC 6749 §3.3) or commas.
func scopes(value any) []string {
	var all []string
	switch v := value.(type) {
	case string:
		all = strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' })
	case []any:
		for _, one := range v {
			all = append(all, strings.TrimSpace(text(one)))
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
