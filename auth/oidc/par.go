package oidc

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// pushedPrefix begins the request_uri of a pushed request (RFC 9126 §2.2).
const pushedPrefix = "urn:ietf:params:oauth:request_uri:"

// pushedLife is how long a pushed request may wait for its browser.
const pushedLife = 90 * time.Second

// maxPushed bounds what is kept of one.
const maxPushed = 16 << 10

// Pushed is the answer to a pushed authorization request (RFC 9126 §2.2).
type Pushed struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int64  `json:"expires_in"`
}

// Push takes an authorization request from the client itself, before a browser
// is involved, and checks it as if it had come with one (RFC 9126 §2.1).
// Errors: *api.OAuthError.
func (s *Service) Push(ctx context.Context, authorization string, form url.Values) (*Pushed, error) {
	if name := malformedBut(form, "request"); name != "" {
		return nil, bad(invalidRequest, name)
	}
	if form.Has("request_uri") {
		return nil, bad(invalidRequest, "request_uri must not be pushed")
	}
	jkt, err := s.proofOf(ctx, authorization, form)
	if err != nil {
		return nil, err
	}
	client, err := s.authenticate(ctx, authorization, form)
	if err != nil {
		return nil, err
	}
	params, err := s.pushedParams(ctx, client, form)
	if err != nil {
		return nil, pushRefused(err)
	}
	if err := pushedKey(params, jkt); err != nil {
		return nil, err
	}
	if _, err := s.parse(ctx, params); err != nil {
		return nil, pushRefused(err)
	}
	request := params.Encode()
	if len(request) > maxPushed {
		return nil, bad(invalidRequest, "the request is too large")
	}
	uri := pushedPrefix + core.NewToken(43)
	now := s.now(ctx)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.keepDocumented(ctx, tx, client); err != nil {
			return err
		}
		return insertPushed(ctx, tx, &pushedRequest{
			hash: core.HashToken(uri), clientID: client.ID, request: request, expires: now.Add(pushedLife), drop: now.Add(pushedLife + flowLife),
		})
	})
	if err != nil {
		return nil, err
	}
	return &Pushed{RequestURI: uri, ExpiresIn: int64(pushedLife / time.Second)}, nil
}

// pushedParams are the parameters of the request proper, without what the client
// proved itself with.
func (s *Service) pushedParams(ctx context.Context, client *Client, form url.Values) (url.Values, error) {
	params := url.Values{}
	for name, values := range form {
		if !misplaced(name) && !reserved(name) {
			params[name] = slices.Clone(values)
		}
	}
	params.Set("client_id", client.ID)
	params, err := s.objectParams(ctx, client, params)
	if err != nil {
		return nil, err
	}
	params.Set("client_id", client.ID)
	return params, nil
}

// malformedBut is malformed for requests with one parameter that may be longer.
func malformedBut(params url.Values, name string) string {
	if len(params[name]) != 1 {
		return malformed(params)
	}
	rest := maps.Clone(params)
	delete(rest, name)
	return malformed(rest)
}

// pushRefused turns the refusal of an authorization request into the error of an
// endpoint (RFC 9126 §2.3).
func pushRefused(err error) error {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Code == "invalid_redirect" {
		return bad(invalidRequest, refusal.Description)
	}
	return bad(refusal.Code, refusal.Description)
}

func isPushed(requestURI string) bool { return strings.HasPrefix(requestURI, pushedPrefix) }

// requestParams are the parameters of an authorization request, wherever they
// are: in the request itself, in one that was pushed before (RFC 9126 §4), or in
// a request object (RFC 9101 §5). Its error is a *Refusal when the request is at fault.
func (s *Service) requestParams(ctx context.Context, params url.Values) (url.Values, error) {
	if len(params["client_id"]) > 1 {
		return params, nil // parse says so
	}
	client, err := s.known(ctx, params.Get("client_id"))
	if errors.Is(err, ErrClientNotFound) {
		return params, nil // parse says so
	}
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"request", "request_uri"} {
		if len(params[name]) > 1 {
			return nil, s.refuseAs(client, params, invalidRequest, name+" is given more than once")
		}
	}
	if isPushed(params.Get("request_uri")) {
		return s.takePushed(ctx, client, params)
	}
	if s.cfg.RequirePushedAuthorizationRequests || client.Settings.RequirePAR || client.Settings.Profile == profileFAPI2 {
		return nil, s.refuseAs(client, params, invalidRequest, "this client must push its authorization requests (RFC 9126)")
	}
	return s.objectParams(ctx, client, params)
}

// takePushed finds a pushed request. It stays until a code is made of it, so that
// a page may be loaded twice (RFC 9126 §4); request_uri goes along for that.
func (s *Service) takePushed(ctx context.Context, client *Client, params url.Values) (url.Values, error) {
	uri := params.Get("request_uri")
	if params.Has("request") {
		return nil, unanswerable(client, invalidRequest, "request and request_uri cannot both be given")
	}
	request, err := findPushed(ctx, s.core.DB, core.HashToken(uri), client.ID, s.now(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unanswerable(client, invalidRequestURI, "the request_uri has expired, was used, or is another client's")
	}
	if err != nil {
		return nil, err
	}
	pushed, err := url.ParseQuery(request)
	if err != nil {
		return nil, err
	}
	pushed.Set("request_uri", uri)
	return pushed, nil
}

// usePushedOf ends the pushed request that a code is made of. Errors: a *Refusal
// when another code was.
func (s *Service) usePushedOf(ctx context.Context, tx *store.Tx, r *Request) error {
	uri := r.params.Get("request_uri")
	if !isPushed(uri) {
		return nil
	}
	there, err := usePushed(ctx, tx, core.HashToken(uri))
	if err == nil && !there {
		return r.refuse(invalidRequestURI, "the request_uri has expired or was used")
	}
	return err
}

// refuseAs is a refusal before the request was parsed: the client is told when
// it is certain where it is.
func (s *Service) refuseAs(client *Client, params url.Values, code, description string) error {
	uri := params["redirect_uri"]
	if len(uri) != 1 || len(uri[0]) > maxRedirectURI || !matchesRedirect(client.RedirectURIs, uri[0], client.Public()) || client.Disabled {
		return unanswerable(client, code, description)
	}
	r := &Request{Client: client, RedirectURI: uri[0], ResponseMode: modeOf(params, uri[0])}
	if state := params["state"]; len(state) == 1 && len(state[0]) <= maxParam {
		r.State = state[0]
	}
	return r.refuse(code, description)
}
