package jwt

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API: none when it is off. The key
// set, /jwks, is the provider's.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/token", ID: "getToken", Tag: "jwt", Guards: []api.Guard{s.core.RequireSession()},
			Doc: "A JWT about the caller, for services of one's own.",
		}, s.token),
	}
}

type tokenOut struct {
	Token string `json:"token"`
}

func (s *Service) token(r *api.Request, _ *api.None) (tokenOut, error) {
	r.Header()["Cache-Control"] = []string{"no-store"}
	token, err := s.Token(r.Context(), core.UserJSON(core.Caller(r).User))
	return tokenOut{token}, err
}

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	op := func(name, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: errs,
		}
	}
	return []api.Endpoint{
		api.Handle(op("signJWT", "Sign claims as a token of the jwt capability.", ErrExpiration), s.signJWT),
		api.Handle(op("verifyJWT", "The claims of such a token; null when it is not good."), s.verifyJWT),
	}
}

func (s *Service) signJWT(r *api.Request, in *struct {
	Payload         map[string]any `body:"payload"`
	OverrideOptions map[string]any `body:"overrideOptions,optional"`
},
) (tokenOut, error) {
	options, _ := in.OverrideOptions["jwt"].(map[string]any)
	var o Overrides
	o.Issuer, _ = options["issuer"].(string)
	o.Audience, _ = options["audience"].(string)
	if text, given := options["expirationTime"]; given {
		if o.Expiration = lifetime(text); o.Expiration <= 0 {
			return tokenOut{}, ErrExpiration
		}
	}
	token, err := s.Sign(r.Context(), in.Payload, o)
	return tokenOut{token}, err
}

// lifetime reads a duration as better-auth's options have it: 15m, 2h, 7d.
func lifetime(v any) time.Duration {
	text, _ := v.(string)
	if len(text) < 2 {
		return 0
	}
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(n) * unit
}

type payloadOut struct {
	Payload json.RawMessage `json:"payload"`
}

func (s *Service) verifyJWT(r *api.Request, in *struct {
	Token  string `body:"token"`
	Issuer string `body:"issuer,optional"`
},
) (payloadOut, error) {
	payload, err := s.Verify(r.Context(), in.Token, in.Issuer)
	if payload == nil {
		payload = json.RawMessage("null")
	}
	return payloadOut{payload}, err
}
