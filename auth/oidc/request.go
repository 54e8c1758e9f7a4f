package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Request is an authorization request that has been checked (OAuth 2.1 §4.1.1,
// OpenID Connect Core §3.1.2.1).
type Request struct {
	Client        *Client
	RedirectURI   string
	ResponseMode  string
	Scopes        []string
	State         string
	Nonce         string
	CodeChallenge string // S256; "" without PKCE
	Prompt        []string
	MaxAge        time.Duration // negative: not asked for
	LoginHint     string
	UILocales     string
	Resources     []string // RFC 8707

	hint     *hint    // the person it is about, by an ID token; nil for anybody
	subjects []string // the person it is about, by name
	mustACR  []string // one of them, or no answer
	wishACR  []string // the first of them that can be
	stepACR  []string // those of acr_values: people are asked for another factor because of them
	release  release  // claims by name
	implied  []string // scopes that cover them and were not asked for

	// params is the request as it came. It is what a flow keeps and what a signed
	// query signs: after each step it is checked again, against the client as it is then.
	params url.Values
}

// maxParam bounds one parameter: all of them must fit in the URL of an answer.
const maxParam = 4096

// maxParams bounds them together: a request is kept while somebody signs in.
const maxParams = 16 << 10

// Values of prompt (OpenID Connect Core §3.1.2.1, Initiating User Registration §3).
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptConsent = "consent"
	promptSelect  = "select_account"
	promptCreate  = "create"
)

func promptValues() []string {
	return []string{promptLogin, promptConsent, promptCreate, promptSelect, promptNone}
}

// parse checks an authorization request. Its error is a *Refusal when the
// request is at fault.
func (s *Service) parse(ctx context.Context, params url.Values) (*Request, error) {
	r := &Request{params: params, MaxAge: -1}
	if err := s.parseClient(ctx, r); err != nil {
		return nil, err
	}
	// From here on the client can be told.
	r.State, r.ResponseMode = params.Get("state"), modeOf(params, r.RedirectURI)
	if name := malformed(params); name != "" {
		return nil, r.refuse(invalidRequest, name)
	}
	for _, parse := range []func(*Request) (string, string){parseResponse, s.parseScopes, parseChallenge, parsePrompt, parseRest, parseJKT, s.parseClaims} {
		if code, description := parse(r); code != "" {
			return nil, r.refuse(code, description)
		}
	}
	if err := s.parseHint(ctx, r); err != nil {
		return nil, err
	}
	if err := s.parseResources(ctx, r); err != nil {
		return nil, err
	}
	return r, nil
}

// parseHint finds out who the client expects (OpenID Connect Core §3.1.2.1, id_token_hint).
func (s *Service) parseHint(ctx context.Context, r *Request) error {
	token := r.params.Get("id_token_hint")
	if token == "" {
		return nil
	}
	var err error
	if r.hint, err = s.readHint(ctx, token); errors.Is(err, errHint) {
		return r.refuse(invalidRequest, "id_token_hint "+errHint.Error())
	}
	return err
}

// parseClient finds out who asks and where the answer goes. Until both are
// known for certain, nothing may be sent anywhere (RFC 9700 §4.11.2).
func (s *Service) parseClient(ctx context.Context, r *Request) error {
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(r.params[name]) > 1 {
			return unanswerable(nil, invalidRequest, name+" is given more than once")
		}
	}
	id := r.params.Get("client_id")
	if id == "" {
		return unanswerable(nil, invalidRequest, "client_id is required", Wrong{Parameter: "client_id", Expected: expectedSomeClient})
	}
	client, err := s.known(ctx, id)
	if errors.Is(err, ErrClientNotFound) {
		wrong := []Wrong{{Parameter: "client_id", Received: id, Expected: expectedClient}}
		if why := unknownClient(err, ""); why != "" {
			wrong = append(wrong, Wrong{Reason: why})
		}
		return unanswerable(nil, invalidClient, unknownClient(err, "there is no client with this client_id"), wrong...)
	}
	if err != nil {
		return err
	}
	if client.Disabled {
		return unanswerable(client, invalidClient, "this client is disabled", Wrong{Parameter: "client_id", Received: id, Expected: expectedEnabled})
	}
	uri := r.params.Get("redirect_uri")
	wrong := Wrong{Parameter: "redirect_uri", Received: uri, Expected: expectedRedirect, Number: len(client.RedirectURIs)}
	if uri == "" {
		return unanswerable(client, "invalid_redirect", "redirect_uri is required", append([]Wrong{wrong}, s.wrongBesides(client, r.params)...)...)
	}
	if len(uri) > maxRedirectURI || !matchesRedirect(client.RedirectURIs, uri, client.Public()) {
		wrong.Hint = redirectHint(client.RedirectURIs, uri)
		return unanswerable(client, "invalid_redirect", "invalid redirect uri", append([]Wrong{wrong}, s.wrongBesides(client, r.params)...)...)
	}
	r.Client, r.RedirectURI = client, uri
	return nil
}

// misplaced names belong to other endpoints. Here they are a client's mistake, and
// what they hold is secret: it is neither kept nor written into an address.
func misplaced(name string) bool {
	switch name {
	case "client_secret", "client_assertion", "client_assertion_type", "code_verifier", "password", "access_token", "refresh_token":
		return true
	}
	return false
}

// malformed says what no parameter may be: twice there (RFC 6749 §3.1), endless,
// or not text. resource may be repeated (RFC 8707 §2), and what else is named.
func malformed(params url.Values, repeatable ...string) string {
	size := 0
	for name, values := range params {
		size += len(name)
		if len(values) > 1 && name != "resource" && !slices.Contains(repeatable, name) {
			return clip(asciiOnly(name)) + " is given more than once"
		}
		for _, v := range values {
			size += len(v)
			if len(v) > maxParam {
				return clip(asciiOnly(name)) + " is too long"
			}
			if strings.IndexByte(v, 0) >= 0 {
				return clip(asciiOnly(name)) + " holds a zero byte"
			}
			if !utf8.ValidString(v) { // RFC 6749 appendix B
				return clip(asciiOnly(name)) + " is not UTF-8"
			}
		}
	}
	if size > maxParams {
		return "the request is too large"
	}
	return ""
}

// parseResponse checks what is asked for and how it is to come back.
func parseResponse(r *Request) (code, description string) {
	switch r.params.Get("response_type") {
	case "code":
	case "":
		return invalidRequest, "response_type is required"
	default:
		return "unsupported_response_type", "response_type must be one of: code"
	}
	if mode := r.params.Get("response_mode"); mode != "" && mode != r.ResponseMode {
		return invalidRequest, "response_mode must be one of: " + strings.Join(responseModes(), ", ") + "; an app's own scheme takes no form_post"
	}
	// OpenID Connect Core §6 and RFC 9101 §3: who cannot read them must say so.
	if r.params.Get("request") != "" {
		return requestNotSupported, "request objects are not supported"
	}
	if uri := r.params.Get("request_uri"); uri != "" && !isPushed(uri) {
		return requestURINotSupported, "request_uri is not supported"
	}
	if r.params.Get("registration") != "" {
		return "registration_not_supported", "registration is not supported"
	}
	return "", ""
}

func (s *Service) parseScopes(r *Request) (code, description string) {
	allowed := s.scopesOf(r.Client)
	asked := strings.Fields(r.params.Get("scope"))
	if len(asked) == 0 { // RFC 6749 §3.3: the default is what the client is registered for
		asked = r.Client.allowedScopes(allowed)
		r.params.Set("scope", strings.Join(asked, " ")) // pages of the operator's are told
	}
	var unknown []string
	for _, scope := range asked {
		if !slices.Contains(allowed, scope) {
			unknown = append(unknown, clip(asciiOnly(scope)))
		} else if !slices.Contains(r.Scopes, scope) {
			r.Scopes = append(r.Scopes, scope)
		}
	}
	if unknown != nil {
		return invalidScope, "The following scopes are invalid: " + clip(strings.Join(unknown, ", "))
	}
	if r.staysByGrant() && slices.Contains(allowed, scopeOffline) && !slices.Contains(r.Scopes, scopeOffline) {
		r.Scopes = append(r.Scopes, scopeOffline)
	}
	return "", ""
}

// scopesOf are those that a client may ask for. One that registered itself chose its
// own, and an API may send it back for more (MCP, Step-Up Authorization Flow): what
// bounds it is what the operator lets strangers have.
func (s *Service) scopesOf(c *Client) []string {
	if c.byItself() {
		return s.strangersScopes()
	}
	return c.allowedScopes(s.cfg.Scopes)
}

// byItself: nobody registered it by hand.
func (c *Client) byItself() bool {
	return c.Registration == madeByItself || c.Registration == madeByDocument
}

// staysByGrant: a client of an API, which has scopes of its own, says by its grants that
// it wants to stay connected, for offline_access is OpenID Connect's (Core §11, MCP). The
// person is asked for it all the same.
func (r *Request) staysByGrant() bool {
	return r.Client.byItself() && slices.Contains(r.Client.GrantTypes, grantRefresh) &&
		r.params.Get("resource") != "" && !slices.Contains(r.Scopes, scopeOpenID)
}

// parseChallenge: S256, always for public clients, for others unless they may do
// without (OAuth 2.1 §4.1.1, RFC 9700 §2.1.1).
func parseChallenge(r *Request) (code, description string) {
	challenge, method := r.params.Get("code_challenge"), r.params.Get("code_challenge_method")
	if challenge == "" {
		if method != "" || !r.Client.PKCEOptional || r.Client.Public() {
			return invalidRequest, "pkce is required for this client"
		}
		return "", ""
	}
	if method != "S256" { // an absent method means plain (RFC 7636 §4.3)
		return invalidRequest, "code_challenge_method must be one of: S256"
	}
	if len(challenge) != 43 || strings.ContainsFunc(challenge, func(c rune) bool { return !isBase64URL(c) }) {
		return invalidRequest, "code_challenge must be the base64url of a SHA-256"
	}
	r.CodeChallenge = challenge
	return "", ""
}

func isBase64URL(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func parsePrompt(r *Request) (code, description string) {
	r.Prompt = strings.Fields(r.params.Get("prompt"))
	for _, p := range r.Prompt {
		if !slices.Contains(promptValues(), p) {
			return invalidRequest, "prompt: unsupported prompt value: " + clip(asciiOnly(p))
		}
	}
	if len(r.Prompt) > 1 && r.prompts(promptNone) {
		return invalidRequest, "prompt: none cannot be combined with other values"
	}
	return "", ""
}

func (r *Request) prompts(value string) bool { return slices.Contains(r.Prompt, value) }

func parseRest(r *Request) (code, description string) {
	if text := r.params.Get("max_age"); text != "" {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return invalidRequest, "max_age must be a number of seconds"
		}
		r.MaxAge = time.Duration(n) * time.Second
	} else if age := r.Client.Settings.DefaultMaxAge; age != nil {
		r.MaxAge = time.Duration(*age) * time.Second
	}
	if r.wishACR = strings.Fields(r.params.Get("acr_values")); len(r.wishACR) == 0 {
		r.wishACR = r.Client.Settings.DefaultACRValues
	}
	r.stepACR = r.wishACR
	r.Nonce = r.params.Get("nonce")
	r.LoginHint = r.params.Get("login_hint")
	r.UILocales = r.params.Get("ui_locales")
	return "", ""
}

// alwaysAsks: nothing proves that a program on somebody's computer is the one
// that was allowed before (RFC 8252 §8.6).
func (r *Request) alwaysAsks() bool {
	where, _ := placeOf(r.RedirectURI)
	return r.Client.Public() && (where == placeLoopback || where == placeApp)
}

// skipsConsent: the operator's own application, in a place that only it can hold.
func (r *Request) skipsConsent() bool {
	where, _ := placeOf(r.RedirectURI)
	return r.Client.SkipConsent && where == placeWeb
}
