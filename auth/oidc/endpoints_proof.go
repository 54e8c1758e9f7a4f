package oidc

import (
	"context"
	"net/http"

	"authd/auth/internal/api"
)

// proofEndpoints are those that clients use before a browser is involved.
func (s *Service) proofEndpoints() []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/par", ID: "oauth2Par", Tag: tag, Limit: perMinute(60), Media: []string{api.MediaForm}, Origin: api.OriginNone, CORS: api.CORSPublic,
			OAuth: invalidRequest, Document: true, // RFC 9126 §2.3: other methods are 405
			Doc: "Takes an authorization request from the client itself and gives a request_uri for it (RFC 9126).",
		}, s.push),
	}
}

// pushForm is an authorization request and what its client proves itself with.
type pushForm struct {
	ClientSecret        any `body:"client_secret,optional"`
	ClientAssertion     any `body:"client_assertion,optional"`
	ClientAssertionType any `body:"client_assertion_type,optional"`
	ResponseType        any `body:"response_type,optional" doc:"code"`
	ClientID            any `body:"client_id,optional"`
	RedirectURI         any `body:"redirect_uri,optional"`
	Scope               any `body:"scope,optional" doc:"Separated by spaces."`
	State               any `body:"state,optional"`
	CodeChallenge       any `body:"code_challenge,optional"`
	CodeChallengeMethod any `body:"code_challenge_method,optional" doc:"S256"`
	Request             any `body:"request,optional" doc:"A signed request object in place of the parameters (RFC 9101)."`
	DPoPJKT             any `body:"dpop_jkt,optional" doc:"Thumbprint of the key that the code will be bound to (RFC 9449 §10)."`
}

func (s *Service) push(r *api.Request, _ *pushForm) (api.JSON, error) {
	noStore(r)
	ctx, authorization, form := s.shown(r), r.HTTP.Header.Get("Authorization"), formOf(r)
	pushed, err := s.Push(ctx, authorization, form)
	s.failedAt(ctx, failedPush, authorization, form, err)
	return api.JSON{Status: http.StatusCreated, Body: pushed}, err
}

// shown is the context of a request with what it shows of the key it holds.
func (s *Service) shown(r *api.Request) context.Context {
	proofs := r.HTTP.Header.Values("DPoP")
	if len(proofs) == 0 {
		return r.Context()
	}
	return withShowing(r.Context(), &showing{
		proofs: proofs, method: r.HTTP.Method, address: s.issuer + r.HTTP.URL.EscapedPath(),
		answer: func(nonce string) {
			r.Header().Set("DPoP-Nonce", nonce)
			r.Header().Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")
		},
	})
}
