// Package openapi shows what the API is: the OpenAPI document made from the
// endpoints themselves, and a page to read it.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"authd/auth/internal/api"
)

// Service is this capability.
type Service struct{ document func() []byte }

// New makes the capability; [Service.Describe] gives it what to show.
func New() *Service { return &Service{} }

// Describe says which endpoints there are, while the server is built. Their
// document is made when somebody first asks for it: few ever do, and it is a
// good part of the work of a start.
func (s *Service) Describe(endpoints []api.Endpoint) {
	s.document = sync.OnceValue(func() []byte { return document(endpoints) })
}

func document(endpoints []api.Endpoint) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(api.Document(endpoints, "authd", "Self-hosted auth server: better-auth's HTTP API, and an OAuth 2.1 / OpenID Connect provider."))
	if err != nil { // made of maps, texts and numbers only
		panic(fmt.Sprintf("openapi: %v", err))
	}
	return buf.Bytes()
}

// Document is the OpenAPI 3.1 document as JSON.
func (s *Service) Document() []byte { return s.document() }
