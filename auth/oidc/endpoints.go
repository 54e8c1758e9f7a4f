package oidc

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

const (
	tag           = "oauth-provider"
	authorizePath = "/oauth2/authorize"
)

// perMinute are the contract's limits (NOTES §8).
func perMinute(n int) api.Rule { return api.Rule{Window: time.Minute, Max: n} }

// Endpoints are those of the provider.
func (s *Service) Endpoints() []api.Endpoint {
	session := []api.Guard{s.core.RequireSession()}
	form := []string{api.MediaForm}
	return append(slices.Concat(s.documents(), s.consentEndpoints(), s.registrationEndpoints(), s.clientEndpoints(), s.proofEndpoints(), s.logoutEndpoints()),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: authorizePath, ID: "oauth2Authorize", Tag: tag, Limit: perMinute(30),
			Doc: "Starts signing in at an application: sends the browser to the page of the next step, or back with a code.",
		}, s.authorize),
		api.Handle(api.Endpoint{
			// As safe as the GET: whoever may link here may also post.
			Method: http.MethodPost, Path: authorizePath, ID: "oauth2AuthorizePost", Tag: tag, Limit: perMinute(30), Media: form, Origin: api.OriginNone, OAuth: invalidRequest,
			Doc: "The same with the parameters in the body (OpenID Connect Core §3.1.2.1).",
		}, s.authorizePost),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/token", ID: "oauth2Token", Tag: tag, Limit: perMinute(20), Media: form, Origin: api.OriginNone, OAuth: invalidRequest, CORS: api.CORSPublic,
			Doc: "Gives tokens for an authorization code, a refresh token, a token of another client's (RFC 8693), or to the client itself.",
		}, s.token),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/oauth2/userinfo", ID: "oauth2UserInfo", Tag: tag, Limit: perMinute(60), CORS: api.CORSPublic,
			Doc: "Tells who the person behind an access token is, as far as its scopes go.",
		}, s.userinfo),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/userinfo", ID: "oauth2UserInfoPost", Tag: tag, Limit: perMinute(60), Media: form, Origin: api.OriginNone, OAuth: invalidRequest, CORS: api.CORSPublic,
			Doc: "The same with the access token in the body (RFC 6750 §2.2).",
		}, s.userinfoPost),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/introspect", ID: "oauth2Introspect", Tag: tag, Limit: perMinute(100), Media: form, Origin: api.OriginNone, OAuth: invalidRequest, CORS: api.CORSNone,
			Doc: "Tells a client whether a token of its own, or for its API, is good (RFC 7662); signed where application/token-introspection+jwt is asked for (RFC 9701).",
		}, s.introspect),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/revoke", ID: "oauth2Revoke", Tag: tag, Limit: perMinute(30), Media: form, Origin: api.OriginNone, OAuth: invalidRequest, CORS: api.CORSPublic,
			Doc: "Ends a token, and with a refresh token all that came of the same consent (RFC 7009).",
		}, s.revoke),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/consent", ID: "oauth2Consent", Tag: tag, Guards: session,
			Doc: "Answers for a consent page of one's own.",
		}, s.consent),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/continue", ID: "oauth2Continue", Tag: tag, Guards: session,
			Doc: "Goes on from a page of one's own where an account was chosen or made.",
		}, s.goOn),
	)
}

// documents are the metadata and the keys, at the standards' places and at better-auth's.
func (s *Service) documents() []api.Endpoint {
	const (
		about = "What the provider offers and where (OpenID Connect Discovery §4, RFC 8414 §3)."
		keys  = "The public keys that tokens are verified with (RFC 7517)."
	)
	var list []api.Endpoint
	add := func(id, path, doc string, fn func(*api.Request, *api.None) (api.Bytes, error)) {
		list = append(list, api.Handle(api.Endpoint{
			// Unlimited: to answer costs less than to count.
			Mount: api.Root, Method: http.MethodGet, Path: path, ID: id, Tag: tag, Doc: doc, Document: doc == about, Limit: api.Unlimited, CORS: api.CORSPublic,
		}, fn))
	}
	add("getOpenIdConfig", "/.well-known/openid-configuration", about, s.discoveryDocument)
	add("getOAuthServerConfig", "/.well-known/oauth-authorization-server", about, s.discoveryDocument)
	add("getOAuthServerConfigOfPath", "/.well-known/oauth-authorization-server/api/auth", about, s.discoveryDocument)
	add("getOpenIdConfigUnderBase", "/api/auth/.well-known/openid-configuration", about, s.discoveryDocument)
	add("getOAuthServerConfigUnderBase", "/api/auth/.well-known/oauth-authorization-server", about, s.discoveryDocument)
	add("getJwks", "/.well-known/jwks.json", keys, s.jwksDocument)
	add("getJwksUnderBase", "/api/auth/jwks", keys, s.jwksDocument)
	return append(list, s.protectedDocuments()...)
}

func (s *Service) discoveryDocument(r *api.Request, _ *api.None) (api.Bytes, error) {
	return publicDocument(r, s.discovery), nil
}

func (s *Service) jwksDocument(r *api.Request, _ *api.None) (api.Bytes, error) {
	keys, err := s.keys.JWKS(r.Context())
	if err != nil {
		return api.Bytes{}, err
	}
	return publicDocument(r, keys), nil
}

func publicDocument(r *api.Request, body []byte) api.Bytes {
	r.Header()["Cache-Control"] = []string{"public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"}
	return api.Bytes{Type: api.MediaJSON, Body: body}
}

// noStore keeps answers with tokens and personal data out of caches (RFC 6749 §5.1).
func noStore(r *api.Request) {
	r.Header()["Cache-Control"] = []string{"no-store"}
	r.Header()["Pragma"] = []string{"no-cache"}
}

// redirectBody is how an app's own page learns where to go.
type redirectBody struct {
	Redirect bool   `json:"redirect"`
	URL      string `json:"url"`
}

func (s *Service) authorize(r *api.Request, _ *authorizeQuery) (api.Responder, error) {
	params, err := url.ParseQuery(r.HTTP.URL.RawQuery)
	if err != nil { // what of it can be read may still tell whom to tell
		answer, err := s.AuthorizeUnreadable(r.Context(), params)
		return s.answerBrowser(r, answer, err)
	}
	return s.startAuthorize(r, params)
}

func (s *Service) authorizePost(r *api.Request, _ *authorizeForm) (api.Responder, error) {
	return s.startAuthorize(r, formOf(r))
}

func (s *Service) startAuthorize(r *api.Request, params url.Values) (api.Responder, error) {
	a, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if a == nil {
		if link, is := s.asLink(r, authorizePath, params); is {
			noStore(r)
			return link, nil
		}
	}
	answer, err := s.Authorize(r.Context(), params, a, s.Browser(r))
	return s.answerBrowser(r, answer, err)
}

func (s *Service) answerBrowser(r *api.Request, answer Answer, err error) (api.Responder, error) {
	if err != nil {
		return nil, err
	}
	if err := s.keepBrowser(r, answer); err != nil {
		return nil, err
	}
	noStore(r)
	if r.HTTP.Header.Get("Sec-Fetch-Mode") == "cors" { // a script asks: it must navigate by itself
		return api.JSON{Status: http.StatusOK, Body: redirectBody{true, answer.URL}}, nil
	}
	if r.HTTP.Method == http.MethodPost { // the next request is a GET, in every browser (RFC 9700 §4.12, FAPI 2.0 §5.3.2.2)
		return api.Redirect{URL: answer.URL, Status: http.StatusSeeOther}, nil
	}
	return api.Redirect{URL: answer.URL}, nil
}

// maxAgain is the longest query that is asked for again.
const maxAgain = 8 << 10

// asLink makes a link of a form that another site posted. Such a form brings no
// cookies (SameSite=Lax), so that we cannot see whom it is about, and would give the
// browser new ones; the link brings those that it has.
func (s *Service) asLink(r *api.Request, path string, params url.Values) (api.Redirect, bool) {
	h := r.HTTP.Header
	if r.HTTP.Method != http.MethodPost || h.Get("Sec-Fetch-Site") != "cross-site" || !navigates(r) {
		return api.Redirect{}, false
	}
	query := params.Encode()
	return api.Redirect{URL: s.issuer + "/api/auth" + path + "?" + query, Status: http.StatusSeeOther}, len(query) <= maxAgain
}

// Browser is the secret that binds flows to this browser, "" when it has none.
func (s *Service) Browser(r *api.Request) string {
	value, ok := r.Cookie(s.browser.name)
	if !ok {
		return ""
	}
	return s.browser.read(value)
}

// keepBrowser gives the browser its secret, when the answer made one.
func (s *Service) keepBrowser(r *api.Request, answer Answer) error {
	if answer.Browser == "" {
		return nil
	}
	value, err := s.browser.write(answer.Browser)
	if err != nil {
		return err
	}
	r.SetCookie(&api.Cookie{
		Name: s.browser.name, Value: value, Path: "/", HTTPOnly: true, SameSite: "Lax", Secure: s.core.Config.Advanced.UseSecureCookies,
	})
	return nil
}

func (s *Service) token(r *api.Request, _ *tokenForm) (*Tokens, error) {
	noStore(r)
	ctx, authorization, form := s.shown(r), r.HTTP.Header.Get("Authorization"), formOf(r)
	tokens, err := s.Token(ctx, authorization, form)
	s.failedAt(ctx, failedToken, authorization, form, err)
	return tokens, err
}

func (s *Service) revoke(r *api.Request, _ *aboutTokenForm) (api.Empty, error) {
	noStore(r)
	r.Header().Set("Content-Type", "application/json") // of nothing, as the contract has it: simple-oauth2 reads no answer without it
	return api.Empty{}, s.Revoke(r.Context(), r.HTTP.Header.Get("Authorization"), formOf(r))
}

type consentIn struct {
	Accept bool    `body:"accept"`
	Scope  *string `body:"scope,optional"`
	Claims any     `body:"claims,optional"`
	Query  string  `body:"oauth_query,optional"`
}

func (s *Service) consent(r *api.Request, in *consentIn) (redirectBody, error) {
	noStore(r)
	if in.Query == "" {
		return redirectBody{}, bad(invalidRequest, "missing oauth query")
	}
	var scopes []string
	if in.Scope != nil {
		scopes = append([]string{}, strings.Fields(*in.Scope)...)
	}
	answer, err := s.ConsentQuery(r.Context(), in.Query, core.Caller(r), s.Browser(r), in.Accept, scopes)
	return s.answerTo(r, answer, err)
}

type continueIn struct {
	Selected  bool   `body:"selected,optional"`
	Created   bool   `body:"created,optional"`
	PostLogin bool   `body:"postLogin,optional"`
	Query     string `body:"oauth_query,optional"`
}

func (s *Service) goOn(r *api.Request, in *continueIn) (redirectBody, error) {
	noStore(r)
	if r.Body == nil {
		return redirectBody{}, api.Invalid("body", "Invalid input: expected object, received undefined")
	}
	taken := StepLogin
	switch {
	case in.Selected:
		taken = StepSelect
	case in.Created:
		taken = StepSignUp
	case !in.PostLogin:
		return redirectBody{}, bad(invalidRequest, "Missing parameters")
	}
	if in.Query == "" {
		return redirectBody{}, bad(invalidRequest, "missing oauth query")
	}
	answer, err := s.ContinueQuery(r.Context(), in.Query, core.Caller(r), s.Browser(r), taken)
	return s.answerTo(r, answer, err)
}

// ResumeSignIn answers a JSON sign-in or sign-up whose body carries a signed
// query: with where the browser goes next (NOTES §13). It is core's Resume.
func (s *Service) ResumeSignIn(r *api.Request, a *core.Auth) (any, bool, error) {
	query, _ := r.Body["oauth_query"].(string)
	if query == "" {
		return nil, false, nil
	}
	answer, err := s.ResumeQuery(r.Context(), query, a, s.Browser(r))
	body, err := s.answerTo(r, answer, err)
	return body, err == nil, err
}

// ResumeSocial is ResumeHeld for a request: where the browser goes.
func (s *Service) ResumeSocial(r *api.Request, query string, held time.Time, a *core.Auth) (string, error) {
	answer, err := s.ResumeHeld(r.Context(), query, held, a, s.Browser(r))
	body, err := s.answerTo(r, answer, err)
	return body.URL, err
}

// CheckSignIn refuses a request with a signed query that does not hold, before
// anything is done for it.
func (s *Service) CheckSignIn(r *api.Request) error {
	query, _ := r.Body["oauth_query"].(string)
	if query == "" {
		return nil
	}
	return s.CheckQuery(r.Context(), query)
}

func (s *Service) answerTo(r *api.Request, answer Answer, err error) (redirectBody, error) {
	if err != nil {
		return redirectBody{}, err
	}
	return redirectBody{true, answer.URL}, s.keepBrowser(r, answer)
}

// formOf is the body of a form post, with every value of a repeated field.
func formOf(r *api.Request) url.Values {
	form := make(url.Values, len(r.Body))
	for name, value := range r.Body {
		switch value := value.(type) {
		case string:
			form[name] = []string{value}
		case []any:
			for _, one := range value {
				if text, ok := one.(string); ok {
					form[name] = append(form[name], text)
				}
			}
		}
	}
	return form
}
