package openapi

import (
	"net/http"

	"authd/auth/internal/api"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/open-api/generate-schema", ID: "generateOpenAPISchema", Tag: "openapi",
			Doc: "The OpenAPI document of this server.",
		}, s.schema),
	}
}

func (s *Service) schema(*api.Request, *api.None) (api.Bytes, error) {
	return api.Bytes{Type: api.MediaJSON, Body: s.document()}, nil
}
