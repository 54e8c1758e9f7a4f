package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Resource is one [[oauth_provider.resources]]: an API that tokens are asked for by name.
type Resource struct {
	Identifier                    string        `toml:"identifier" doc:"Its name in requests and in the audience of tokens: an absolute URI without fragment (RFC 8707); required."`
	Name                          string        `toml:"name" shown:"identifier" doc:"Its name for people."`
	AllowedScopes                 []string      `toml:"allowed_scopes" shown:"all" doc:"Tokens for it have no other scopes."`
	AccessTokenTTL                time.Duration `toml:"access_token_ttl" min:"0s" max:"30d" shown:"the client's" doc:"Longest life of its access tokens."`
	RefreshTokenTTL               time.Duration `toml:"refresh_token_ttl" min:"0s" max:"400d" shown:"the client's" doc:"Longest life of refresh tokens for it, without use."`
	SigningAlgorithm              string        `toml:"signing_algorithm" allowed:"EdDSA,ES256,RS256,PS256" shown:"EdDSA" doc:"Signature of its access tokens."`
	DPoPBoundAccessTokensRequired bool          `toml:"dpop_bound_access_tokens_required" default:"false" doc:"It takes only tokens that are bound to a key (RFC 9449)."`
	Clients                       []string      `toml:"clients" doc:"Ids of the clients that may ask for tokens for it, and introspect them."`
}

// ResourceKeys lists what stands in a [[oauth_provider.resources]].
func ResourceKeys() []Key {
	return keysOf(reflect.TypeFor[Resource](), "", nil)
}

// parseResources reads the [[oauth_provider.resources]] tables.
func (k Key) parseResources(source string, given any) (any, error) {
	list, ok := given.([]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	resources := []Resource{}
	for i, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			return nil, k.refuse(source, item)
		}
		prefix := fmt.Sprintf("%s[%d].", k.Path, i)
		r, err := parseResource(prefix, source, table)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(resources, func(other Resource) bool { return other.Identifier == r.Identifier }) {
			return nil, &complaint{prefix + "identifier", source, strconv.Quote(r.Identifier) + " twice", "an identifier of its own for each resource"}
		}
		resources = append(resources, r)
	}
	return resources, nil
}

func parseResource(prefix, source string, table map[string]any) (Resource, error) {
	var r Resource
	if err := fill(reflect.ValueOf(&r).Elem(), ResourceKeys(), prefix, source, table); err != nil {
		return r, err
	}
	if r.Name == "" {
		r.Name = r.Identifier
	}
	if u, err := url.Parse(r.Identifier); err != nil || u.Scheme == "" || strings.Contains(r.Identifier, "#") || strings.ContainsAny(r.Identifier, ` "\<>`) {
		return r, &complaint{prefix + "identifier", source, strconv.Quote(r.Identifier), "an absolute URI without fragment (RFC 8707 section 2)"}
	}
	return r, nil
}
