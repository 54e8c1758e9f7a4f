package oidc

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"authd/auth/internal/core"
)

// The signed query carries an authorization request to login and consent pages
// of the operator's own, and back in oauth_query (NOTES §13). It adds to the
// request's parameters:
//
//	exp       when it ends, in seconds
//	ba_iat    when it was made, in milliseconds
//	ba_param  once for each name that is signed, itself among them
//	sig       HMAC-SHA256 over all other pairs, sorted and form-encoded
const (
	queryExpires = "exp"
	queryIssued  = "ba_iat"
	queryParam   = "ba_param"
	querySig     = "sig"
)

// queryLife is how long a person may take on the operator's page.
const queryLife = 10 * time.Minute

// maxQuery bounds what is parsed before the signature is known to hold.
const maxQuery = 32 << 10

// reserved names belong to the signed query: a request that brings them is not
// allowed to speak for it.
func reserved(name string) bool {
	return name == queryExpires || name == querySig || strings.HasPrefix(name, "ba_")
}

// signQuery makes the signed query of a request.
func (s *Service) signQuery(params url.Values, now time.Time) string {
	pairs := make([]param, 0, len(params)*2+3)
	for name, values := range params {
		if reserved(name) {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, param{name, v})
		}
	}
	pairs = append(pairs,
		param{queryExpires, strconv.FormatInt(now.Add(queryLife).Unix(), 10)},
		param{queryIssued, strconv.FormatInt(now.UnixMilli(), 10)})
	names := []string{queryParam}
	for _, p := range pairs {
		names = append(names, p.name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		pairs = append(pairs, param{queryParam, name})
	}
	canonical := canonicalQuery(pairs)
	return canonical + "&" + querySig + "=" + formEscape(base64.StdEncoding.EncodeToString(s.query.Sign([]byte(canonical))))
}

// openQuery checks a signed query and returns the request in it and when it was
// signed. Every pair counts: one that was added spoils it, the order does not matter.
func (s *Service) openQuery(query string, now time.Time) (url.Values, time.Time, error) {
	if len(query) > maxQuery {
		return nil, time.Time{}, errSignature
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(values[querySig]) != 1 || len(values[queryExpires]) != 1 || len(values[queryIssued]) != 1 {
		return nil, time.Time{}, errSignature
	}
	sig, err := base64.StdEncoding.DecodeString(values.Get(querySig))
	if err != nil {
		return nil, time.Time{}, errSignature
	}
	var pairs []param
	for name, list := range values {
		for _, v := range list {
			if name != querySig {
				pairs = append(pairs, param{name, v})
			}
		}
	}
	if !s.query.Verify(sig, []byte(canonicalQuery(pairs))) {
		return nil, time.Time{}, errSignature
	}
	expires, err1 := strconv.ParseInt(values.Get(queryExpires), 10, 64)
	issued, err2 := strconv.ParseInt(values.Get(queryIssued), 10, 64)
	if err1 != nil || err2 != nil || !now.Before(time.Unix(expires, 0)) {
		return nil, time.Time{}, errSignature
	}
	for name := range values {
		if reserved(name) {
			delete(values, name)
		}
	}
	return values, time.UnixMilli(issued).UTC(), nil
}

// canonicalQuery is the text that is signed: pairs sorted by name, then value.
func canonicalQuery(pairs []param) string {
	sorted := slices.SortedFunc(slices.Values(pairs), func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range sorted {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(formEscape(p.name))
		b.WriteByte('=')
		b.WriteString(formEscape(p.value))
	}
	return b.String()
}

// formEscape is the form encoding of the URL standard, which browsers' URLSearchParams
// writes: net/url differs in "*" and "~".
func formEscape(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

// CheckQuery tells whether a signed query holds, before anything is done because of it.
func (s *Service) CheckQuery(ctx context.Context, query string) error {
	_, _, err := s.openQuery(query, s.now(ctx))
	return err
}

// queryJourney takes up a request that was on a page of the operator's.
func (s *Service) queryJourney(ctx context.Context, query string, a *core.Auth, browser string) (*journey, error) {
	return s.heldJourney(ctx, query, s.now(ctx), a, browser)
}

// heldJourney takes it up by a query that held at a time.
func (s *Service) heldJourney(ctx context.Context, query string, held time.Time, a *core.Auth, browser string) (*journey, error) {
	params, issued, err := s.openQuery(query, held)
	if err != nil {
		return nil, err
	}
	r, err := s.parse(ctx, params)
	if err != nil {
		return nil, err
	}
	return &journey{request: r, auth: a, progress: &progress{Started: issued, Resumed: true}, browser: browser}, nil
}

// ResumeQuery goes on after a person has signed in or up with a signed query at hand.
func (s *Service) ResumeQuery(ctx context.Context, query string, a *core.Auth, browser string) (Answer, error) {
	j, err := s.queryJourney(ctx, query, a, browser)
	if err != nil {
		return s.refused(ctx, err)
	}
	return s.advance(ctx, j)
}

// ResumeHeld is ResumeQuery for a sign-in that took the person elsewhere: the
// query held when it began, and may have expired over it.
func (s *Service) ResumeHeld(ctx context.Context, query string, held time.Time, a *core.Auth, browser string) (Answer, error) {
	j, err := s.heldJourney(ctx, query, held, a, browser)
	if err != nil {
		return s.refused(ctx, err)
	}
	return s.advance(ctx, j)
}

// ContinueQuery goes on after the operator's page has taken the step it was
// there for: an account was chosen, or made. Signing in is not taken on trust.
func (s *Service) ContinueQuery(ctx context.Context, query string, a *core.Auth, browser string, taken Step) (Answer, error) {
	j, err := s.queryJourney(ctx, query, a, browser)
	if err != nil {
		return s.refused(ctx, err)
	}
	switch taken {
	case StepSelect:
		j.request.drop(promptSelect)
	case StepSignUp:
		j.request.drop(promptCreate)
	}
	return s.advance(ctx, j)
}

// ConsentQuery answers for the operator's consent page. scopes nil allows all
// that was asked for.
func (s *Service) ConsentQuery(ctx context.Context, query string, a *core.Auth, browser string, accept bool, scopes []string) (Answer, error) {
	j, err := s.queryJourney(ctx, query, a, browser)
	if err != nil {
		return s.refused(ctx, err)
	}
	if s.cfg.ConsentPage == "" {
		return Answer{}, bad(invalidRequest, "consent is asked for on the server's own page")
	}
	if !accept {
		return s.refused(ctx, j.request.refuse(accessDenied, "User denied access"))
	}
	if step, err := s.identify(ctx, j); err != nil || step != stepDone {
		return s.advance(ctx, j)
	}
	allowed, err := narrow(j.request.asks(), scopes)
	if err != nil {
		return Answer{}, err
	}
	return s.answerWithCode(ctx, j, allowed, true)
}

// settled takes from a request what a fresh sign-in has fulfilled: the next
// signed query is newer than that sign-in and would ask for it again.
func (r *Request) settled() {
	r.drop(promptLogin, promptSelect, promptCreate)
	r.params.Del("max_age")
	r.MaxAge = -1
}

// drop takes values from prompt.
func (r *Request) drop(values ...string) {
	r.Prompt = slices.DeleteFunc(r.Prompt, func(p string) bool { return slices.Contains(values, p) })
	r.params.Set("prompt", strings.Join(r.Prompt, " "))
	if len(r.Prompt) == 0 {
		r.params.Del("prompt")
	}
}
