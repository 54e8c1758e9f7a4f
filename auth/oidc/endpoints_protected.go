package oidc

import (
	"errors"
	"net/http"
	"strings"

	"authd/auth/internal/api"
)

// protectedDocuments are the metadata of resources on this origin (RFC 9728 §3).
func (s *Service) protectedDocuments() []api.Endpoint {
	const about = "Which server gives tokens for an API at this origin (RFC 9728)."
	at := func(id, path string) api.Endpoint {
		return api.Endpoint{
			Mount: api.Root, Method: http.MethodGet, Path: path, ID: id, Tag: tag, Doc: about, Document: true, Limit: api.Unlimited, CORS: api.CORSPublic,
		}
	}
	return []api.Endpoint{
		api.Handle(at("getProtectedResource", protectedPath), s.protectedHere),
		api.Handle(at("getProtectedResourceOfPath", protectedPath+"/{path...}"), s.protectedOfPath),
	}
}

func (s *Service) protectedHere(r *api.Request, _ *api.None) (api.Bytes, error) {
	return s.protectedAt(r, "")
}

type protectedIn struct {
	Path string `path:"path"`
}

func (s *Service) protectedOfPath(r *api.Request, _ *protectedIn) (api.Bytes, error) {
	// As it was sent: an identifier is compared character by character.
	return s.protectedAt(r, strings.TrimPrefix(r.HTTP.URL.EscapedPath(), protectedPath))
}

func (s *Service) protectedAt(r *api.Request, path string) (api.Bytes, error) {
	if query := r.HTTP.URL.RawQuery; query != "" {
		path += "?" + query
	}
	document, err := s.protectedDocument(r.Context(), path)
	if errors.Is(err, ErrResourceNotFound) {
		return api.Bytes{}, api.ErrNotFound
	}
	if err != nil {
		return api.Bytes{}, err
	}
	return publicDocument(r, document), nil
}
