package twofactor

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Kind is what a second proof is.
type Kind int

// The kinds of proof.
const (
	App    Kind = iota // a code of an authenticator app
	Sent               // one that was sent
	Backup             // a backup code
)

// Proof is a second proof as a person gives it.
type Proof struct {
	Kind  Kind
	Code  string
	Trust bool // this browser is not to be asked again
	// Only checks: a backup code is used up, but nobody is signed in by it.
	Only bool
}

// Passed is what came of a proof that holds.
type Passed struct {
	User  *core.User
	Token string     // of the session, as the contract's answer has it; "" without one
	Auth  *core.Auth // who is signed in by it, or was before; nil without
	// SignedIn tells that the sign-in that waited has gone on.
	SignedIn bool
	// Onward is where the sign-in leads, where it came by a link.
	Onward core.Onward
	// Enrolled tells that the second factor counts from now on.
	Enrolled bool
}

// mostTries is how many wrong codes a challenge survives (NOTES §10).
const mostTries = 5

// try is one proof on its way through a transaction.
type try struct {
	*Service
	r     *api.Request
	proof Proof
	user  *core.User
	owner string // of a code that was sent
	f     factor
	step  int64 // of an app's code that fits, else 0
	key   string
	now   time.Time
	wrong error
	enrol bool // an app that does not count yet may show its first code
	amr   string
	left  int
}

// Prove checks a second proof: of the sign-in that waits in this browser, or of
// who is signed in. Errors: ErrCookie, ErrNoApps, ErrNoApp, ErrLocked, ErrCode,
// ErrBackupCode, ErrNoBackupCodes, ErrExpired, ErrTooMany.
func (s *Service) Prove(r *api.Request, p Proof) (*Passed, error) {
	if p.Kind == App && s.cfg.TOTPOptions.Disable {
		return nil, ErrNoApps
	}
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if caller != nil {
		return s.proveAgain(r, caller, p)
	}
	return s.meet(r, p)
}

// begin reads what a proof is held against, and computes all that takes time.
func (s *Service) begin(r *api.Request, u *core.User, p Proof, owner string, enrol bool) (*try, error) {
	ctx := r.Context()
	t := &try{Service: s, r: r, proof: p, user: u, owner: owner, enrol: enrol, now: s.core.Now(ctx), wrong: ErrCode, amr: "otp"}
	var err error
	if t.f, err = s.factorOf(ctx, s.core.DB, u.ID); err != nil {
		return nil, err
	}
	switch p.Kind {
	case App:
		if t.f.Secret == "" || !t.f.Verified && !enrol {
			return nil, ErrNoApp
		}
		secret, err := s.secrets.Open(u.ID, t.f.Secret)
		if err != nil {
			return nil, err
		}
		if t.step, err = s.matchStep(string(secret), plainCode(p.Code), t.f.LastStep, t.now); err != nil {
			return nil, err
		}
	case Backup:
		t.wrong = ErrBackupCode
		if !t.f.app() {
			return nil, ErrNoBackupCodes
		}
		if t.key, t.left, err = s.matchBackupCode(ctx, s.core.DB, u.ID, p.Code); err != nil {
			return nil, err
		}
	}
	if t.f.locked(t.now) && s.cfg.AccountLockout.Enabled {
		return nil, ErrLocked
	}
	return t, nil
}

// use consumes the proof in one conditional statement. It reports false for one
// that does not hold, or that another request was quicker with.
func (t *try) use(ctx context.Context, tx *store.Tx) (ok bool, refused, err error) {
	// Of many that came together the others may have locked the account by now: then
	// this one is neither used up nor told whether it was right.
	if locked, err := t.lockedNow(ctx, tx); locked || err != nil {
		return false, ErrLocked, err
	}
	switch t.proof.Kind {
	case App:
		if t.step > 0 {
			ok, err = useStep(ctx, tx, t.user.ID, t.f.Secret, t.step, t.now)
		}
		return ok, t.wrong, err
	case Backup:
		if t.key != "" {
			ok, err = useBackupCode(ctx, tx, t.user.ID, t.key)
		}
	default:
		ok, refused, err = t.useSent(ctx, tx)
	}
	if refused == nil {
		refused = t.wrong
	}
	if !ok || err != nil {
		return false, refused, err
	}
	ok, err = clearFailures(ctx, tx, t.user.ID, t.now)
	return ok, ErrLocked, err
}

func (t *try) lockedNow(ctx context.Context, tx *store.Tx) (bool, error) {
	if !t.cfg.AccountLockout.Enabled {
		return false, nil
	}
	until, err := lockedUntil(ctx, tx, t.user.ID)
	return err == nil && until != nil && until.After(t.now), err
}

// failed counts a wrong code against the account.
func (t *try) failed(ctx context.Context, tx *store.Tx) error {
	lock := t.cfg.AccountLockout
	if !lock.Enabled {
		return nil
	}
	return countFailure(ctx, tx, t.user.ID, lock.MaxFailedAttempts, t.now.Add(lock.Duration), t.now)
}

// meet is a proof of a sign-in that waits.
func (s *Service) meet(r *api.Request, p Proof) (*Passed, error) {
	ctx := r.Context()
	ch, err := s.load(r)
	if err != nil {
		return nil, err
	}
	if p.Kind == Backup && ch.Enrol { // codes of a set-up that is not finished
		return nil, ErrNoBackupCodes
	}
	t, err := s.begin(r, ch.User, p, challengeOwner(ch.hash), ch.Enrol)
	if err != nil {
		return nil, err
	}
	in, news := ch.signIn(r, t.amr), t.news(ch.Enrol)
	var a *core.Auth
	var refused error
	var device *api.Cookie
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if refused, err = t.claim(ctx, tx, ch); refused != nil || err != nil || p.Only {
			return err
		}
		if won, err := useChallenge(ctx, tx, ch.hash, t.now); err != nil || !won {
			refused = ErrCookie
			return err
		}
		if err := t.tell(ctx, tx, news, ch.Enrol); err != nil {
			return err
		}
		if a, err = s.core.BeginIn(ctx, tx, in); err != nil || !p.Trust {
			return err
		}
		device, err = s.trustBrowser(ctx, tx, r, ch.User.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, s.refuse(r, ch, p.Kind, refused)
	}
	passed := &Passed{User: ch.User, Onward: ch.Onward, Enrolled: ch.Enrol}
	s.core.Mail.Sent(ctx, append(in.Mails, news.Mails...)...)
	if p.Only {
		return passed, nil
	}
	a.Keep(s.core.NoChallenge())
	if device != nil {
		a.Keep(device)
	}
	s.core.Adopt(r, a)
	r.Security("sign-in", "user", a.User.ID, "method", a.Method, "second_factor", p.Kind.String())
	passed.User, passed.Auth, passed.Token, passed.SignedIn = a.User, a, a.Session.Token, true
	return passed, nil
}

// claim counts the try and takes the proof. What it refuses stays counted.
func (t *try) claim(ctx context.Context, tx *store.Tx, ch *challenge) (refused, err error) {
	if t.proof.Kind != Sent { // what was sent counts its own tries
		tries, err := tryChallenge(ctx, tx, ch.hash, t.now)
		if errors.Is(err, store.ErrNotFound) {
			return ErrCookie, nil
		}
		if err != nil {
			return nil, err
		}
		if tries > mostTries {
			_, err := useChallenge(ctx, tx, ch.hash, t.now)
			return ErrTooMany, err
		}
	}
	ok, refused, err := t.use(ctx, tx)
	if err != nil || ok {
		return nil, err
	}
	if refused == t.wrong { //nolint:errorlint // the very value
		return refused, t.failed(ctx, tx)
	}
	return refused, nil
}

// refuse answers a proof of a sign-in that does not hold.
func (s *Service) refuse(r *api.Request, ch *challenge, kind Kind, why error) error {
	if why == ErrCookie || why == ErrTooMany && kind != Sent { //nolint:errorlint // the very values
		r.SetCookie(s.core.NoChallenge())
	}
	r.Security("second-factor-failed", "user", ch.User.ID, "reason", why.Error())
	return why
}

// news is what a proof has to tell of the account, whoever listens.
func (t *try) news(enrol bool) *core.TwoFactorChanged {
	if enrol {
		return changed(t.r, "on")
	}
	e := changed(t.r, "backup-code-used")
	e.Left = t.left - 1
	return e
}

// tell turns on what somebody has just set up, and tells of a backup code.
func (t *try) tell(ctx context.Context, tx *store.Tx, news *core.TwoFactorChanged, enrol bool) error {
	news.Mails = nil
	if !enrol && t.proof.Kind != Backup {
		return nil
	}
	u, err := t.core.User(ctx, tx, t.user.ID)
	if err != nil {
		return err
	}
	if enrol {
		return t.turn(ctx, tx, u, true, news)
	}
	news.User = u
	return t.core.TwoFactorChanged.Emit(ctx, tx, news)
}

// proveAgain is a proof of somebody who is signed in: of what they have just set
// up, or that it is still they. Their session gets another token where the second
// factor counts from now on.
func (s *Service) proveAgain(r *api.Request, caller *core.Auth, p Proof) (*Passed, error) {
	ctx := r.Context()
	t, err := s.begin(r, caller.User, p, sessionOwner(caller.Session.ID), true)
	if err != nil {
		return nil, err
	}
	if p.Kind == App && t.step == 0 && !t.f.Verified { // a slip while setting up: nothing to count
		return nil, ErrCode
	}
	turnsOn := !enabled(caller.User) && p.Kind != Backup
	news := t.news(turnsOn)
	var refused error
	var renewed *core.Auth
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		ok, why, err := t.use(ctx, tx)
		if refused = nil; !ok {
			refused = why
		}
		switch {
		case err != nil:
			return err
		case !ok && why == t.wrong && (t.f.Verified || p.Kind != App): //nolint:errorlint // the very value
			return t.failed(ctx, tx)
		case !ok:
			return nil
		}
		if err := t.tell(ctx, tx, news, turnsOn); err != nil || !turnsOn {
			return err
		}
		renewed, err = s.renew(ctx, tx, news.User, caller.Session, proven(caller.Session.AMR, t.amr))
		return err
	})
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	s.core.Mail.Sent(ctx, news.Mails...)
	passed := &Passed{User: caller.User, Token: caller.Session.Token, Auth: caller, Enrolled: turnsOn}
	if renewed == nil {
		return passed, nil
	}
	s.core.Adopt(r, renewed)
	r.Security("two-factor-on", "user", caller.User.ID)
	passed.Auth = renewed
	if p.Kind == Sent { // the contract's other answer names the session of before
		passed.User, passed.Token = renewed.User, renewed.Session.Token
	}
	return passed, nil
}

// renew gives a session another token: one that was stolen before ends here.
func (s *Service) renew(ctx context.Context, tx *store.Tx, u *core.User, session *core.Session, amr []string) (*core.Auth, error) {
	next, err := s.core.RenewSession(ctx, tx, session, amr)
	return &core.Auth{Session: next, User: u}, err
}

// String names a kind in the log.
func (k Kind) String() string {
	switch k {
	case App:
		return "app"
	case Sent:
		return "code"
	default:
		return "backup-code"
	}
}
