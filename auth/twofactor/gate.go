package twofactor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The methods of the contract.
const (
	methodTOTP = "totp"
	methodCode = "otp"
)

// waiting is what is kept of a sign-in while it waits: it goes on as it came.
type waiting struct {
	Method    string      `json:"method"`
	AMR       []string    `json:"amr,omitempty"`
	Remember  bool        `json:"remember,omitempty"`
	Fields    core.Values `json:"fields,omitempty"`
	Languages string      `json:"languages,omitempty"`
	Onward    core.Onward `json:"onward,omitzero"`
	Anonymous string      `json:"anonymous,omitempty"` // whom the browser was
	// Mailbox: the first proof was a mail, so that a second mail proves nothing more.
	Mailbox bool `json:"mailbox,omitempty"`
	// Enrol: the person has no second factor, and must set one up.
	Enrol bool `json:"enrol,omitempty"`
}

func (w *waiting) first() sentTo { return firstProof(w.Mailbox, w.AMR) }

// challenge is a sign-in that waits in the browser that makes a request.
type challenge struct {
	waiting
	User  *core.User
	hash  string
	tries int
}

// hold is core's gate.
func (s *Service) hold(ctx context.Context, tx *store.Tx, in *core.SignIn) (*core.Held, error) {
	if in.MultiFactor || in.Federated && !s.cfg.AfterSocial && !in.StepUp {
		return nil, nil
	}
	enrol := !enabled(in.User)
	if enrol && (in.Federated && !s.cfg.AfterSocial || !s.required(in.User)) {
		return nil, nil
	}
	if !enrol && !in.StepUp {
		known, err := s.trusts(ctx, tx, in)
		if known || err != nil {
			return nil, err
		}
	}
	methods, err := s.methods(ctx, tx, in.User, firstProof(in.Mailbox, in.AMR))
	if err != nil {
		return nil, err
	}
	if !enrol && len(methods) == 0 {
		codes, err := listBackupCodes(ctx, tx, in.User.ID)
		if err != nil || len(codes) == 0 {
			// All that could be asked for is a code to the mailbox that was just proven.
			return nil, err
		}
	}
	w := waiting{
		Method: in.Method, AMR: in.AMR, Remember: in.Remember, Fields: in.Fields, Languages: in.Languages, Onward: in.Onward,
		Mailbox: in.Mailbox, Enrol: enrol, Anonymous: in.Anonymous,
	}
	keepQuery(in.Request, &w.Onward, s.core.Now(ctx))
	return s.challenge(ctx, tx, in.User, w, methods)
}

// keepQuery keeps the signed query that came with a JSON sign-in: it held when the
// sign-in began, and what it asks for goes on afterwards.
func keepQuery(r *api.Request, to *core.Onward, now time.Time) {
	if r == nil || to.Query != "" || to.Flow != "" {
		return
	}
	if query, _ := r.Body["oauth_query"].(string); query != "" {
		to.Query, to.At = query, now
	}
}

func (s *Service) challenge(ctx context.Context, tx *store.Tx, u *core.User, w waiting, methods []string) (*core.Held, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write a sign-in that waits: %w", err)
	}
	token := "2fa-" + core.NewToken(20)
	expires := s.core.Now(ctx).Add(s.cfg.CookieMaxAge)
	if w.Enrol {
		methods = nil
	}
	held := &core.Held{Challenge: token, Life: s.cfg.CookieMaxAge, Methods: methods}
	return held, insertChallenge(ctx, tx, core.HashToken(token), u.ID, string(data), expires)
}

// Asks tells whether a user has a second factor to be asked for.
func (s *Service) Asks(u *core.User) bool { return s.cfg.Enabled && enabled(u) }

// Overlooks tells whether the second factor may be passed over at a sign-in of
// somebody who has one: in a browser that they trust, or after a provider.
func (s *Service) Overlooks(in *core.SignIn) bool {
	return s.cfg.Enabled && in.Request != nil && !in.MultiFactor && (in.Federated || s.core.TrustedDevice(in.Request) != "")
}

// methods are those that a user can be asked for, in the contract's order.
func (s *Service) methods(ctx context.Context, q store.Querier, u *core.User, first sentTo) (methods []string, err error) {
	if !s.cfg.TOTPOptions.Disable {
		f, err := s.factorOf(ctx, q, u.ID)
		if err != nil {
			return nil, err
		}
		if f.app() {
			methods = append(methods, methodTOTP)
		}
	}
	if len(s.reaches(u, first)) > 0 {
		methods = append(methods, methodCode)
	}
	return methods, nil
}

// load reads the challenge that the browser holds. Errors: ErrCookie.
func (s *Service) load(r *api.Request) (*challenge, error) {
	ctx := r.Context()
	token := s.core.Challenge(r)
	if token == "" {
		return nil, ErrCookie
	}
	ch := &challenge{hash: core.HashToken(token)}
	row, err := findChallenge(ctx, s.core.DB, ch.hash, s.core.Now(ctx))
	if err != nil {
		return nil, notFoundIs(err, ErrCookie)
	}
	if err := json.Unmarshal([]byte(row.Data), &ch.waiting); err != nil {
		return nil, fmt.Errorf("read a sign-in that waits: %w", err)
	}
	ch.tries = int(row.Tries)
	if ch.User, err = s.core.User(ctx, s.core.DB, row.UserID); err != nil {
		return nil, notFoundIs(err, ErrCookie)
	}
	if ch.Enrol && enabled(ch.User) { // set up meanwhile, perhaps by another who knows the first proof
		return nil, ErrCookie
	}
	return ch, nil
}

// signIn is the sign-in that goes on, now with the other proof.
func (ch *challenge) signIn(r *api.Request, amr ...string) *core.SignIn {
	in := core.NewSignIn(r, ch.User, ch.Method, ch.Remember, proven(ch.AMR, amr...)...)
	in.Fields, in.Languages, in.Onward, in.MultiFactor = ch.Fields, ch.Languages, ch.Onward, true
	in.Anonymous = ch.Anonymous
	return in
}

// proven joins the methods of two proofs (RFC 8176): what both are called once, and mfa last.
func proven(first []string, second ...string) []string {
	all := slices.Clone(first)
	for _, method := range append(second, "mfa") {
		if !slices.Contains(all, method) {
			all = append(all, method)
		}
	}
	return all
}

// Waiting is what a page shows of a sign-in that waits in this browser.
type Waiting struct {
	User *core.User
	// App, Codes and BackupCodes tell what can be asked for; Codes are sent to
	// what Reaches names.
	App, Codes, BackupCodes bool
	Reaches                 []string // "sms", "email"
	// Enrol: there is no second factor yet, and one must be set up to go on.
	Enrol bool
	// Left is how many tries there are, LockedUntil is set while the account takes none.
	Left        int
	LockedUntil time.Time
}

// Waits tells what sign-in waits in this browser. Errors: ErrCookie when none does.
func (s *Service) Waits(r *api.Request) (*Waiting, error) {
	ch, err := s.load(r)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	methods, err := s.methods(ctx, s.core.DB, ch.User, ch.first())
	if err != nil {
		return nil, err
	}
	codes, err := listBackupCodes(ctx, s.core.DB, ch.User.ID)
	if err != nil {
		return nil, err
	}
	f, err := s.factorOf(ctx, s.core.DB, ch.User.ID)
	if err != nil {
		return nil, err
	}
	w := &Waiting{
		User: ch.User, App: slices.Contains(methods, methodTOTP), Codes: slices.Contains(methods, methodCode), Reaches: s.reaches(ch.User, ch.first()),
		BackupCodes: len(codes) > 0, Enrol: ch.Enrol, Left: mostTries - ch.tries,
	}
	if f.locked(s.core.Now(ctx)) && s.cfg.AccountLockout.Enabled {
		w.LockedUntil = *f.LockedUntil
	}
	return w, nil
}

// GiveUp ends the sign-in that waits in this browser.
func (s *Service) GiveUp(r *api.Request) error {
	ctx, token := r.Context(), s.core.Challenge(r)
	r.SetCookie(s.core.NoChallenge())
	if token == "" {
		return nil
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := useChallenge(ctx, tx, core.HashToken(token), s.core.Now(ctx))
		return err
	})
}
