// Package core is what every capability shares: users, sessions, accounts,
// one-time values, secrets, the session cookies, and the one way to sign in.
//
// It owns every column of "user" and "session". It knows no capability: what
// others must learn of is an event, and what they may forbid is a gate.
package core

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/event"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// Core holds what the capabilities share. Build it with [New]; events and
// gates are connected before the first request.
type Core struct {
	DB     *store.DB
	Config *config.Config
	Keys   *Keyring
	Now    clock.Clock
	Log    *slog.Logger
	Mail   *Mailer
	// Jobs is what must be done outside the database and not be lost.
	Jobs *outbox.Queue
	// Egress is the way out by HTTP.
	Egress *egress.Client

	// UserFields and SessionFields are what users and sessions have beyond the contract.
	UserFields, SessionFields *Fields
	// UserInput hold what is said of UserFields to a capability's rules, before it is
	// taken, and may change it.
	UserInput []func(ctx context.Context, in *UserInput) error

	// UserCreated is emitted for every new user, inside the transaction that makes it.
	UserCreated event.Topic[*User]
	// UserUpdated is emitted for every user that was written back.
	UserUpdated event.Topic[UserUpdated]
	// RoleChanged is emitted before a user with changed roles is written back.
	RoleChanged event.Topic[*User]
	// EmailChanged is emitted when a user's address was replaced.
	EmailChanged event.Topic[*EmailChanged]
	// UserDeleted carries the id of a user who is about to go.
	UserDeleted event.Topic[string]
	// SessionCreated is emitted for every session that is made.
	SessionCreated event.Topic[SessionCreated]
	// AccessEnded tells that all access of a user ends now.
	AccessEnded event.Topic[AccessEnded]
	// SessionEnded tells of a session that was ended: by its owner, not by its age.
	SessionEnded event.Topic[SessionEnded]
	// AccountLinked and AccountUnlinked tell of identities at providers that became,
	// or are no longer, a user's way in.
	AccountLinked, AccountUnlinked event.Topic[*Account]
	// PasswordSet is emitted for every password that a user gets, the first one too.
	PasswordSet event.Topic[PasswordSet]
	// TwoFactorChanged is emitted when a second factor is turned on or off, or used up.
	TwoFactorChanged event.Topic[*TwoFactorChanged]
	// MailboxClaimed tells that a user's address was proven by another than who
	// registered it: what that one left behind as a way in goes.
	MailboxClaimed event.Topic[*User]
	// UserLinked tells of an anonymous user who became somebody, before the anonymous
	// one is deleted.
	UserLinked event.Topic[*UserLinked]
	// PasskeyAdded, PasskeyRenamed and PasskeyRemoved tell what a person did with a passkey.
	PasskeyAdded, PasskeyRenamed, PasskeyRemoved event.Topic[*PasskeyEvent]
	// ProfileChanging runs before what a person changes of themselves is written; an error refuses it.
	ProfileChanging event.Topic[UserUpdated]
	// PhoneChanged is emitted when a user's proven phone number is another one, or none.
	PhoneChanged event.Topic[*PhoneChanged]
	// AttemptsLocked tells that guesses at an account, or from a network, are to wait.
	AttemptsLocked event.Topic[AttemptsLocked]
	// SigningIn runs before a session exists; an error refuses the sign-in.
	SigningIn event.Topic[*SignIn]
	// SigningUp runs before a user is made who asked for it; an error refuses the sign-up.
	SigningUp event.Topic[*SignUp]
	// SignUpChecks and SignInChecks run before the transaction, in their order,
	// and may take time; an error refuses.
	SignUpChecks []func(ctx context.Context, in *SignUp) error
	SignInChecks []func(ctx context.Context, s *SignIn) error
	// WaysIn tell by what a user can sign in, each those of one capability.
	WaysIn []func(ctx context.Context, q store.Querier, u *User) ([]WayIn, error)
	// Hold, when set, may let a sign-in wait that nothing refuses: it is the last
	// thing asked before a session is made. nil lets it pass.
	Hold func(ctx context.Context, tx *store.Tx, s *SignIn) (*Held, error)
	// Attempts, when set, counts guesses at what people sign in with.
	Attempts Attempts
	// PasswordChecks run before a password is hashed that somebody is about to get,
	// in their order, and may take time; an error refuses.
	PasswordChecks []func(ctx context.Context, p *NewPassword) error
	// ProvenAt is when the person of a session proved again who they are, zero when they did not.
	ProvenAt func(ctx context.Context, s *Session) (time.Time, error)
	// Unproven, when set, tells whether a session began with something that proves less
	// than a way in, so that it is fresh only for getting one.
	Unproven func(ctx context.Context, sessionID string) (bool, error)
	// Resume, when set, may answer a JSON sign-in or sign-up in place of its
	// usual body: it continues what sent the person there.
	Resume Resume

	// Presented, when set, is a session token that came otherwise than in the
	// cookie, and whether it carried our signature; "" when none did.
	Presented func(r *api.Request) (token string, signed bool)
	// TokenSent run after an answer got a session's cookies; signed is the token
	// with its signature.
	TokenSent []func(r *api.Request, a *Auth, signed string)

	// Adopted run after a browser was given a session that was just made.
	Adopted []func(r *api.Request, a *Auth)

	cookies cookieNames
	signer  *Signer
	former  *Signer // of the server whose sessions were imported, or nil
	tokens  *Sealer // of what providers gave
	cache   *sessionCache

	placeholders []func(email string) bool
}

// AccessEnded is the event that a user's access ends.
type AccessEnded struct {
	UserID string
	Reason string // "banned", "deleted", "password-reset", "signed-out"
	// Sessions are the ids of the sessions that ended with it.
	Sessions []string
}

// UserUpdated is the event that a user was written back. Before is read only when
// somebody listens.
type UserUpdated struct{ Before, After *User }

// PasswordSet is the event that a user got a password: their first one, or another.
type PasswordSet struct {
	*Account
	First bool
}

// SessionCreated is the event that somebody has signed in.
type SessionCreated struct {
	*Auth
	Method string
	SignIn *SignIn
}

// EmailChanged is the event that a user, as they are now, had another address.
type EmailChanged struct {
	User   *User
	Before string
	Event  Event
	Locale string // an Accept-Language header
	// Mails are jobs that the listeners have queued.
	Mails []string
}

// SessionEnded is the event that one session of a user ends.
type SessionEnded struct{ UserID, SessionID string }

// New puts core together.
func New(db *store.DB, cfg *config.Config, keys *Keyring, now clock.Clock, log *slog.Logger, mail *Mailer) (*Core, error) {
	signer, err := keys.Signer("session cookie")
	if err != nil {
		return nil, err
	}
	tokens, err := keys.Sealer("account token")
	if err != nil {
		return nil, err
	}
	c := &Core{DB: db, Config: cfg, Keys: keys, Now: now, Log: log, Mail: mail, signer: signer, tokens: tokens, cookies: newCookieNames(cfg)}
	if secret := cfg.Session.BetterAuthSecret; secret != "" {
		c.former = newSigner([][]byte{[]byte(secret)})
	}
	c.UserFields = newFields("user", cfg.User.AdditionalFields, guarded[:]...)
	c.SessionFields = newFields("session", cfg.Session.AdditionalFields)
	if cfg.Session.CookieCache.Enabled {
		if c.cache, err = newSessionCache(cfg.Session.CookieCache); err != nil {
			return nil, err
		}
	}
	c.SigningIn.On(c.refuseBarred)
	if mail != nil {
		mail.nowhere = c.IsPlaceholder
		if err := c.capMails(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes what has expired, a little at a time.
func (c *Core) Sweep(ctx context.Context) error {
	for more := true; more; {
		err := c.DB.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = deleteExpired(ctx, tx, c.Now(ctx), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return c.sweepMailCounts(ctx)
}

// Setting reads what was decided in the browser, "" when it was not.
func (c *Core) Setting(ctx context.Context, q store.Querier, name string) (string, error) {
	return findSetting(ctx, q, name)
}

// SaveSetting keeps a decision.
func (c *Core) SaveSetting(ctx context.Context, tx *store.Tx, name, value string) error {
	return saveSetting(ctx, tx, name, value, c.Now(ctx))
}

// User reads a user by id. Errors: store.ErrNotFound.
func (c *Core) User(ctx context.Context, q store.Querier, id string) (*User, error) {
	return c.complete(findUser(ctx, q, id))
}

// UserByEmail reads a user by address, in any case. An address that nobody has costs
// the reading of a user, too: the time must not tell. Errors: store.ErrNotFound.
func (c *Core) UserByEmail(ctx context.Context, q store.Querier, email string) (*User, error) {
	email = NormalizeEmail(email)
	u, err := c.complete(findUserNear(ctx, q, email))
	if err == nil && u.Email != email {
		return nil, store.ErrNotFound
	}
	return u, err
}

// Users lists users in the order of their making, those after the given id.
func (c *Core) Users(ctx context.Context, q store.Querier, after string, limit int) ([]*User, error) {
	users, err := listUsers(ctx, q, after, limit)
	for _, u := range users {
		c.UserFields.attach(&u.Extra)
	}
	return users, err
}

// complete lets a user who was read serve the registered fields.
func (c *Core) complete(u *User, err error) (*User, error) {
	if err == nil {
		c.UserFields.attach(&u.Extra)
	}
	return u, err
}

// PendingUsers lists users who wait for an administrator, those after the given id.
func (c *Core) PendingUsers(ctx context.Context, q store.Querier, after string, limit int) ([]*User, error) {
	return listPending(ctx, q, after, limit)
}

// Administrators are the users with the role admin. It reads all users.
func (c *Core) Administrators(ctx context.Context, q store.Querier) ([]*User, error) {
	users, err := listByRole(ctx, q, "admin")
	return slices.DeleteFunc(users, func(u *User) bool { return !u.HasRole("admin") || u.Pending || u.BannedAt(c.Now(ctx)) }), err
}

// HasUsers tells whether anybody has an account yet.
func (c *Core) HasUsers(ctx context.Context, q store.Querier) (bool, error) { return anyUser(ctx, q) }

// SaveUser writes back a changed user and its time of change. Errors: ErrEmailTaken, *FieldTaken, store.ErrNotFound.
func (c *Core) SaveUser(ctx context.Context, tx *store.Tx, u *User) error {
	var before *User
	if c.UserUpdated.Heard() {
		var err error
		if before, err = c.User(ctx, tx, u.ID); err != nil {
			return err
		}
	}
	u.UpdatedAt = c.Now(ctx)
	err := updateUser(ctx, tx, u)
	if store.IsUnique(err, "user.email") {
		return ErrEmailTaken
	}
	if err != nil {
		return err
	}
	if err := c.keepUnique(ctx, tx, u.ID, u.Extra.asRead(), u.Extra); err != nil {
		return err
	}
	return c.UserUpdated.Emit(ctx, tx, UserUpdated{before, u})
}

// millis cuts a time to what the database keeps, so that an answer made before
// a read equals one made after.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
