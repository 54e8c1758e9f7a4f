package oidc_test

import (
	"net/url"
	"sync"
	"testing"

	"authd/auth/oidc"
)

// racers is how many come at once.
const racers = 64

// race has all of them do the same at the same moment, and gives what they were answered.
func race(n int, do func(i int) *answer) []*answer {
	answers := make([]*answer, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			answers[i] = do(i)
		})
	}
	close(begin)
	all.Wait()
	return answers
}

// servedOf is the answers with tokens; all others must be invalid_grant.
func servedOf(t *testing.T, answers []*answer) []map[string]any {
	t.Helper()
	var served []map[string]any
	for _, a := range answers {
		if a.Code == 200 {
			served = append(served, a.json(200))
			continue
		}
		a.refused(400, "invalid_grant")
	}
	return served
}

// TestCodeRace: RFC 6749 §4.1.2: of many who come at once with one code, exactly one is
// served, and then the family ends, because the others are replays.
func TestCodeRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	code := w.code(id, nil)
	served := servedOf(t, race(racers, func(int) *answer { return w.redeem(id+":"+secret, code, nil) }))
	if len(served) != 1 {
		t.Fatalf("%d were served", len(served))
	}
	w.userinfo(served[0]["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(id+":"+secret, served[0]["refresh_token"].(string), nil).refused(400, "invalid_grant")
	if g, a := w.count("oauth_grant"), w.count("oauth_access_token"); g != 1 || a != 1 {
		t.Errorf("%d grants and %d access tokens were made of one code", g, a)
	}
}

// TestRefreshRace: RFC 9700 §4.14.2: of many who come at once with one refresh token,
// exactly one is served, and then the family ends.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	token := w.tokens(id, secret)["refresh_token"].(string)
	served := servedOf(t, race(racers, func(int) *answer { return w.refresh(id+":"+secret, token, nil) }))
	if len(served) != 1 {
		t.Fatalf("%d were served", len(served))
	}
	w.userinfo(served[0]["access_token"].(string)).refused(401, "invalid_token")
	w.refresh(id+":"+secret, served[0]["refresh_token"].(string), nil).refused(400, "invalid_grant")
}

// TestRefreshRaceWithGrace: where lost answers are given again for a while, all of them get
// the one refresh token that the first was given, and it works.
func TestRefreshRaceWithGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REFRESH_TOKEN_REUSE_INTERVAL": "10s"})
	id, secret := w.client(oidc.Client{})
	token := w.tokens(id, secret)["refresh_token"].(string)
	served := servedOf(t, race(racers, func(int) *answer { return w.refresh(id+":"+secret, token, nil) }))
	if len(served) != racers {
		t.Fatalf("%d of %d were served", len(served), racers)
	}
	access := map[any]bool{}
	for _, tokens := range served {
		access[tokens["access_token"]] = true
		if tokens["refresh_token"] != served[0]["refresh_token"] {
			t.Fatal("two refresh tokens came of one")
		}
		w.userinfo(tokens["access_token"].(string)).json(200)
	}
	if len(access) != racers {
		t.Errorf("%d access tokens for %d answers", len(access), racers)
	}
	w.refresh(id+":"+secret, served[0]["refresh_token"].(string), nil).json(200)
}

// TestRevokeRace: RFC 7009 §2.1: whichever comes first, after a revocation was answered nothing
// of the family is good, not even what a refresh at the same moment was answered with.
func TestRevokeRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REFRESH_TOKEN_REUSE_INTERVAL": "10s"})
	id, secret := w.client(oidc.Client{SkipConsent: true})
	basic := id + ":" + secret
	for range 8 {
		tokens := w.tokens(id, secret)
		token := tokens["refresh_token"].(string)
		answers := race(8, func(i int) *answer {
			if i == 0 {
				return w.form("revoke", basic, url.Values{"token": {token}})
			}
			return w.refresh(basic, token, nil)
		})
		if answers[0].Code != 200 {
			t.Fatalf("revocation: %d %s", answers[0].Code, answers[0].Body)
		}
		w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
		w.refresh(basic, token, nil).refused(400, "invalid_grant")
		for _, late := range servedOf(t, answers[1:]) {
			w.userinfo(late["access_token"].(string)).refused(401, "invalid_token")
			w.refresh(basic, late["refresh_token"].(string), nil).refused(400, "invalid_grant")
		}
	}
}
