package oidc

import (
	"net/http"
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
	about, who, err := s.Introspect(r.Context(), r.HTTP.Header.Get("Authorization"), formOf(r))
	if err != nil {
		return nil, err
	}
	if who.Settings.IntrospectionAlg == "" && !strings.Contains(r.HTTP.Header.Get("Accept"), mediaIntrospection) {
		return api.JSON{Status: http.StatusOK, Body: about}, nil
	}
	signed, err := s.SignIntrospection(r.Context(), who, about)
	return api.Bytes{Type: mediaIntrospection, Body: []byte(signed)}, err
}
