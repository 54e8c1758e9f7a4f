package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"authd/auth/internal/store"
)

// typeAccessToken is the one kind of token that is taken and given (RFC 8693 §3).
const typeAccessToken = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // a name, no secret

// maxActors bounds how often a token can be passed on.
const maxActors = 5

// actor is who acts for the person (RFC 8693 §4.1); the outermost acts now.
type actor struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	Act      *actor `json:"act,omitempty"`
}

// exchange gives a client, for a token that another client has of a person, one of
// its own for what comes next (RFC 8693 §2). Nobody may do that who is not told
// so in the client's settings. The new token says who acts, unless the client may
// impersonate; it has no more scope and no more time than the old one, is bound to
// a key if that was, and ends with the same grant.
func (s *Service) exchange(ctx context.Context, r *tokenRequest) (*Tokens, error) {
	subject, err := s.exchangeable(ctx, r)
	if err != nil {
		return nil, err
	}
	scopes, err := narrowed(subject.passedOn(), r.form.Get("scope"))
	if err != nil {
		return nil, err
	}
	// RFC 8693 §2.1: an audience is a target by its name; here that is the same.
	target, err := s.target(ctx, r.client, slices.Concat(r.form["resource"], r.form["audience"]))
	if err != nil {
		return nil, err
	}
	act, err := s.actorOf(ctx, r, subject)
	if err != nil {
		return nil, err
	}
	g, err := findGrant(ctx, s.core.DB, subject.grantID)
	if err != nil {
		return nil, err
	}
	token, err := s.mint(&minting{
		client: r.client, grant: g, scopes: scopes, target: target, jkt: r.jkt, act: act, now: r.now, end: subject.expiresAt,
	})
	if err != nil {
		return nil, err
	}
	token.tokens.IssuedTokenType = typeAccessToken
	return s.keepAndIssue(ctx, token)
}

// passedOn is the scope that may be passed on: a refresh token never is.
func (t *accessToken) passedOn() []string {
	return slices.DeleteFunc(slices.Clone(t.scopes), func(scope string) bool { return scope == scopeOffline })
}

// exchangeable checks the subject token. One that the client may not exchange is
// invalid_request, like one that is not good (RFC 8693 §2.1, §2.2.2).
func (s *Service) exchangeable(ctx context.Context, r *tokenRequest) (*accessToken, error) {
	form := r.form
	switch {
	case form.Get("subject_token") == "":
		return nil, bad(invalidRequest, "subject_token is required")
	case form.Get("subject_token_type") != typeAccessToken:
		return nil, bad(invalidRequest, "subject_token_type must be "+typeAccessToken)
	case form.Get("requested_token_type") != "" && form.Get("requested_token_type") != typeAccessToken:
		return nil, bad(invalidRequest, "requested_token_type must be "+typeAccessToken)
	case (form.Get("actor_token") == "") != (form.Get("actor_token_type") == ""):
		return nil, bad(invalidRequest, "actor_token and actor_token_type come together")
	}
	t, err := s.exchanged(ctx, form.Get("subject_token"), "subject_token")
	if err != nil {
		return nil, err
	}
	if t.userID == "" {
		return nil, bad(invalidRequest, "subject_token is nobody's")
	}
	allowed := r.client.Settings.TokenExchange
	if !slices.Contains(allowed, "*") && !slices.Contains(allowed, t.clientID) {
		return nil, bad(invalidRequest, "client is not authorized to exchange this token")
	}
	if may := t.mayAct(); may != "" && may != r.client.ID { // RFC 8693 §4.4
		return nil, bad(invalidRequest, "subject_token says that another client may act")
	}
	if t.jkt != "" && r.jkt == "" { // whoever takes the new token along must not be able to use it
		return nil, bad(invalidDPoPProof, "a token that is bound to a key is exchanged for one that is bound to a key")
	}
	return t, nil
}

// mayAct is the client that alone may act with a token, "" where that is not said.
func (t *accessToken) mayAct() string {
	if t.settings == "{}" {
		return ""
	}
	return parseSettings(t.settings).MayAct
}

// permitted is that as a claim (RFC 8693 §4.4).
func (s *Service) permitted(id string) *actor {
	if id == "" {
		return nil
	}
	return &actor{Subject: id, ClientID: id, Issuer: s.issuer}
}

// exchanged reads one of the two tokens. Errors: invalid_request (RFC 8693 §2.2.2).
func (s *Service) exchanged(ctx context.Context, token, name string) (*accessToken, error) {
	invalid := bad(invalidRequest, name+" is not good")
	t, err := s.findAccess(ctx, s.core.DB, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalid
	}
	if err != nil || t.userID == "" {
		return t, err
	}
	if _, err := s.activeUser(ctx, s.core.DB, t.userID); err != nil {
		if refused := bad("", ""); errors.As(err, &refused) {
			return nil, invalid
		}
		return nil, err
	}
	return t, nil
}

// actorOf is who acts from now on, as JSON; "" for nobody but the person.
func (s *Service) actorOf(ctx context.Context, r *tokenRequest, subject *accessToken) (string, error) {
	now := &actor{Subject: r.client.ID, ClientID: r.client.ID, Issuer: s.issuer}
	if token := r.form.Get("actor_token"); token != "" {
		if r.form.Get("actor_token_type") != typeAccessToken {
			return "", bad(invalidRequest, "actor_token_type must be "+typeAccessToken)
		}
		t, err := s.exchanged(ctx, token, "actor_token")
		if err != nil {
			return "", err
		}
		if t.clientID != r.client.ID { // somebody else's proof of who they are proves nothing here
			return "", bad(invalidRequest, "actor_token is not the client's own")
		}
		if t.userID != "" {
			if now.Subject, err = s.subjectOf(ctx, s.core.DB, t); err != nil {
				return "", err
			}
		}
	} else if r.client.Settings.Impersonate {
		return subject.act, nil // whoever acted before is still told
	}
	if subject.act != "" {
		now.Act = &actor{}
		if err := json.Unmarshal([]byte(subject.act), now.Act); err != nil {
			return "", err
		}
	}
	if depth(now) > maxActors {
		return "", bad(invalidRequest, "subject_token was passed on too often")
	}
	act, err := json.Marshal(now)
	return strings.TrimSpace(string(act)), err
}

func depth(a *actor) int {
	n := 0
	for ; a != nil; a = a.Act {
		n++
	}
	return n
}
