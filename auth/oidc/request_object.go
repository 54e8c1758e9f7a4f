package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/egress"
)

// Errors of request objects (RFC 9101 §7, OpenID Connect Core §3.1.2.6).
const (
	invalidRequestURI      = "invalid_request_uri"
	invalidRequestObject   = "invalid_request_object"
	requestNotSupported    = "request_not_supported"
	requestURINotSupported = "request_uri_not_supported"
)

// algNone is no signature at all (RFC 7518 §3.6).
const algNone = "none"

// typRequestObject is the type of a request object (RFC 9101 §10.8).
const typRequestObject = "oauth-authz-req+jwt"

const (
	maxRequestObject  = 16 << 10
	requestObjectLife = time.Hour                  // FAPI 2.0 Message Signing §5.3.1
	maxObjectLife     = 100 * 365 * 24 * time.Hour // else the client's own business
)

// requestObjectAlgs are those of the metadata document.
func requestObjectAlgs(unsigned bool) []string {
	if unsigned {
		return append(clientAlgs(), algNone)
	}
	return clientAlgs()
}

// objectParams takes the parameters out of a request object, when there is one.
func (s *Service) objectParams(ctx context.Context, client *Client, params url.Values) (url.Values, error) {
	object, uri := params.Get("request"), params.Get("request_uri")
	switch {
	case object != "" && uri != "":
		return nil, s.refuseAs(client, params, invalidRequest, "request and request_uri cannot both be given")
	case uri != "":
		var err error
		if object, err = s.fetchObject(ctx, client, params, uri); err != nil {
			return nil, err
		}
	case object == "":
		if client.Settings.RequireRequestObject {
			return nil, s.refuseAs(client, params, invalidRequest, "this client must send a signed request object (RFC 9101)")
		}
		params.Del("request")
		params.Del("request_uri")
		return params, nil
	}
	claims, code, wrong := s.openObject(ctx, client, object)
	if wrong != "" {
		return nil, s.refuseAs(client, params, code, "the request object "+wrong)
	}
	inside, err := claimParams(claims)
	if err != nil {
		return nil, s.refuseAs(client, params, invalidRequestObject, "the request object "+err.Error())
	}
	for _, name := range []string{"client_id", "response_type"} {
		if inside.Has(name) && params.Has(name) && inside.Get(name) != params.Get(name) {
			return nil, s.refuseAs(client, params, invalidRequestObject, "the request object is of another "+name)
		}
	}
	inside.Set("client_id", client.ID)
	if client.strictObjects() || claims.typed || !slices.Contains(strings.Fields(params.Get("scope")), scopeOpenID) {
		return inside, nil // RFC 9101 §6.3: nothing counts but what was signed
	}
	// OpenID Connect Core §6.1: what the object leaves out may stand beside it.
	for name, values := range params {
		if name != "request" && name != "request_uri" && !inside.Has(name) {
			inside[name] = values
		}
	}
	return inside, nil
}

func (c *Client) strictObjects() bool {
	return c.Settings.RequireRequestObject || c.Settings.Profile == profileFAPI2
}

// objectClaims are the claims of a request object.
type objectClaims struct {
	jwtClaims
	all   map[string]json.RawMessage
	typed bool // it says that it is a request object (RFC 8725 §3.11)
}

// openObject verifies a request object. wrong says what is wrong with it, for
// the error code; "" when nothing is.
func (s *Service) openObject(ctx context.Context, client *Client, object string) (claims *objectClaims, code, wrong string) {
	if len(object) > maxRequestObject {
		return nil, invalidRequestObject, "is too large"
	}
	payload, typ, code, wrong := s.verifyObject(ctx, client, object)
	if wrong != "" {
		return nil, code, wrong
	}
	claims = &objectClaims{typed: strings.EqualFold(strings.TrimPrefix(typ, "application/"), typRequestObject)}
	if !claims.typed && typ != "" && !strings.EqualFold(typ, "JWT") { // an assertion, a proof: RFC 8725 §3.11
		return nil, invalidRequestObject, "has the typ of something else"
	}
	if json.Unmarshal(payload, &claims.jwtClaims) != nil || json.Unmarshal(payload, &claims.all) != nil {
		return nil, invalidRequestObject, "has claims that cannot be read"
	}
	return claims, invalidRequestObject, s.objectInForce(client, claims, s.now(ctx))
}

// objectInForce: what an object says of itself must be true (RFC 9101 §4); FAPI
// wants it to say when and for whom it counts.
func (s *Service) objectInForce(client *Client, claims *objectClaims, now time.Time) string {
	if claims.Issuer != "" && claims.Issuer != client.ID {
		return "has another client as iss"
	}
	if claims.Subject == client.ID { // RFC 9101 §10.8: that is how an assertion looks
		return "has the client as sub"
	}
	if len(claims.Audience.values) > 0 && !slices.Contains(claims.Audience.values, s.issuer) {
		return "is not for this server: aud must be " + s.issuer
	}
	if client.Settings.Profile == profileFAPI2 {
		switch {
		case len(claims.Audience.values) == 0:
			return "has no aud"
		case claims.NotBefore == nil:
			return "has no nbf"
		case now.Sub(claims.NotBefore.Time) > requestObjectLife+clockSkew:
			return "is too old"
		}
		return claims.inForce(now, requestObjectLife)
	}
	if claims.Expires == nil { // it need not say (RFC 9101 §4)
		claims.Expires = &numericDate{now.Add(time.Minute)}
	}
	return claims.inForce(now, maxObjectLife)
}

// verifyObject reads the payload and typ of an object that the client has
// signed, or need not sign.
func (s *Service) verifyObject(ctx context.Context, client *Client, object string) (payload []byte, typ, code, wrong string) {
	registered := client.Settings.RequestObjectAlg
	if payload, typ, unsigned := unsignedObject(object); unsigned {
		switch {
		case client.strictObjects() || registered != "" && registered != algNone:
			return nil, "", invalidRequestObject, "is not signed"
		case !s.cfg.RequestURI:
			return nil, "", requestNotSupported, "must be signed"
		}
		return payload, typ, "", ""
	}
	signed, err := parseJWS(object, algsOf(client, registered))
	if err != nil {
		return nil, "", invalidRequestObject, "is not a JWT signed with an algorithm that this client may use"
	}
	if payload, err = s.verifyClient(ctx, client, signed); err != nil {
		return nil, "", invalidRequestObject, "cannot be verified: " + err.Error()
	}
	typ, _ = signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	return payload, typ, "", ""
}

// unsignedObject reads a JWT with alg none and an empty signature (RFC 7519 §6).
func unsignedObject(object string) (payload []byte, typ string, ok bool) {
	parts := strings.Split(object, ".")
	if len(parts) != 3 || parts[2] != "" {
		return nil, "", false
	}
	var header struct {
		Alg  string          `json:"alg"`
		Typ  string          `json:"typ"`
		Crit json.RawMessage `json:"crit"`
	}
	raw, err := fromBase64URL(parts[0])
	if err != nil || json.Unmarshal(raw, &header) != nil || header.Alg != algNone || header.Crit != nil {
		return nil, "", false
	}
	payload, err = fromBase64URL(parts[1])
	return payload, header.Typ, err == nil
}

// claimParams writes the claims of an object as the parameters that they are.
func claimParams(claims *objectClaims) (url.Values, error) {
	params := url.Values{}
	for name, raw := range claims.all {
		switch name {
		case "iss", "aud", "exp", "nbf", "iat", "jti", "sub":
			continue
		case "request", "request_uri": // RFC 9101 §4
			return nil, fmt.Errorf("holds a %s", name)
		}
		if reserved(name) || misplaced(name) {
			continue
		}
		values, err := paramValues(name, raw)
		if err != nil {
			return nil, err
		}
		params[name] = values
	}
	return params, nil
}

func paramValues(name string, raw json.RawMessage) ([]string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return []string{text}, nil
	}
	switch raw[0] {
	case '[':
		var list []string
		if name != "resource" || json.Unmarshal(raw, &list) != nil {
			return nil, fmt.Errorf("has a %s that cannot be read", clip(asciiOnly(name)))
		}
		return list, nil
	case 'n': // null
		return nil, fmt.Errorf("has a %s that cannot be read", clip(asciiOnly(name)))
	default: // a number, true or false, or an object such as claims (OpenID Connect Core §6.1)
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, err
		}
		return []string{b.String()}, nil
	}
}

// fetchObject reads a request object by reference: only where whoever runs the
// server allowed it, and only from an address that the client registered
// (OpenID Connect Core §6.2, RFC 9101 §10.4).
func (s *Service) fetchObject(ctx context.Context, client *Client, params url.Values, uri string) (string, error) {
	if !s.cfg.RequestURI {
		return "", s.refuseAs(client, params, requestURINotSupported, "request_uri is not supported")
	}
	bare, _, _ := strings.Cut(uri, "#") // OpenID Connect Registration §2: a fragment tells versions apart
	known := slices.ContainsFunc(client.Settings.RequestURIs, func(registered string) bool {
		registered, _, _ = strings.Cut(registered, "#")
		return registered == bare
	})
	if !known || len(uri) > 512 {
		return "", s.refuseAs(client, params, invalidRequestURI, "the request_uri is not registered")
	}
	document, err := s.core.Egress.Fetch(ctx, bare, egress.Want{
		Trusted: client.Registration == madeByOperator, Accept: "application/" + typRequestObject + ", application/jwt;q=0.9, */*;q=0.1",
		MaxBody: maxRequestObject, Timeout: keysTimeout,
	})
	if err != nil {
		s.core.Log.WarnContext(ctx, "a request object was not read", "client", client.ID, "error", err)
		return "", s.refuseAs(client, params, invalidRequestURI, "the request_uri cannot be read")
	}
	return strings.TrimSpace(string(document.Body)), nil
}
