package avatar

import (
	"net/http"

	"authd/auth/internal/api"
)

// Endpoints are this capability's part of the server.
func (s *Service) Endpoints() []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			// Apps show it to people whose browsers they are: anybody may load it.
			Mount: api.Root, Method: http.MethodGet, Path: Prefix + "{hash}", ID: "avatar", Tag: "user", CORS: api.CORSPublic,
			Doc: "A picture that somebody uploaded of themselves.",
		}, s.serve),
	}
}

// served is a picture as an answer: it never changes, for its address is its hash.
type served struct{ *picture }

// Respond implements [api.Responder].
func (p served) Respond(r *api.Request) error {
	h := r.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return api.Bytes{Type: p.kind, Body: p.data}.Respond(r)
}

func (s *Service) serve(r *api.Request, in *struct {
	Hash string `path:"hash"`
},
) (api.Responder, error) {
	p, err := s.find(r.Context(), in.Hash)
	if err != nil {
		return nil, err
	}
	return served{p}, nil
}
