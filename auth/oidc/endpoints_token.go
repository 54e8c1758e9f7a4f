package oidc

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"authd/auth/internal/api"
)

// Media types of signed answers (OpenID Connect Core §5.3.2, RFC 9701 §4).
const (
	mediaJWT           = "application/jwt"
	mediaIntrospection = "application/token-introspection+jwt"
)

func (s *Service) userinfo(r *api.Request, _ *api.None) (api.Responder, error) {
	noStore(r)
	info, signed, err := s.UserInfo(s.shown(r), r.HTTP.Header.Get("Authorization"), formOf(r))
	if err != nil {
		return nil, err
	}
	if signed == "" {
		return api.JSON{Status: http.StatusOK, Body: info}, nil
	}
	return api.Bytes{Type: mediaJWT, Body: []byte(signed)}, nil
}

func (s *Service) userinfoPost(r *api.Request, _ *userinfoForm) (api.Responder, error) {
	return s.userinfo(r, nil)
}

func (s *Service) introspect(r *api.Request, _ *aboutTokenForm) (api.Responder, error) {
	noStore(r)
	authorization, form := r.HTTP.Header.Get("Authorization"), formOf(r)
	asSigned := prefersSigned(r.HTTP.Header.Values("Accept"))
	if asSigned && authorization == "" && form.Get("client_secret") == "" && form.Get("client_assertion") == "" {
		return nil, bad(invalidRequest, "a signed answer is for a client that proves itself") // RFC 9701 §4
	}
	about, who, err := s.Introspect(r.Context(), authorization, form)
	if err != nil {
		return nil, err
	}
	if who.Settings.IntrospectionAlg == "" && !asSigned {
		return api.JSON{Status: http.StatusOK, Body: about}, nil
	}
	signed, err := s.SignIntrospection(r.Context(), who, about)
	return api.Bytes{Type: mediaIntrospection, Body: []byte(signed)}, err
}

// prefersSigned tells whether an Accept header asks for a signed introspection
// (RFC 9701 §4): by its name, and not less than for JSON (RFC 9110 §12.5.1).
func prefersSigned(accept []string) bool {
	signed, plain := 0.0, 0.0
	for _, one := range strings.Split(strings.Join(accept, ","), ",") {
		name, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		if err != nil {
			q = 1
		}
		switch name {
		case mediaIntrospection:
			signed = q
		case "application/json":
			plain = q
		}
	}
	return signed > 0 && signed >= plain
}
