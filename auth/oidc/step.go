package oidc

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Answer is where the browser goes next.
type Answer struct {
	URL string
	// Browser is a new secret for the browser's cookie; "" when it keeps the one it has.
	Browser string
}

// Step is what stands between a request and its code.
type Step string

// The steps, in the order in which they are taken.
const (
	StepSignUp  Step = "sign-up"
	StepLogin   Step = "login"
	StepSelect  Step = "select-account"
	StepConsent Step = "consent"
	stepDone    Step = ""
)

// progress is what has been done for a request, besides what its session shows.
type progress struct {
	Started time.Time `json:"started"`          // when the person was first asked for anything
	Before  string    `json:"before,omitempty"` // the session that the browser had then
	Resumed bool      `json:"-"`                // the person comes from a step
	Chosen  string    `json:"chosen,omitempty"` // the session that was chosen to go on with
	Asked   string    `json:"asked,omitempty"`  // the user who was shown the consent page
}

// signedIn tells whether the person proved who they are because of this request.
func (p *progress) signedIn(a *core.Auth) bool {
	return p.Resumed && a != nil && a.Session.ID != p.Before && !a.Session.CreatedAt.Before(p.Started)
}

// Authorize takes an authorization request as far as it goes without the person:
// to a code, an error, or the page of the next step. a is the browser's session,
// nil without one; browser is the secret of its cookie, "" without one.
func (s *Service) Authorize(ctx context.Context, params url.Values, a *core.Auth, browser string) (Answer, error) {
	params = maps.Clone(params)
	maps.DeleteFunc(params, func(name string, _ []string) bool { return misplaced(name) })
	params, err := s.requestParams(ctx, params)
	if err != nil {
		return s.refused(ctx, err)
	}
	r, err := s.parse(ctx, params)
	if err != nil {
		return s.refused(ctx, err)
	}
	p := &progress{Started: s.now(ctx)}
	if a != nil {
		p.Before = a.Session.ID
	}
	return s.advance(ctx, &journey{request: r, auth: a, progress: p, browser: browser})
}

// AuthorizeUnreadable refuses an authorization request whose query is not
// form-encoded (RFC 6749 appendix B). params is what of it can be read.
func (s *Service) AuthorizeUnreadable(ctx context.Context, params url.Values) (Answer, error) {
	client, err := s.known(ctx, params.Get("client_id"))
	if errors.Is(err, ErrClientNotFound) || err == nil && len(params["client_id"]) > 1 {
		return s.refused(ctx, unanswerable(nil, errUnreadable.Code, errUnreadable.Description))
	}
	if err != nil {
		return Answer{}, err
	}
	return s.refused(ctx, s.refuseAs(client, params, errUnreadable.Code, errUnreadable.Description))
}

// journey is a request on its way.
type journey struct {
	request  *Request
	auth     *core.Auth
	progress *progress
	browser  string // the secret of the browser's cookie
	flow     *flow  // where our own pages keep it; nil before they were needed
}

// advance goes to the next step, or to the client with a code.
func (s *Service) advance(ctx context.Context, j *journey) (Answer, error) {
	step, err := s.nextStep(ctx, j)
	if err != nil {
		if j.flow != nil && errors.As(err, new(*Refusal)) {
			if err := s.dropFlow(ctx, j.flow); err != nil {
				return Answer{}, err
			}
		}
		return s.refused(ctx, err)
	}
	if step != stepDone {
		return s.handOver(ctx, j, step)
	}
	return s.answerWithCode(ctx, j, j.request.asks(), false)
}

// nextStep is the first step that is still to be taken. Its error is a *Refusal
// when prompt=none forbids taking it (OpenID Connect Core §3.1.2.6).
func (s *Service) nextStep(ctx context.Context, j *journey) (Step, error) {
	r, a := j.request, j.auth
	if step, err := s.identify(ctx, j); err != nil || step != stepDone {
		return step, err
	}
	needed, err := s.needsConsent(ctx, r, a.User.ID)
	if err != nil || !needed {
		return stepDone, err
	}
	if r.prompts(promptNone) {
		return "", r.refuse("consent_required", "End-User consent is required")
	}
	return StepConsent, nil
}

// identify is the step that settles who the person is, or the refusal when that
// cannot be done: prompt=none forbids the step, or it was taken and did not help.
func (s *Service) identify(ctx context.Context, j *journey) (Step, error) {
	r, a := j.request, j.auth
	if !s.reachable(r) {
		return "", r.refuse(unmetRequirements, "no sign-in at this server reaches the acr that is asked for")
	}
	step := s.identityStep(ctx, j)
	switch {
	case step != stepDone && r.prompts(promptNone) && a != nil && s.expected(r, a) && !s.sure(r, a.Session.AMR):
		return "", r.refuse(unmetRequirements, "the sign-in does not reach the acr that is asked for")
	case step != stepDone && r.prompts(promptNone):
		return "", r.refuse(loginRequired, "authentication required")
	case step != stepDone:
		return step, nil
	case !s.expected(r, a):
		return "", r.refuse(loginRequired, "somebody else signed in")
	case !s.sure(r, a.Session.AMR):
		return "", r.refuse(unmetRequirements, "the sign-in does not reach the acr that is asked for")
	default:
		return stepDone, nil
	}
}

// expected tells whether the person is the one that the request is about, where
// it is about one: by an ID token (OpenID Connect Core §3.1.2.1, id_token_hint) or
// by name (§5.5.1, a value for sub).
func (s *Service) expected(r *Request, a *core.Auth) bool {
	if r.hint != nil && !s.isSubject(r.hint.client, a.User.ID, r.hint.subject) {
		return false
	}
	return len(r.subjects) == 0 || slices.ContainsFunc(r.subjects, func(sub string) bool { return s.isSubject(r.Client, a.User.ID, sub) })
}

// identityStep is the step, if any, that settles who the person is.
func (s *Service) identityStep(ctx context.Context, j *journey) Step {
	r, a, p := j.request, j.auth, j.progress
	signedIn := p.signedIn(a)
	switch {
	case r.prompts(promptCreate) && !signedIn:
		return StepSignUp
	case a == nil:
		return StepLogin
	case signedIn:
		return stepDone
	case r.prompts(promptLogin), r.MaxAge >= 0 && s.now(ctx).Sub(a.Session.CreatedAt) > r.MaxAge, r.MaxAge == 0:
		return StepLogin
	case !s.expected(r, a), !s.sure(r, a.Session.AMR), s.couldBeSurer(r, a):
		return StepLogin
	case r.prompts(promptSelect) && p.Chosen != a.Session.ID:
		return StepSelect
	default:
		return stepDone
	}
}

func (s *Service) needsConsent(ctx context.Context, r *Request, userID string) (bool, error) {
	if r.prompts(promptConsent) || r.alwaysAsks() {
		return true, nil
	}
	if r.skipsConsent() {
		return false, nil
	}
	given, err := s.consented(ctx, r.Client.ID, userID)
	if err != nil {
		return false, err
	}
	for _, scope := range r.asks() {
		if !slices.Contains(given, scope) {
			return true, nil
		}
	}
	return false, nil
}

// consented is what a person has allowed a client before.
func (s *Service) consented(ctx context.Context, clientID, userID string) ([]string, error) {
	scopes, err := findConsent(ctx, s.core.DB, userID, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return scopes, err
}

// handOver sends the browser to the page of a step: one of the operator's, with
// a signed query, or one of ours, with a flow.
func (s *Service) handOver(ctx context.Context, j *journey, step Step) (Answer, error) {
	if page := s.externalPage(step); page != "" {
		if j.flow != nil {
			if err := s.dropFlow(ctx, j.flow); err != nil {
				return Answer{}, err
			}
		}
		if j.progress.signedIn(j.auth) {
			j.request.settled()
			s.settleACR(j.request, j.auth.Session.AMR)
		}
		return Answer{URL: withQuery(page, s.signQuery(j.request.params, s.now(ctx)))}, nil
	}
	if step == StepConsent {
		j.progress.Asked = j.auth.User.ID
	}
	id, browser, err := s.keepFlow(ctx, j)
	if err != nil {
		return Answer{}, err
	}
	return Answer{URL: s.issuer + pagePath(step) + "?flow=" + id, Browser: browser}, nil
}

// externalPage is the operator's page for a step, "" when it is one of ours.
func (s *Service) externalPage(step Step) string {
	if step == StepConsent {
		return s.cfg.ConsentPage
	}
	return s.cfg.LoginPage
}

func pagePath(step Step) string {
	switch step {
	case StepConsent:
		return "/consent"
	case StepSignUp:
		return "/signup"
	case StepSelect:
		return "/select-account"
	default:
		return "/login"
	}
}

func withQuery(page, query string) string {
	if strings.Contains(page, "?") {
		return page + "&" + query
	}
	return page + "?" + query
}

// answerWithCode makes the code and sends it to the client. consent tells that
// the person has just allowed these scopes.
func (s *Service) answerWithCode(ctx context.Context, j *journey, scopes []string, consent bool) (Answer, error) {
	r, a := j.request, j.auth
	granted := slices.DeleteFunc(slices.Clone(r.Scopes), func(scope string) bool { return !slices.Contains(scopes, scope) })
	g, code := s.newGrant(ctx, r, a, granted)
	g.claims, g.acr = r.release.within(scopes).String(), s.acrOf(r, a.Session.AMR)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.stillSignedIn(ctx, tx, a.Session); err != nil {
			return err
		}
		if j.flow != nil {
			if err := useFlow(ctx, tx, j.flow.hash); err != nil {
				return err
			}
		}
		if err := s.usePushedOf(ctx, tx, r); err != nil {
			return err
		}
		if err := s.keepDocumented(ctx, tx, r.Client); err != nil {
			return err
		}
		if consent {
			if err := saveConsent(ctx, tx, a.User.ID, r.Client.ID, scopes, s.now(ctx)); err != nil {
				return err
			}
		}
		return insertGrant(ctx, tx, g)
	})
	if errors.Is(err, errSignedOut) {
		j.auth = nil
		return s.advance(ctx, j)
	}
	if err != nil {
		var full *api.OAuthError
		if errors.As(err, &full) && full.Status == 503 {
			return s.refused(ctx, r.refuse(full.Code, full.Description))
		}
		if errors.Is(err, store.ErrUnavailable) {
			return s.refused(ctx, r.refuse("temporarily_unavailable", "the server cannot write to its storage at the moment"))
		}
		return s.refused(ctx, err)
	}
	to, err := s.answer(ctx, r.destination(), []param{{"code", code}, {"state", r.State}, {"iss", s.issuer}})
	return Answer{URL: to}, err
}

var errSignedOut = errors.New("the session has ended")

// stillSignedIn: a session that ended while its request was under way allows
// nothing more. What ends a person's access ends the grants that there are; a
// grant made after that, out of a session read before, would be left.
func (s *Service) stillSignedIn(ctx context.Context, tx *store.Tx, session *core.Session) error {
	end, err := s.core.SessionEnd(ctx, tx, session.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.now(ctx).Before(end) {
		return errSignedOut
	}
	return err
}

func (r *Request) refuse(code, description string) error {
	return &Refusal{Code: code, Description: description, State: r.State, to: r.destination(), client: r.Client}
}

func (r *Request) destination() *destination {
	return &destination{client: r.Client.Title(), uri: r.RedirectURI, mode: r.ResponseMode}
}

// refused sends a refusal to the client, or to the person when there is no
// client that may be told. Every answer says who gives it (RFC 9207 §2).
func (s *Service) refused(ctx context.Context, err error) (Answer, error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return Answer{}, err
	}
	s.failedAuthorization(ctx, refusal)
	told := []param{{"error", refusal.Code}, {"error_description", asciiOnly(refusal.Description)}} // the characters of RFC 6749 §4.1.2.1
	if refusal.to == nil {
		if refusal.complaint != nil {
			detail, err := s.complain(ctx, refusal.complaint)
			if err != nil {
				return Answer{}, err
			}
			told = append(told, param{"detail", detail})
		}
		return Answer{URL: withParams(s.issuer+"/error", told, false)}, nil
	}
	told = append(told, param{"state", refusal.State}, param{"iss", s.issuer})
	to, err := s.answer(ctx, refusal.to, told)
	return Answer{URL: to}, err
}
