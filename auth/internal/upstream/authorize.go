package upstream

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// Request is what an authorization request carries.
type Request struct {
	State       string
	Verifier    string // PKCE, RFC 7636
	Nonce       string // OpenID Connect Core §3.1.2.1
	RedirectURI string
	Scopes      []string // beside the configured ones
	LoginHint   string
	Prompt      string // in place of the configured one
	Display     string
	Extra       map[string]string
}

// Reserved are the parameters that only the flow itself sets: whoever could set
// them would unbind the answer from its request.
func Reserved() []string {
	return []string{"state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce", "scope"}
}

// AuthorizationURL is where the browser is sent (RFC 6749 §4.1.1). It calls
// nobody, unless the endpoints must be discovered first.
func (p *Provider) AuthorizationURL(ctx context.Context, r Request) (string, error) {
	at, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	conf := oauth2.Config{ClientID: p.clientID(), RedirectURL: p.redirect(r.RedirectURI), Endpoint: oauth2.Endpoint{AuthURL: at.authorize}}
	var options []oauth2.AuthCodeOption
	if r.Verifier != "" && !p.def.NoPKCE {
		options = append(options, oauth2.S256ChallengeOption(r.Verifier))
	}
	if r.Nonce != "" && p.def.Nonce {
		options = append(options, oauth2.SetAuthURLParam("nonce", r.Nonce))
	}
	if scopes := p.askFor(r.Scopes, at); len(scopes) > 0 {
		options = append(options, oauth2.SetAuthURLParam("scope", strings.Join(scopes, or(p.def.Separator, " "))))
	}
	made, err := url.Parse(conf.AuthCodeURL(r.State, options...))
	if err != nil {
		return "", fmt.Errorf("the authorization endpoint of %s cannot be read: %w", p.ID, err)
	}
	query := made.Query()
	p.addParams(query, r)
	if p.def.Authorise != nil {
		made.Fragment = p.def.Authorise(p, query)
	}
	// %20 and not +: some providers take a plus for a plus.
	made.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return made.String(), nil
}

// addParams adds what is configured, then what the caller asks for.
func (p *Provider) addParams(query url.Values, r Request) {
	for name, value := range p.def.Params {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]string{"login_hint": r.LoginHint, "display": r.Display, "prompt": or(r.Prompt, p.prompt)} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range r.Extra {
		if !slices.Contains(Reserved(), name) {
			query.Set(name, value)
		}
	}
}

// askFor is the configured scopes and the further ones, each once.
func (p *Provider) askFor(more []string, at *endpoints) []string {
	var all []string
	if at.openID && !slices.Contains(p.scopes, "openid") && !slices.Contains(more, "openid") {
		all = append(all, "openid")
	}
	for _, scope := range slices.Concat(p.scopes, more) {
		if scope != "" && !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}

// redirect is where the provider sends people back to: the configured address wins.
func (p *Provider) redirect(uri string) string { return or(p.redirectURI, uri) }
