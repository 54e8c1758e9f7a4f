package social

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// guess is the limit of sign-ins (NOTES §8). Callbacks have the usual one: their
// state is no guess.
var guess = api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true}

// Endpoints are this capability's part of the API; none without a provider.
func (s *Service) Endpoints() []api.Endpoint {
	var list []api.Endpoint
	if len(s.set.All()) > 0 {
		list = append(list, s.redirects()...)
	}
	if s.core.Config.OneTap.Enabled {
		list = append(list, api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/one-tap/callback", ID: "oneTapCallback", Tag: "social",
			Doc: "Sign in with the ID token of Google One Tap.", Origin: api.OriginLogin, Limit: guess,
			Errors: []*api.Error{errOneTap, errOneTapEmail, core.ErrNotVerified, core.ErrBanned, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.oneTap))
	}
	if s.core.Config.PATSignin.Enabled {
		list = append(list, api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/pat-signin", ID: "signInPAT", Tag: "social",
			Doc: "Sign in with a personal access token of GitHub.", Origin: api.OriginLogin, Limit: guess,
			Errors: []*api.Error{ErrInvalidToken, ErrNoUserInfo, ErrNotMember, ErrEmailNotFound, core.ErrNotVerified, ErrLink, core.ErrBanned, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.patSignIn))
	}
	return list
}

func (s *Service) redirects() []api.Endpoint {
	list := []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-in/social", ID: "socialSignIn", Tag: "social",
			Doc: "Sign in at another provider: by a redirect there, or with an ID token of its.", Origin: api.OriginLogin, Limit: guess,
			Errors: []*api.Error{
				ErrProviderNotFound, ErrProviderUnavailable, ErrIDTokenNotSupported, ErrInvalidToken, ErrNoUserInfo, ErrEmailNotFound, core.ErrNotVerified, ErrLink, core.ErrBanned,
				core.ErrPolicyRefused, core.ErrPolicyUnavailable,
			},
		}, s.signIn),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/link-social", ID: "linkSocialAccount", Tag: "social", Guards: []api.Guard{s.core.RequireSession()},
			Doc: "Link an account at another provider with the caller's.",
			Errors: []*api.Error{
				ErrProviderNotFound, ErrProviderUnavailable, ErrIDTokenNotSupported, ErrInvalidToken, ErrNoUserInfo, ErrEmailNotFound, ErrAlreadyLinked, ErrLinkingNotAllowed, ErrDifferentEmails,
			},
		}, s.linkSocial),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/callback/{id}", ID: "handleOAuthCallback", Tag: "social", Page: true,
			Doc: "Where a provider sends the browser back to.",
		}, s.getCallback),
		api.Handle(api.Endpoint{
			// A provider posts from its own site, without our cookies: the post only
			// becomes a GET, which has them.
			Method: http.MethodPost, Path: "/callback/{id}", ID: "handleOAuthCallbackPost", Tag: "social", Page: true, Origin: api.OriginNone,
			Doc: "Where a provider posts its answer to, which goes on by GET.", Media: []string{api.MediaForm, api.MediaJSON},
		}, s.postCallback),
	}
	if s.core.Config.Expo.Enabled {
		list = append(list, api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/expo-authorization-proxy", ID: "expoAuthorizationProxy", Tag: "social",
			Doc: "Goes on, in a phone's browser, with a sign-in that an app has begun.", Errors: []*api.Error{errAuthorizationURL, errNoState},
		}, s.expoProxy))
	}
	return list
}

func (s *Service) expoProxy(r *api.Request, in *struct {
	URL   string `query:"authorizationURL"`
	State string `query:"oauthState,optional"`
},
) (api.Redirect, error) {
	return api.Redirect{URL: in.URL}, s.takeOver(r, in.URL, in.State)
}

type socialInput struct {
	Provider    string         `body:"provider"`
	CallbackURL string         `body:"callbackURL,optional"`
	NewUserURL  string         `body:"newUserCallbackURL,optional"`
	ErrorURL    string         `body:"errorCallbackURL,optional"`
	Stay        bool           `body:"disableRedirect,optional"`
	IDToken     *idTokenInput  `body:"idToken,optional"`
	Scopes      []string       `body:"scopes,optional"`
	SignUp      bool           `body:"requestSignUp,optional"`
	LoginHint   string         `body:"loginHint,optional"`
	Params      map[string]any `body:"additionalParams,optional"`
	Data        map[string]any `body:"additionalData,optional"`
	Query       string         `body:"oauth_query,optional"`
}

type idTokenInput struct {
	Token        string      `body:"token"`
	Nonce        string      `body:"nonce,optional"`
	AccessToken  string      `body:"accessToken,optional"`
	RefreshToken string      `body:"refreshToken,optional"`
	ExpiresAt    float64     `body:"expiresAt,optional"`
	User         *appleInput `body:"user,optional"`
}

type appleInput struct {
	Name  *appleName `body:"name,optional"`
	Email string     `body:"email,optional"`
}

type appleName struct {
	FirstName string `body:"firstName,optional"`
	LastName  string `body:"lastName,optional"`
}

func (in *idTokenInput) token() IDToken {
	t := IDToken{Token: in.Token, Nonce: in.Nonce, AccessToken: in.AccessToken, RefreshToken: in.RefreshToken}
	if in.User != nil && in.User.Name != nil {
		t.FirstName, t.LastName = in.User.Name.FirstName, in.User.Name.LastName
	}
	return t
}

// goes tells an app where the browser goes.
type goes struct {
	URL      string `json:"url"`
	Redirect bool   `json:"redirect"`
}

type signedIn struct {
	Redirect bool            `json:"redirect"`
	Token    string          `json:"token"`
	User     json.RawMessage `json:"user"`
}

func (s *Service) signIn(r *api.Request, in *socialInput) (any, error) {
	if in.Query != "" {
		if err := s.flows.CheckQuery(r.Context(), in.Query); err != nil {
			return nil, err
		}
	}
	if in.IDToken != nil {
		a, err := s.SignInWithIDToken(r, in.Provider, in.IDToken.token(), in.SignUp, in.CallbackURL)
		if err != nil {
			return nil, err
		}
		return s.core.Answer(r, a, signedIn{Token: a.Session.Token, User: core.UserJSON(a.User)})
	}
	return s.depart(r, in, nil)
}

// depart answers with the provider's address.
func (s *Service) depart(r *api.Request, in *socialInput, link *core.Auth) (any, error) {
	params, err := extra(in.Params)
	if err != nil {
		return nil, err
	}
	start := Start{
		Provider: in.Provider, CallbackURL: in.CallbackURL, ErrorURL: in.ErrorURL, NewUserURL: in.NewUserURL,
		SignUp: in.SignUp, Scopes: in.Scopes, LoginHint: in.LoginHint, Params: params, Query: in.Query, Link: link,
	}
	if start.CallbackURL == "" {
		start.CallbackURL = r.Base()
	}
	where, err := s.Begin(r, start)
	if err != nil {
		return nil, err
	}
	if !in.Stay {
		r.Header().Set("Location", where)
	}
	return goes{URL: where, Redirect: !in.Stay}, nil
}

// reserved are the parameters of a request that only this server sets.
var reserved = []string{"state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce", "scope"}

// extra checks the parameters that an app wants the provider to get.
func extra(in map[string]any) (map[string]string, error) {
	out := make(map[string]string, len(in))
	for name, value := range in {
		text, ok := value.(string)
		if !ok {
			return nil, ErrParameterText
		}
		if slices.Contains(reserved, name) {
			return nil, ErrReservedParameter
		}
		out[name] = text
	}
	return out, nil
}

type linked struct {
	URL      string `json:"url"`
	Status   bool   `json:"status"`
	Redirect bool   `json:"redirect"`
}

func (s *Service) linkSocial(r *api.Request, in *socialInput) (any, error) {
	caller := core.Caller(r)
	in.NewUserURL, in.Query = "", ""
	if in.IDToken == nil {
		return s.depart(r, in, caller)
	}
	if err := s.LinkIDToken(r, caller, in.Provider, in.IDToken.token()); err != nil {
		return nil, err
	}
	return linked{Status: true}, nil
}

type callbackInput struct {
	Provider    string `path:"id"`
	Code        string `query:"code,optional"`
	State       string `query:"state,optional"`
	Issuer      string `query:"iss,optional"`
	Error       string `query:"error,optional"`
	Description string `query:"error_description,optional"`
	DeviceID    string `query:"device_id,optional"`
	User        string `query:"user,optional"`
}

func (s *Service) getCallback(r *api.Request, in *callbackInput) (api.Redirect, error) {
	where, err := s.Callback(r, in.Provider, answer{
		Code: in.Code, State: in.State, Issuer: in.Issuer, Error: in.Error, Description: in.Description, DeviceID: in.DeviceID, User: in.User,
	})
	return api.Redirect{URL: s.core.HandOver(r, where)}, err
}

// callbackFields are those of an answer that go on to the GET.
var callbackFields = []string{"code", "error", "device_id", "error_description", "state", "user", "iss"}

func (s *Service) postCallback(r *api.Request, in *struct {
	Provider string `path:"id"`
},
) (api.Redirect, error) {
	q := url.Values{}
	for _, name := range callbackFields {
		if text := r.Query(name); text != "" {
			q.Set(name, text)
		} else if text, ok := r.Body[name].(string); ok {
			q.Set(name, text)
		}
	}
	return api.Redirect{URL: s.callback(r, url.PathEscape(in.Provider)) + "?" + q.Encode()}, nil
}

type oneTapInput struct {
	IDToken     string `body:"idToken"`
	CallbackURL string `body:"callbackURL,optional"`
}

// entered is what a sign-in without a redirect answers.
type entered struct {
	Token string          `json:"token"`
	User  json.RawMessage `json:"user"`
}

func (s *Service) oneTap(r *api.Request, in *oneTapInput) (any, error) {
	a, err := s.OneTap(r, in.IDToken, in.CallbackURL)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, a, entered{a.Session.Token, core.UserJSON(a.User)})
}

type patInput struct {
	PAT string `body:"pat,notempty"`
}

func (s *Service) patSignIn(r *api.Request, in *patInput) (any, error) {
	a, err := s.SignInWithPAT(r, in.PAT)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, a, entered{a.Session.Token, core.UserJSON(a.User)})
}
