package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Failure is a request of a client that was refused. It holds nothing secret.
type Failure struct {
	At          time.Time `json:"at"`
	Where       string    `json:"where"`
	Code        string    `json:"error"`
	Description string    `json:"error_description"`
}

// Places where a request fails.
const (
	failedAuthorize = "authorize"
	failedPush      = "par"
	failedToken     = "token"
)

// What is kept of failures: a few of each client, for a while, and no more in a
// minute than looking for a mistake needs. Who floods us fills no table.
const (
	keptFailures      = 20
	failureLife       = 30 * 24 * time.Hour
	failuresOfOne     = 20
	failuresAtAll     = 300
	failureTextLength = 400
)

// failureLimit counts what was kept in the current minute.
type failureLimit struct {
	mu    sync.Mutex
	since time.Time
	of    map[string]int
	all   int
}

// take tells whether one more may be kept.
func (l *failureLimit) take(now time.Time, clientID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.since); l.of == nil || age >= time.Minute || age < 0 {
		l.since, l.of, l.all = now, map[string]int{}, 0
	}
	if l.all >= failuresAtAll || l.of[clientID] >= failuresOfOne {
		return false
	}
	l.all++
	l.of[clientID]++
	return true
}

// failed keeps a refused request for `authd client doctor`. description must hold
// no secret. Whether it is kept changes nothing for the request.
func (s *Service) failed(ctx context.Context, clientID, where, code, description string) {
	if _, err := s.Client(ctx, clientID); err != nil {
		return // of a client that is not there nothing is kept
	}
	now := s.now(ctx)
	if !s.failures.take(now, clientID) {
		return
	}
	f := &Failure{At: now, Where: where, Code: asciiOnly(clip(code)), Description: asciiOnly(description)}
	if len(f.Description) > failureTextLength {
		f.Description = f.Description[:failureTextLength]
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertFailure(ctx, tx, clientID, f) })
	if err != nil && ctx.Err() == nil {
		s.core.Log.LogAttrs(ctx, slog.LevelDebug, "a refused request was not kept", slog.Any("error", err))
	}
}

// failedAt keeps the refusal of a client's own request, where err is one.
func (s *Service) failedAt(ctx context.Context, where, authorization string, form url.Values, err error) {
	var refused *api.OAuthError
	if !errors.As(err, &refused) || refused.Status >= 500 || notFault(refused.Code) {
		return
	}
	clientID := form.Get("client_id")
	if id, _, ok := parseBasic(authorization); ok {
		clientID = id
	} else if clientID == "" {
		clientID = assertedClient(form.Get("client_assertion"))
	}
	if clientID != "" {
		s.failed(ctx, clientID, where, refused.Code, refused.Description)
	}
}

// notFault: answers that say nothing is wrong with the request.
func notFault(code string) bool {
	switch code {
	case accessDenied, loginRequired, "consent_required", "temporarily_unavailable", "authorization_pending", "slow_down", useDPoPNonce:
		return true
	}
	return false
}

// failedAuthorization keeps the refusal of an authorization request, with what
// was received where that is the fault.
func (s *Service) failedAuthorization(ctx context.Context, r *Refusal) {
	if r.client == nil || notFault(r.Code) {
		return
	}
	description := r.Description
	if c := r.complaint; c != nil && len(c.Wrong) > 0 {
		wrong := c.Wrong[0]
		if wrong.Parameter == "redirect_uri" && wrong.Received != "" {
			description += ": " + withoutSecrets(wrong.Received)
		}
		if wrong.Hint != "" {
			description += " (a registered one differs only by " + wrong.Hint + ")"
		}
	}
	s.failed(ctx, r.client.ID, failedAuthorize, r.Code, description)
}

// withoutSecrets is a redirect URI as it may be kept: its query, its fragment and
// the name before its host may hold anything.
func withoutSecrets(uri string) string {
	if at := strings.IndexAny(uri, "?#"); at >= 0 {
		uri = uri[:at]
	}
	if scheme, rest, ok := strings.Cut(uri, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			host = "?" + host[at:]
		}
		if uri = scheme + "://" + host; slash {
			uri += "/" + path
		}
	}
	return uri
}

// Complaint is what the error page tells beyond the code.
type Complaint struct {
	Client   string    `json:"client,omitempty"`    // the name of the client
	ClientID string    `json:"client_id,omitempty"` // "" when there is no such client
	Wrong    []Wrong   `json:"wrong"`
	Until    time.Time `json:"until"`
}

// Wrong is one thing that is wrong with a request: what was received as a
// parameter and what was expected, or a Reason where that says more.
type Wrong struct {
	Parameter string   `json:"parameter,omitempty"`
	Received  string   `json:"received,omitempty"` // "" for nothing
	Expected  string   `json:"expected,omitempty"`
	Number    int      `json:"number,omitempty"` // how many redirect URIs the client has
	Values    []string `json:"values,omitempty"` // what may be sent
	Hint      string   `json:"hint,omitempty"`   // what a registered redirect URI differs by
	Reason    string   `json:"reason,omitempty"`
}

// What was expected.
const (
	expectedSomeClient = "some-client" // any client_id
	expectedClient     = "client"      // one of a client that is there
	expectedEnabled    = "enabled"     // one that is not disabled
	expectedRedirect   = "redirect"    // a registered redirect URI
	expectedValues     = "values"      // some of Values
	expectedPKCE       = "pkce"
)

// about is a complaint about a request of a client; nil for one that is not known.
func about(client *Client, wrong ...Wrong) *Complaint {
	c := &Complaint{Wrong: wrong}
	if client != nil {
		c.Client, c.ClientID = client.Title(), client.ID
	}
	return c
}

// wrongBesides is what else is wrong with a request that nobody can be told of
// for its redirect URI: who puts that right need not come back for the rest.
func (s *Service) wrongBesides(client *Client, params url.Values) []Wrong {
	var wrong []Wrong
	if kind := params.Get("response_type"); kind != "code" {
		wrong = append(wrong, Wrong{Parameter: "response_type", Received: kind, Expected: expectedValues, Values: []string{"code"}})
	}
	allowed := s.scopesOf(client)
	unknown := slices.DeleteFunc(strings.Fields(params.Get("scope")), func(scope string) bool { return slices.Contains(allowed, scope) })
	if len(unknown) > 0 {
		wrong = append(wrong, Wrong{Parameter: "scope", Received: strings.Join(unknown, " "), Expected: expectedValues, Values: allowed})
	}
	if _, description := parseChallenge(&Request{Client: client, params: params}); description != "" {
		method := params.Get("code_challenge_method")
		switch {
		case params.Get("code_challenge") == "":
			wrong = append(wrong, Wrong{Parameter: "code_challenge", Expected: expectedPKCE})
		case method != "S256":
			wrong = append(wrong, Wrong{Parameter: "code_challenge_method", Received: method, Expected: expectedValues, Values: []string{"S256"}})
		default: // the challenge is not shown: it may be the verifier
			wrong = append(wrong, Wrong{Reason: description})
		}
	}
	return wrong
}

const (
	complaintLife = time.Hour
	maxReceived   = 300
	maxExpected   = 20
)

// complain seals a complaint for the way to the error page: nobody else can put
// words there.
func (s *Service) complain(ctx context.Context, c *Complaint) (string, error) {
	c.Until = s.now(ctx).Add(complaintLife)
	for i := range c.Wrong {
		wrong := &c.Wrong[i]
		wrong.Received = strings.ToValidUTF8(wrong.Received, "?")
		if len(wrong.Received) > maxReceived {
			wrong.Received = strings.ToValidUTF8(wrong.Received[:maxReceived], "") + "…"
		}
		if len(wrong.Values) > maxExpected {
			wrong.Values = append(slices.Clone(wrong.Values[:maxExpected]), "…")
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return s.complaints.Seal("", text)
}

// Complaint opens what complain sealed; nil for anything else.
func (s *Service) Complaint(ctx context.Context, sealed string) *Complaint {
	text, err := s.complaints.Open("", sealed)
	c := &Complaint{}
	if err != nil || json.Unmarshal(text, c) != nil || !s.now(ctx).Before(c.Until) {
		return nil
	}
	return c
}
