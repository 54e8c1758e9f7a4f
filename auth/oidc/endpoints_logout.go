package oidc

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// LogoutPages are what people see of signing out at an application's wish.
type LogoutPages interface {
	// Confirm asks whether to sign out; the form is posted to action.
	Confirm(r *api.Request, q LogoutQuestion) (api.Responder, error)
	// SignedOut says what became of each application, and leads on to next.
	SignedOut(r *api.Request, uiLocales string, f *Farewell, next, client string) (api.Responder, error)
	// Refused says why the request was not followed.
	Refused(r *api.Request, uiLocales, code, reason string) (api.Responder, error)
}

// LogoutQuestion is what the person is asked.
type LogoutQuestion struct {
	Client    string // the name of who asks, "" when nobody says so
	User      *core.User
	UILocales string
	Action    string
}

// UsePages takes the pages, which are built after the provider.
func (s *Service) UsePages(p LogoutPages) { s.pages = p }

type endSessionQuery struct {
	IDTokenHint           any `query:"id_token_hint,optional" doc:"The ID token that the client was given; it may have expired."`
	ClientID              any `query:"client_id,optional"`
	PostLogoutRedirectURI any `query:"post_logout_redirect_uri,optional" doc:"One that the client registered."`
	State                 any `query:"state,optional" doc:"Comes back as it is."`
	LogoutHint            any `query:"logout_hint,optional"`
	UILocales             any `query:"ui_locales,optional"`
}

type endSessionForm struct {
	IDTokenHint           any `body:"id_token_hint,optional"`
	ClientID              any `body:"client_id,optional"`
	PostLogoutRedirectURI any `body:"post_logout_redirect_uri,optional"`
	State                 any `body:"state,optional"`
	LogoutHint            any `body:"logout_hint,optional"`
	UILocales             any `body:"ui_locales,optional"`
}

type confirmForm struct {
	Action string `body:"action,enum=confirm"`
}

const (
	endSessionPath = "/oauth2/end-session"
	confirmPath    = endSessionPath + "/confirm"
)

func (s *Service) logoutEndpoints() []api.Endpoint {
	form := []string{api.MediaForm}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: endSessionPath, ID: "oauth2EndSession", Tag: tag, CORS: api.CORSNone,
			Doc: "Signs the person out at an application's wish (RP-Initiated Logout §2), after asking them unless the ID token says who it is about.",
		}, s.endSession),
		api.Handle(api.Endpoint{
			// As safe as the GET: whoever may link here may also post.
			Method: http.MethodPost, Path: endSessionPath, ID: "oauth2EndSessionPost", Tag: tag, Media: form, Origin: api.OriginNone, CORS: api.CORSNone, OAuth: invalidRequest,
			Doc: "The same with the parameters in the body.",
		}, s.endSessionPost),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: confirmPath, ID: "oauth2EndSessionConfirmation", Tag: tag, Media: form, CORS: api.CORSNone,
			Doc: "The person's yes to signing out.",
		}, s.endSessionConfirm),
	}
}

func (s *Service) endSession(r *api.Request, _ *endSessionQuery) (api.Responder, error) {
	params, err := queryOf(r)
	return s.startLogout(r, params, err)
}

func (s *Service) endSessionPost(r *api.Request, _ *endSessionForm) (api.Responder, error) {
	form := formOf(r)
	query, err := queryOf(r)
	for name, values := range query { // the contract takes both
		if form[name] == nil {
			form[name] = values
		}
	}
	return s.startLogout(r, form, err)
}

// queryOf is the query; the error is for one that is not form-encoded.
func queryOf(r *api.Request) (url.Values, error) {
	params, err := url.ParseQuery(r.HTTP.URL.RawQuery)
	if err != nil {
		return params, errUnreadable
	}
	return params, nil
}

// navigates tells a browser that goes to a page from a program that calls an endpoint.
func navigates(r *api.Request) bool {
	mode := r.HTTP.Header.Get("Sec-Fetch-Mode")
	return mode == "navigate" || mode == "" && strings.Contains(r.HTTP.Header.Get("Accept"), "text/html")
}

func (s *Service) startLogout(r *api.Request, params url.Values, unreadable error) (api.Responder, error) {
	noStore(r)
	browser := navigates(r)
	a, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if unreadable == nil && a == nil {
		if link, is := s.asLink(r, endSessionPath, params); is {
			return link, nil
		}
	}
	var l *Logout
	if err = unreadable; err == nil {
		l, err = s.readLogout(r.Context(), params, a)
	}
	var refused *api.OAuthError
	if browser && errors.As(err, &refused) {
		return s.pages.Refused(r, params.Get("ui_locales"), refused.Code, refused.Description)
	}
	if err != nil {
		return nil, err
	}
	if a == nil || l.Sure {
		return s.finishLogout(r, a, l)
	}
	if !browser {
		return nil, bad(invalidRequest, "User confirmation is required to complete logout")
	}
	if err := s.keepQuestion(r, a, l); err != nil {
		return nil, err
	}
	q := LogoutQuestion{User: a.User, UILocales: l.UILocales, Action: "/api/auth" + confirmPath}
	if l.Client != nil {
		q.Client = l.Client.Name
		setDefault(&q.Client, l.Client.ID)
	}
	return s.pages.Confirm(r, q)
}

// finishLogout signs out whoever is signed in, and goes where the request wants.
func (s *Service) finishLogout(r *api.Request, a *core.Auth, l *Logout) (api.Responder, error) {
	f := &Farewell{}
	if a != nil {
		var err error
		if f, err = s.SignOut(r.Context(), a); err != nil {
			return nil, err
		}
		s.core.ClearCookies(r)
		r.Security("sign-out", "user", a.User.ID)
	}
	s.clearQuestion(r)
	next, client := l.Target(), ""
	if l.Client != nil {
		client = l.Client.Name
		setDefault(&client, l.Client.ID)
	}
	// Our own form's answer must not lead elsewhere (form-action), and frames need a page.
	page := next == "" || len(f.Frames) > 0 || r.Endpoint().Path == confirmPath
	switch {
	case navigates(r) && page:
		return s.pages.SignedOut(r, l.UILocales, f, next, client)
	case next == "":
		return api.JSON{Status: http.StatusOK}, nil
	default:
		return api.Redirect{URL: next}, nil
	}
}

func (s *Service) endSessionConfirm(r *api.Request, _ *confirmForm) (api.Responder, error) {
	noStore(r)
	a, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	l, err := s.readQuestion(r, a)
	var refused *api.OAuthError
	if navigates(r) && errors.As(err, &refused) {
		return s.pages.Refused(r, "", refused.Code, refused.Description)
	}
	if err != nil {
		return nil, err
	}
	return s.finishLogout(r, a, l)
}

// question is a request that waits for the person's yes: what the cookie holds,
// encrypted and bound to the session that was asked about.
type question struct {
	Session     string    `json:"sessionId"`
	Expires     time.Time `json:"expiresAt"`
	ClientID    string    `json:"client,omitempty"`
	RedirectURI string    `json:"redirect,omitempty"`
	State       string    `json:"state,omitempty"`
	UILocales   string    `json:"locales,omitempty"`
}

const (
	questionLife = 5 * time.Minute
	questionUse  = "oauth logout confirmation"
	// maxQuestion leaves the cookie within the 4096 bytes that every browser keeps.
	maxQuestion = 3800
)

func (s *Service) questionCookie(value string) *api.Cookie {
	name := s.core.Config.Advanced.CookiePrefix + ".session_token.oauth_logout_confirmation"
	if s.core.Config.Advanced.UseSecureCookies {
		name = "__Secure-" + name
	}
	return &api.Cookie{
		Name: name, Value: value, MaxAge: int(questionLife.Seconds()), Delete: value == "", Path: "/api/auth" + confirmPath,
		HTTPOnly: true, SameSite: "Lax", Secure: s.core.Config.Advanced.UseSecureCookies,
	}
}

func (s *Service) keepQuestion(r *api.Request, a *core.Auth, l *Logout) error {
	q := question{Session: a.Session.ID, Expires: s.now(r.Context()).Add(questionLife), RedirectURI: l.RedirectURI, State: l.State, UILocales: clip(l.UILocales)}
	if l.Client != nil {
		q.ClientID = l.Client.ID
	}
	plain, err := json.Marshal(q)
	if err != nil {
		return err
	}
	sealed, err := s.logout.Seal(questionUse, plain)
	if err != nil {
		return err
	}
	value := url.QueryEscape(sealed)
	if len(value) > maxQuestion {
		return bad(invalidRequest, "state is too long")
	}
	r.SetCookie(s.questionCookie(value))
	return nil
}

func (s *Service) clearQuestion(r *api.Request) {
	c := s.questionCookie("")
	c.MaxAge = 0
	r.SetCookie(c)
}

// readQuestion is the request that the person was asked about.
func (s *Service) readQuestion(r *api.Request, a *core.Auth) (*Logout, error) {
	gone := bad(invalidRequest, "User confirmation is required to complete logout")
	value, ok := r.Cookie(s.questionCookie("").Name)
	if !ok || a == nil {
		return nil, gone
	}
	sealed, err := url.QueryUnescape(value)
	if err != nil {
		return nil, gone
	}
	plain, err := s.logout.Open(questionUse, sealed)
	var q question
	if err != nil || json.Unmarshal(plain, &q) != nil || q.Session != a.Session.ID || !s.now(r.Context()).Before(q.Expires) {
		return nil, gone
	}
	l := &Logout{State: q.State, UILocales: q.UILocales}
	if q.ClientID == "" {
		return l, nil
	}
	c, err := s.Client(r.Context(), q.ClientID)
	if errors.Is(err, ErrClientNotFound) || err == nil && c.Disabled { // since
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	l.Client = c
	for _, known := range c.PostLogoutRedirectURIs { // it may have been taken back since
		if known == q.RedirectURI {
			l.RedirectURI = q.RedirectURI
		}
	}
	return l, nil
}
