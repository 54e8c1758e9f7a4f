package testkit

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Shape is what a provider documents of itself, written down apart from authd's
// own table: addresses without scheme, what it wants, and what it answers.
type Shape struct {
	ID        string
	Config    string // in authd.toml, beside client_id "client" and client_secret "secret"
	Generic   bool   // a [[generic_oauth.config]], with all of it in Config
	Authorize string
	Exchange  string
	Refresh   string // where it is another address
	JWKS      string
	Discovery string

	Client    string                                // name of client_id, when it has one of its own
	Scope     string                                // that must be asked for, as it must be written
	Params    map[string]string                     // that the authorization request must have
	NoPKCE    bool                                  // is not told a challenge
	Nonce     bool                                  // must be told a nonce
	Basic     bool                                  // wants client_secret_basic, not client_secret_post
	Secret    func(sent string, now time.Time) bool // says whether it is right; nil: "secret" is
	GET       bool                                  // of the token endpoint
	TokenType string                                // media type of its answer
	Back      map[string]string                     // comes back beside code and state

	More        map[string]any // in the answer of the token endpoint
	IDToken     map[string]any // claims beside aud, iat, exp and nonce
	API         map[string]string
	APIHeader   map[string]string
	TokenInForm bool
}

// refuse says what is wrong with an authorization request.
func (s *Shape) refuse(u *url.URL) string {
	q := u.Query()
	client := s.Client
	if client == "" {
		client = "client_id"
	}
	switch {
	case q.Get(client) != "client":
		return client + " is not that of the client"
	case u.Scheme != "https" || q.Get("redirect_uri") == "" || q.Get("state") == "":
		return "scheme, redirect_uri or state"
	case s.NoPKCE == q.Has("code_challenge"):
		return "code_challenge"
	case !s.NoPKCE && (q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43):
		return "code_challenge_method"
	case s.Nonce != q.Has("nonce"):
		return "nonce"
	case q.Get("scope") != s.Scope:
		return fmt.Sprintf("scope %q", q.Get("scope"))
	case s.Params["response_type"] == "" && q.Get("response_type") != "code":
		return "response_type"
	}
	for name, value := range s.Params {
		if q.Get(name) != value {
			return fmt.Sprintf("%s=%q", name, q.Get(name))
		}
	}
	return ""
}

// prove says why a request is not of the client.
func (s *Shape) prove(r *http.Request, form url.Values, now time.Time) string {
	id, secret, basic := r.BasicAuth()
	client, key := "client_id", "client_secret"
	if s.Client != "" {
		client = s.Client
	}
	if s.GET {
		key = "secret"
	}
	switch {
	case s.GET != (r.Method == http.MethodGet) || !strings.Contains(r.Header.Get("Accept"), "application/json"):
		return "method or Accept"
	case s.Basic && (!basic || id != "client" || secret != "secret" || form.Has(key)):
		return "wants client_secret_basic"
	case s.Basic:
		return ""
	case basic || form.Get(client) != "client":
		return "wants client_secret_post"
	case s.GET && form.Get("grant_type") == "refresh_token": // WeChat's has no secret
		return ""
	case s.Secret != nil && s.Secret(form.Get(key), now):
		return ""
	case s.Secret != nil || form.Get(key) != "secret":
		return "wants client_secret_post"
	}
	return ""
}

func (s *Shape) discovery() map[string]any {
	host := "https://" + strings.TrimSuffix(s.Discovery, "/.well-known/openid-configuration")
	return map[string]any{
		"issuer": host, "authorization_endpoint": "https://" + s.Authorize, "token_endpoint": "https://" + s.Exchange,
		"jwks_uri": "https://" + s.JWKS, "id_token_signing_alg_values_supported": []string{"ES256"},
		"authorization_response_iss_parameter_supported": s.Back["iss"] != "",
	}
}

// Shapes lists all of them.
func Shapes() []Shape {
	return slices.Concat(
		largeShapes(), officeShapes(), codeShapes(), toolShapes(), peopleShapes(), messengerShapes(), moreShapes(), genericShapes(),
	)
}
