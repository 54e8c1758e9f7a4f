package webhook

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/event"
	"authd/auth/internal/store"
)

// Event is a type of event that receivers can be told of.
type Event struct {
	Name string `json:"name"`
	Doc  string `json:"sentWhen"`
}

// source is an event and where it comes from.
type source struct {
	Event
	listen func()
	sample func(ctx context.Context) (any, error)
}

// on makes an event of a topic: data turns what was emitted into what receivers get, or into
// nil when this was nothing for them. example is what authd webhook test sends.
func on[T any](s *Service, topic *event.Topic[T], name, doc string, example T, data func(ctx context.Context, tx *store.Tx, e T) (any, error)) source {
	return source{
		Event: Event{name, doc},
		listen: func() {
			topic.On(func(ctx context.Context, tx *store.Tx, e T) error {
				told, err := data(ctx, tx, e)
				if err != nil || told == nil {
					return err
				}
				return s.emit(ctx, tx, name, told)
			})
		},
		sample: func(ctx context.Context) (any, error) { return data(ctx, nil, example) },
	}
}

// events is THE list: another event is a line here, and the function that says what it tells.
func (s *Service) events() []source {
	c, ada := s.core, exampleUser()
	changed, proven, banned := *ada, *ada, *ada
	changed.Name, proven.EmailVerified, banned.Banned = "Ada King", false, true
	return []source{
		on(s, &c.UserCreated, "user.created", "An account was made: by a sign-up, an administrator or a command.", ada, s.user),
		on(s, &c.UserUpdated, "user.updated", "Something of a user changed; `changed` names the fields.", core.UserUpdated{Before: ada, After: &changed}, userUpdated),
		on(s, &c.UserDeleted, "user.deleted", "A user was deleted, with all that was theirs.", ada.ID, s.userDeleted),
		on(s, &c.UserLinked, "user.linked", "An anonymous user became somebody: what you keep for the first is the second's now.", exampleLinked(), userLinked),
		on(s, &c.UserUpdated, "user.email_verified", "A user's address was proven to be theirs.", core.UserUpdated{Before: &proven, After: ada}, emailVerified),
		on(s, &c.UserUpdated, "user.banned", "A user was shut out.", core.UserUpdated{Before: ada, After: &banned}, userBanned),
		on(s, &c.UserUpdated, "user.unbanned", "A banned user was let in again; not sent when a ban ends by its time.", core.UserUpdated{Before: &banned, After: ada}, userUnbanned),
		on(s, &c.SessionCreated, "session.created", "Somebody signed in.", core.SessionCreated{Auth: &core.Auth{Session: exampleSession(), User: ada}, Method: "email"}, sessionCreated),
		on(s, &c.TwoFactorChanged, "two_factor.enabled", "A user turned a second factor on.", &core.TwoFactorChanged{User: ada, What: "on"}, twoFactor("on")),
		on(s, &c.TwoFactorChanged, "two_factor.disabled", "A second factor was turned off by its owner, or taken away by whoever runs the server; `reason` tells which.",
			&core.TwoFactorChanged{User: ada, What: "off"}, twoFactor("off", "reset")),
		on(s, &c.TwoFactorChanged, "two_factor.backup_code_used", "A user signed in with a backup code; `left` is how many there still are.",
			&core.TwoFactorChanged{User: ada, What: "backup-code-used", Left: 9}, twoFactor("backup-code-used")),
		on(s, &c.PasskeyAdded, "passkey.added", "A user's account got another passkey; one made with the account is not told of apart.", examplePasskey(), passkeyEvent),
		on(s, &c.PasskeyRenamed, "passkey.renamed", "A passkey got another name.", examplePasskey(), passkeyEvent),
		on(s, &c.PasskeyRemoved, "passkey.removed", "A passkey was taken from a user's account.", examplePasskey(), passkeyEvent),
		on(s, &c.PhoneChanged, "phone_number.changed", "A user's proven phone number was added, replaced or taken away.", &core.PhoneChanged{User: ada, After: "+15550001111"}, phoneChanged),
		on(s, &c.SessionEnded, "session.ended", "A session was ended, by sign-out or revocation; not sent when it ends by its age.", core.SessionEnded{UserID: ada.ID, SessionID: exampleSession().ID}, sessionEnded),
		s.allSessionsEnded(),
		on(s, &c.AttemptsLocked, "sign_in.locked", "Guesses at an account, or from a network, are to wait.", core.AttemptsLocked{Kind: "account", User: ada, IP: "203.0.113.7"}, attemptsLocked),
		on(s, &c.AccountLinked, "account.linked", "A way in was added: an identity at a provider, or a first password.", exampleAccount(), account),
		on(s, &c.PasswordSet, "account.linked", "", core.PasswordSet{Account: exampleAccount(), First: true}, firstPassword),
		on(s, &c.AccountUnlinked, "account.unlinked", "A way in was taken away.", exampleAccount(), account),
		on(s, &c.PasswordSet, "password.changed", "A password was replaced: by its owner, by a reset, by an administrator.", core.PasswordSet{Account: exampleAccount()}, s.passwordChanged),
	}
}

// Events lists what receivers can be told of, in the order of the documentation.
func (s *Service) Events() []Event {
	var all []Event
	for _, e := range s.sources {
		if !slices.ContainsFunc(all, func(seen Event) bool { return seen.Name == e.Name }) {
			all = append(all, e.Event)
		}
	}
	return all
}

func (s *Service) names() []string {
	var names []string
	for _, e := range s.Events() {
		names = append(names, e.Name)
	}
	return names
}

type userData struct {
	User    json.RawMessage `json:"user"`
	Changed []string        `json:"changed,omitempty"`
}

func (s *Service) user(_ context.Context, _ *store.Tx, u *core.User) (any, error) {
	return userData{User: core.UserJSON(u)}, nil
}

// userByID reads a user of whom an event has the id alone; tx is nil for an example.
func (s *Service) userByID(ctx context.Context, tx *store.Tx, id string) (any, error) {
	if tx == nil {
		return s.user(ctx, tx, exampleUser())
	}
	u, err := s.core.User(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return s.user(ctx, tx, u)
}

// userDeleted is silent of who lives on as another: user.linked tells of that, and no order
// is promised between the two.
func (s *Service) userDeleted(ctx context.Context, tx *store.Tx, id string) (any, error) {
	if core.Successor(ctx) != "" {
		return nil, nil
	}
	return s.userByID(ctx, tx, id)
}

type linkedData struct {
	Anonymous json.RawMessage `json:"anonymousUser"`
	User      json.RawMessage `json:"user"`
	Method    string          `json:"method"`
	Deleted   bool            `json:"anonymousUserDeleted"`
}

func userLinked(_ context.Context, _ *store.Tx, e *core.UserLinked) (any, error) {
	return linkedData{core.UserJSON(e.Anonymous), core.UserJSON(e.User), e.Method, !e.Kept}, nil
}

func exampleLinked() *core.UserLinked {
	u := *exampleUser()
	u.ID, u.Name, u.Email, u.EmailVerified = strings.Replace(u.ID, "0123", "cdef", 1), "Anonymous", "abcdefghijklmnopqrstuvwxyz012345@anonymous.placeholder.invalid", false
	return &core.UserLinked{Anonymous: &u, User: exampleUser(), Method: "email"}
}

// userUpdated names the fields that differ, by their names on the wire, so that fields which
// the operator declares are among them.
func userUpdated(_ context.Context, _ *store.Tx, e core.UserUpdated) (any, error) {
	var before, after map[string]json.RawMessage
	if err := json.Unmarshal(core.UserJSON(e.Before), &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(core.UserJSON(e.After), &after); err != nil {
		return nil, err
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if name != "updatedAt" && string(before[name]) != string(after[name]) {
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return userData{User: core.UserJSON(e.After), Changed: changed}, nil
}

// when tells of a user where something has become so.
func when(happened bool, u *core.User) (any, error) {
	if !happened {
		return nil, nil
	}
	return userData{User: core.UserJSON(u)}, nil
}

func emailVerified(_ context.Context, _ *store.Tx, e core.UserUpdated) (any, error) {
	newly := !e.Before.EmailVerified || e.Before.Email != e.After.Email
	return when(newly && e.After.EmailVerified, e.After)
}

func userBanned(_ context.Context, _ *store.Tx, e core.UserUpdated) (any, error) {
	return when(!e.Before.Banned && e.After.Banned, e.After)
}

func userUnbanned(_ context.Context, _ *store.Tx, e core.UserUpdated) (any, error) {
	return when(e.Before.Banned && !e.After.Banned, e.After)
}

type sessionData struct {
	Session any             `json:"session"`
	User    json.RawMessage `json:"user,omitempty"`
	Method  string          `json:"method,omitempty"`
	AMR     []string        `json:"amr,omitempty"`
	Reason  string          `json:"reason,omitempty"`
}

// sessionCreated leaves the token out: whoever has it is the person.
func sessionCreated(_ context.Context, _ *store.Tx, e core.SessionCreated) (any, error) {
	var session map[string]json.RawMessage
	if err := json.Unmarshal(core.SessionJSON(e.Session, ""), &session); err != nil {
		return nil, err
	}
	delete(session, "token")
	return sessionData{Session: session, User: core.UserJSON(e.User), Method: e.Method, AMR: e.Session.AMR}, nil
}

// sessionRef names a session that is gone.
type sessionRef struct {
	ID     string `json:"id"`
	UserID string `json:"userId"`
}

func sessionEnded(_ context.Context, _ *store.Tx, e core.SessionEnded) (any, error) {
	return sessionData{Session: sessionRef{e.SessionID, e.UserID}, Reason: "revoked"}, nil
}

// allSessionsEnded makes session.ended of each session that ends with all of a user's access.
func (s *Service) allSessionsEnded() source {
	return source{
		Event: Event{Name: "session.ended"},
		listen: func() {
			s.core.AccessEnded.On(func(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
				for _, id := range e.Sessions {
					if err := s.emit(ctx, tx, "session.ended", sessionData{Session: sessionRef{id, e.UserID}, Reason: e.Reason}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// accountData is a way in, without the tokens and the password that belong to it.
type accountData struct {
	Account struct {
		ID         string    `json:"id"`
		ProviderID string    `json:"providerId"`
		AccountID  string    `json:"accountId"`
		UserID     string    `json:"userId"`
		CreatedAt  time.Time `json:"createdAt"`
	} `json:"account"`
}

func account(_ context.Context, _ *store.Tx, a *core.Account) (any, error) {
	var d accountData
	d.Account.ID, d.Account.ProviderID, d.Account.AccountID, d.Account.UserID = a.ID, a.ProviderID, a.AccountID, a.UserID
	d.Account.CreatedAt = a.CreatedAt.UTC().Truncate(time.Millisecond)
	return d, nil
}

func firstPassword(ctx context.Context, tx *store.Tx, e core.PasswordSet) (any, error) {
	if !e.First {
		return nil, nil
	}
	return account(ctx, tx, e.Account)
}

func (s *Service) passwordChanged(ctx context.Context, tx *store.Tx, e core.PasswordSet) (any, error) {
	if e.First {
		return nil, nil
	}
	return s.userByID(ctx, tx, e.UserID)
}

func exampleAccount() *core.Account {
	u := exampleUser()
	return &core.Account{ID: strings.Replace(u.ID, "0123", "89ab", 1), ProviderID: "github", AccountID: "1815", UserID: u.ID, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt}
}

// exampleUser is who authd webhook test tells of. The address can be nobody's (RFC 2606).
func exampleUser() *core.User {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &core.User{
		ID: "01234567-89ab-7def-8123-456789abcdef", Name: "Ada Lovelace", Email: "ada@example.com", EmailVerified: true,
		CreatedAt: at, UpdatedAt: at, Role: "user",
	}
}

func exampleSession() *core.Session {
	u := exampleUser()
	return &core.Session{
		ID: strings.Replace(u.ID, "0123", "4567", 1), UserID: u.ID, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt,
		ExpiresAt: u.CreatedAt.Add(7 * 24 * time.Hour), IPAddress: "203.0.113.7", UserAgent: "Example/1.0", AMR: []string{"pwd"},
	}
}
