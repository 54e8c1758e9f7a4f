package oidc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Errors of DPoP (RFC 9449 §5, §8).
const (
	invalidDPoPProof = "invalid_dpop_proof"
	useDPoPNonce     = "use_dpop_nonce"
)

const (
	typProof     = "dpop+jwt"
	proofLife    = 2 * time.Minute // how long after it was made a proof is taken
	nonceLife    = 5 * time.Minute // how long a nonce counts
	nonceRenewal = 2 * time.Minute // how old it is when a new one goes along
)

// showing is what a request shows of the key it holds. Endpoints put it into
// the context, because a proof is about the request itself.
type showing struct {
	proofs  []string // the DPoP headers
	method  string
	address string // as clients see it, without query
	// answer puts a nonce into the answer's header (RFC 9449 §8).
	answer func(nonce string)
}

type showingKey struct{}

func withShowing(ctx context.Context, shown *showing) context.Context {
	return context.WithValue(ctx, showingKey{}, shown)
}

func shownIn(ctx context.Context) *showing {
	if shown, ok := ctx.Value(showingKey{}).(*showing); ok {
		return shown
	}
	return &showing{answer: func(string) {}}
}

// proofClaims are the claims of a DPoP proof (RFC 9449 §4.2).
type proofClaims struct {
	ID       string       `json:"jti"`
	Method   string       `json:"htm"`
	Address  string       `json:"htu"`
	IssuedAt *numericDate `json:"iat"`
	Nonce    string       `json:"nonce"`
	Hash     string       `json:"ath"`
}

// proofError is what is wrong with a proof, for whoever writes the error.
type proofError struct{ code, description string }

func (e *proofError) Error() string { return e.description }

// shownKey is the thumbprint of the key whose possession the request proves, ""
// where it does not try. nonce tells that a nonce of ours must be in the proof.
// Its error is an error of a token endpoint (RFC 9449 §5).
func (s *Service) shownKey(ctx context.Context, algs []string, nonce bool) (string, error) {
	if len(shownIn(ctx).proofs) == 0 {
		return "", nil
	}
	jkt, wrong, err := s.checkProof(ctx, "", algs, nonce)
	if err == nil && wrong != nil {
		err = bad(wrong.code, wrong.description)
	}
	return jkt, err
}

// keyOfToken checks that whoever shows an access token may: one that is bound to
// a key comes with a proof of it (RFC 9449 §7). dpop tells that it came with the
// scheme DPoP.
func (s *Service) keyOfToken(ctx context.Context, token, bound string, dpop bool) error {
	refuse := func(code, description string) error {
		s.security(ctx, "dpop-refused", slog.String("why", description))
		return dpopError(code, description)
	}
	switch {
	case bound == "" && !dpop:
		return nil
	case bound == "":
		return refuse(invalidToken, "the access token is not bound to a key")
	case !dpop:
		return refuse(invalidToken, "the access token is bound to a key and must be shown with the scheme DPoP")
	}
	jkt, wrong, err := s.checkProof(ctx, token, clientAlgs(), s.cfg.DPoPNonce)
	if err != nil {
		return err
	}
	if wrong != nil {
		return refuse(wrong.code, wrong.description)
	}
	if jkt != bound {
		return refuse(invalidToken, "the access token is bound to another key")
	}
	return nil
}

// checkProof checks a DPoP proof in the order of RFC 9449 §4.3. token is the
// access token that it goes with, "" at the token endpoint.
func (s *Service) checkProof(ctx context.Context, token string, algs []string, nonce bool) (jkt string, wrong *proofError, err error) {
	shown, now := shownIn(ctx), s.now(ctx)
	refuse := func(what string) (string, *proofError, error) {
		return "", &proofError{invalidDPoPProof, "the DPoP proof " + what}, nil
	}
	if len(shown.proofs) != 1 || shown.proofs[0] == "" {
		return refuse("must be there once")
	}
	claims, jkt, what := openProof(shown.proofs[0], algs)
	if what == "" {
		what = shown.fits(claims, token, now)
	}
	if what != "" {
		return refuse(what)
	}
	if nonce && claims.Nonce == "" || claims.Nonce != "" && !s.nonceCounts(claims.Nonce, now, nonceLife) {
		shown.answer(s.newNonce(now))
		return "", &proofError{useDPoPNonce, "the DPoP proof must have the nonce that this answer brings"}, nil
	}
	if nonce && !s.nonceCounts(claims.Nonce, now, nonceRenewal) {
		shown.answer(s.newNonce(now))
	}
	first, err := s.firstUse(ctx, "dpop", jkt, claims.ID, claims.IssuedAt.Add(proofLife+clockSkew))
	if err != nil {
		return "", nil, err
	}
	if !first {
		return refuse("was used before")
	}
	return jkt, nil, nil
}

// openProof verifies a proof with the key that it brings.
func openProof(proof string, algs []string) (claims *proofClaims, jkt, what string) {
	if len(proof) > maxParam {
		return nil, "", "is too long"
	}
	signed, err := parseJWS(proof, algs)
	if err != nil {
		return nil, "", "is not a JWT signed with an algorithm that is allowed"
	}
	header := signed.Signatures[0].Protected
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); !strings.EqualFold(strings.TrimPrefix(typ, "application/"), typProof) {
		return nil, "", "must have typ " + typProof
	}
	// go-jose refuses a private or shared key in the header when it reads it; what
	// it says is checked again, because all depends on it.
	key := header.JSONWebKey
	if key == nil || !key.Valid() || !key.IsPublic() || protectedSecret(proof) || !fits(key, header.Algorithm) {
		return nil, "", "must bring its public key as jwk"
	}
	payload, err := signed.Verify(key.Key)
	if err != nil {
		return nil, "", "is not signed with its key"
	}
	claims = &proofClaims{}
	if json.Unmarshal(payload, claims) != nil || claims.ID == "" || len(claims.ID) > maxJTI || claims.IssuedAt == nil {
		return nil, "", "must have jti, htm, htu and iat"
	}
	if jkt, err = thumbprint(key); err != nil {
		return nil, "", "has a key that cannot be read"
	}
	return claims, jkt, ""
}

// protectedSecret tells whether the header's key has private members (RFC 9449 §4.3(7)).
func protectedSecret(proof string) bool {
	first, _, _ := strings.Cut(proof, ".")
	raw, err := fromBase64URL(first)
	if err != nil {
		return true
	}
	var header struct {
		JWK json.RawMessage `json:"jwk"`
	}
	return json.Unmarshal(raw, &header) != nil || holdsSecret(header.JWK)
}

// fits says what a proof gets wrong about the request it came with, "" when nothing.
func (shown *showing) fits(claims *proofClaims, token string, now time.Time) string {
	age := now.Sub(claims.IssuedAt.Time)
	switch {
	case claims.Method != shown.method:
		return "is for another method"
	case !sameAddress(claims.Address, shown.address):
		return "is for another address"
	case age > proofLife || age < -clockSkew:
		return "was not made just now"
	case token != "" && claims.Hash != challengeOf(token): // RFC 9449 §4.2: base64url of the SHA-256
		return "is for another access token"
	}
	return ""
}

// sameAddress compares two addresses after normalisation, without query and
// fragment (RFC 9449 §4.3(9), RFC 3986 §6.2.2, §6.2.3).
func sameAddress(a, b string) bool {
	x, okX := normalized(a)
	y, okY := normalized(b)
	return okX && okY && x == y
}

func normalized(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || len(address) > maxRedirectURI {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path, true
}

// A nonce is the second it was made in and our signature over it: it needs no
// storage, and goes bad by itself (RFC 9449 §8).
func (s *Service) newNonce(now time.Time) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	return base64URL(append(at, s.nonces.Sign(at)...))
}

func (s *Service) nonceCounts(nonce string, now time.Time, life time.Duration) bool {
	raw, err := fromBase64URL(nonce)
	if err != nil || len(raw) <= 8 || !s.nonces.Verify(raw[8:], raw[:8]) {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(raw[:8])), 0))
	return age < life && age > -clockSkew
}

// proofOf is shownKey for whichever client asks, before it has proven itself: one
// that must try again with a nonce has not used up its assertion then.
func (s *Service) proofOf(ctx context.Context, authorization string, form url.Values) (string, error) {
	if len(shownIn(ctx).proofs) == 0 {
		return "", nil
	}
	algs, nonce := clientAlgs(), s.cfg.DPoPNonce
	if shown, err := readCredentials(authorization, form); err == nil {
		if client, err := s.Client(ctx, shown.id); err == nil && client.Settings.Profile == profileFAPI2 {
			algs, nonce = fapiAlgs(), true
		}
	}
	return s.shownKey(ctx, algs, nonce)
}

// checkBound: a client that has its tokens bound to a key gets no others (RFC 9449 §5.2).
func (c *Client) checkBound(jkt string) error {
	if jkt == "" && (c.Settings.DPoPBoundAccessTokens || c.Settings.Profile == profileFAPI2) {
		return bad(invalidDPoPProof, "this client must send a DPoP proof")
	}
	return nil
}

// checkKey: a code that was asked for with a key, and a public client's refresh
// token, need that key (RFC 9449 §5, §10).
func (g *grant) checkKey(jkt, what string) error {
	if g.jkt != "" && g.jkt != jkt {
		return bad(invalidGrant, what+" is bound to another key")
	}
	return nil
}

// bindRefresh is the key that a grant's refresh tokens are bound to: a public
// client has nothing else to prove itself with (RFC 9449 §5).
func (c *Client) bindRefresh(jkt string) string {
	if c.Public() {
		return jkt
	}
	return ""
}

// parseJKT reads the key that the code is to be bound to (RFC 9449 §10).
func parseJKT(r *Request) (code, description string) {
	jkt := r.params.Get("dpop_jkt")
	if jkt != "" && (len(jkt) != 43 || strings.ContainsFunc(jkt, func(c rune) bool { return !isBase64URL(c) })) {
		return invalidRequest, "dpop_jkt must be the base64url of a SHA-256 thumbprint"
	}
	return "", ""
}

// pushedKey binds a pushed request to the key that the push proves (RFC 9449 §10.1).
func pushedKey(params url.Values, jkt string) error {
	if jkt == "" {
		return nil
	}
	if asked := params.Get("dpop_jkt"); asked != "" && asked != jkt {
		return bad(invalidDPoPProof, "the DPoP proof is of another key than dpop_jkt")
	}
	params.Set("dpop_jkt", jkt)
	return nil
}
