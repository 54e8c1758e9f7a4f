package core

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Session is a signed-in browser or app.
type Session struct {
	ID        string
	UserID    string
	Token     string // in clear only for the caller's own session; "" for others
	ExpiresAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	IPAddress string
	UserAgent string
	Remember  bool     // false: ends with the browser, and never later than a day
	AMR       []string // how the person proved who they are (RFC 8176)
	Extra     Extra
}

// Fresh tells whether the sign-in is recent enough for what is sensitive.
func (s *Session) Fresh(now time.Time, age time.Duration) bool {
	return age == 0 || now.Sub(s.CreatedAt) < age
}

// handlePrefix begins a session's handle: no token begins so, for tokens have no underscore.
const handlePrefix = "session_"

// Handle stands for another session's token in lists: revoke-session takes it,
// nothing else does.
func (s *Session) Handle() string { return handlePrefix + s.ID }

// Auth is who makes a request: a session and its user.
type Auth struct {
	Session *Session
	User    *User
	Method  string // how somebody signed in just now, "" where they did before

	cookies []*api.Cookie // that go along with the session's
}

// Keep has the browser that gets the session keep a cookie beside it.
func (a *Auth) Keep(ck *api.Cookie) { a.cookies = append(a.cookies, ck) }

// shortSession is how long a session lives that is not to be remembered.
const shortSession = 24 * time.Hour

// parseList reads what formatList wrote. Lists of plain words, which all of authd's own are, are
// cut and not decoded: every request with a session reads one.
func parseList(s string) []string {
	if words, ok := strings.CutPrefix(s, `["`); ok && strings.HasSuffix(words, `"]`) && !strings.ContainsAny(words, "\\ \t\n") {
		return strings.Split(words[:len(words)-2], `","`)
	}
	var list []string
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

func formatList(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil { // a []string always marshals
		return "[]"
	}
	return string(b)
}

// newSession makes a session row inside tx.
func (c *Core) newSession(ctx context.Context, tx *store.Tx, s *SignIn) (*Session, error) {
	now := millis(c.Now(ctx))
	life := c.Config.Session.ExpiresIn
	if !s.Remember {
		life = shortSession
	}
	session := &Session{
		ID: NewID(), UserID: s.User.ID, Token: NewToken(32), ExpiresAt: now.Add(life), CreatedAt: now, UpdatedAt: now,
		IPAddress: s.IP, UserAgent: s.UserAgent, Remember: s.Remember, AMR: s.AMR,
		Extra: c.SessionFields.newExtra(s.Fields),
	}
	if !s.ProvenAt.IsZero() {
		session.CreatedAt = s.ProvenAt
	}
	return session, insertSession(ctx, tx, session)
}

// token is the session token of a request. One that was presented goes before the
// cookie's; the latter is "" without a cookie whose signature holds.
func (c *Core) token(r *api.Request) (token string, presented bool) {
	if c.Presented != nil {
		if token, _ := c.Presented(r); token != "" {
			return token, true
		}
	}
	return c.cookieToken(r), false
}

func (c *Core) cookieToken(r *api.Request) string {
	value, ok := r.Cookie(c.cookies.token)
	if !ok {
		return ""
	}
	return c.Unsign(value)
}

// Unsign returns the value of a signed cookie, "" when the signature does not hold.
func (c *Core) Unsign(wire string) string {
	text, err := url.PathUnescape(wire)
	if err != nil || len(text) < 46 || text[len(text)-45] != '.' {
		return ""
	}
	value, sig := text[:len(text)-45], text[len(text)-44:]
	if verifyBase64(c.signer, sig, value) || c.former != nil && verifyBase64(c.former, sig, value) {
		return value
	}
	return ""
}

// replaceFormer gives a browser whose cookie another server signed one of ours.
func (c *Core) replaceFormer(r *api.Request, s *Session) {
	value, _ := r.Cookie(c.cookies.token)
	text, err := url.PathUnescape(value)
	if err == nil && text != c.signed(s.Token) {
		c.setTokenCookie(r, s)
	}
}

// LimitKey names the session of a request for the rate limiter without asking
// the database: a token that we signed belongs to somebody who signed in. One
// without a signature names nobody: it may be new with every request.
func (c *Core) LimitKey(r *api.Request) string {
	if c.Presented != nil {
		if token, signed := c.Presented(r); signed {
			return token
		}
	}
	return c.cookieToken(r)
}

// Authenticate reads the caller's session from the database, refreshing it when
// it is due. It returns nil when there is none; a cookie whose session is gone
// is then cleared. The result is kept for the rest of the request.
func (c *Core) Authenticate(r *api.Request) (*Auth, error) {
	if a, ok := r.Auth.(*Auth); ok {
		return a, nil
	}
	token, presented := c.token(r)
	if token == "" {
		return nil, nil
	}
	a, err := c.authenticate(r, token, presented)
	if err == nil {
		r.Auth = a
	}
	return a, err
}

func (c *Core) authenticate(r *api.Request, token string, presented bool) (*Auth, error) {
	a, err := c.SessionOf(r, token)
	if err != nil {
		return nil, err
	}
	if a == nil {
		if !presented { // what was presented came from no cookie, and must cost nobody theirs
			c.ClearCookies(r)
		}
		return nil, nil
	}
	if c.former != nil && !presented {
		c.replaceFormer(r, a.Session)
	}
	if r.Query("disableRefresh") == "" {
		c.refresh(r, a)
	}
	return a, nil
}

// SessionOf is the session of a token that is shown; nil when there is none, it
// is over, or its person is banned.
func (c *Core) SessionOf(r *api.Request, token string) (*Auth, error) {
	a, err := c.findSession(r.Context(), c.DB, HashToken(token))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !a.Session.ExpiresAt.After(r.Now()) || a.User.BannedAt(r.Now()) {
		return nil, nil
	}
	a.Session.Token = token
	return a, nil
}

// findSession reads a session and its user. This is the hot path.
func (c *Core) findSession(ctx context.Context, q store.Querier, tokenHash string) (*Auth, error) {
	a, err := findSession(ctx, q, tokenHash, !c.UserFields.empty(), !c.SessionFields.empty())
	if err == nil {
		c.UserFields.attach(&a.User.Extra)
		c.SessionFields.attach(&a.Session.Extra)
	}
	return a, err
}

// refresh moves the end of a session that is used, once a day. A read that
// cannot write answers without it.
func (c *Core) refresh(r *api.Request, a *Auth) {
	cfg, s := c.Config.Session, a.Session
	if !s.Remember || r.Now().Before(s.ExpiresAt.Add(cfg.UpdateAge-cfg.ExpiresIn)) {
		return
	}
	moved := *s
	moved.UpdatedAt = millis(r.Now())
	moved.ExpiresAt = moved.UpdatedAt.Add(cfg.ExpiresIn)
	ctx := r.Context()
	if err := c.DB.Write(ctx, func(tx *store.Tx) error { return refreshSession(ctx, tx, &moved) }); err != nil {
		r.Log().Warn("session was not refreshed", "error", err)
		return
	}
	*s = moved
	c.tokenSent(r, a, c.setTokenCookie(r, s))
}

// EndSession ends one session of a user. It reports whether there was one.
func (c *Core) EndSession(ctx context.Context, tx *store.Tx, userID, sessionID string) (bool, error) {
	ended, err := deleteSession(ctx, tx, userID, sessionID)
	if err != nil || !ended {
		return false, err
	}
	return true, c.SessionEnded.Emit(ctx, tx, SessionEnded{userID, sessionID})
}

// EndSessions ends all sessions of a user but the one with the id except.
func (c *Core) EndSessions(ctx context.Context, tx *store.Tx, userID, except string) error {
	ended, err := deleteSessionsOf(ctx, tx, userID, except)
	if err != nil {
		return err
	}
	for _, id := range ended {
		if err := c.SessionEnded.Emit(ctx, tx, SessionEnded{userID, id}); err != nil {
			return err
		}
	}
	return nil
}

// UpdateSession gives fields of a session other values. It reports false when
// the session is gone.
func (c *Core) UpdateSession(ctx context.Context, tx *store.Tx, s *Session, values Values) (bool, error) {
	text, err := findSessionFields(ctx, tx, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	extra := Extra{text: text}
	c.SessionFields.attach(&extra)
	s.Extra, s.UpdatedAt = extra.With(values), millis(c.Now(ctx))
	return true, updateSessionFields(ctx, tx, s)
}

// SessionEnd is when a session ends by its age. Errors: store.ErrNotFound when it is gone.
func (c *Core) SessionEnd(ctx context.Context, q store.Querier, sessionID string) (time.Time, error) {
	return sessionEnd(ctx, q, sessionID)
}

// Sessions lists a user's sessions that still run.
func (c *Core) Sessions(ctx context.Context, q store.Querier, userID string) ([]*Session, error) {
	sessions, err := listSessions(ctx, q, userID, c.Now(ctx))
	for _, s := range sessions {
		c.SessionFields.attach(&s.Extra)
	}
	return sessions, err
}

// SessionByRef finds the session of a user that ref names: a handle, or the
// token itself. It returns "" when there is none of that user's.
func (c *Core) SessionByRef(ctx context.Context, q store.Querier, userID, ref string) (string, error) {
	if len(ref) > len(handlePrefix) && ref[:len(handlePrefix)] == handlePrefix {
		return ref[len(handlePrefix):], nil
	}
	a, err := findSession(ctx, q, HashToken(ref), false, false)
	if errors.Is(err, store.ErrNotFound) || err == nil && a.User.ID != userID {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.Session.ID, nil
}
