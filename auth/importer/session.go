package importer

import (
	"context"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// A session's token must be one that nobody guesses: better-auth makes 32 letters.
const (
	minSessionToken = 24
	maxSessionToken = 200
)

// day is how long a session of better-auth's lives that is not to be remembered.
const day = 24 * time.Hour

func sessionOf(r *row) (*core.Session, error) {
	s := &core.Session{Remember: true}
	var created, updated, expires *time.Time
	err := errors.Join(
		into(&s.ID)(r.text("id", maxID)), into(&s.UserID)(r.text("userid", maxID)), into(&s.Token)(r.text("token", maxSessionToken)),
		into(&s.IPAddress)(r.text("ipaddress", maxID)), into(&expires)(r.time("expiresat")),
		into(&created)(r.time("createdat")), into(&updated)(r.time("updatedat")),
	)
	switch {
	case err != nil:
		return s, err
	case s.ID == "" || len(s.Token) < minSessionToken || strings.Contains(s.Token, "_") || expires == nil:
		return s, errors.New("id, token or expiresAt is missing, or no such as better-auth makes")
	}
	if s.UserAgent, err = r.text("useragent", maxText); err != nil {
		s.UserAgent = ""
	}
	s.ExpiresAt = *expires
	s.CreatedAt, s.UpdatedAt = times(created, updated)
	if s.ExpiresAt.Sub(s.UpdatedAt) <= day {
		s.Remember = false
	}
	return s, nil
}

// judgeSession takes the sessions of people who are new here. One that somebody
// ended here must not come back.
func (r *run) judgeSession(ctx context.Context, row *row) (bool, error) {
	t := r.report.table("session")
	t.Rows++
	s, err := sessionOf(row)
	switch fate := r.people[digestOf(s.UserID)]; {
	case !r.o.Sessions:
		t.leaveOut("without --sessions people sign in once more")
	case err != nil:
		t.leaveOut("sessions that are not as better-auth makes them")
	case fate == isPresent:
		t.Present++
	case fate == isRefused:
		t.leaveOut("of people who are left out")
	case fate != isNew:
		t.leaveOut("of nobody in the file")
	case !s.ExpiresAt.After(r.core.Now(ctx)):
		t.leaveOut("sessions that are over")
	case row.value("impersonatedby") != nil && row.value("impersonatedby") != "":
		t.leaveOut("sessions of administrators in another's name")
	default:
		return r.takeSession(ctx, t, s)
	}
	return false, nil
}

func (r *run) takeSession(ctx context.Context, t *Table, s *core.Session) (bool, error) {
	if r.twice("session id", s.ID) || r.twice("session token", s.Token) {
		t.leaveOut("second rows of the same session")
		return false, nil
	}
	here, err := r.core.SessionExists(ctx, r.core.DB, s.ID, s.Token)
	if err != nil {
		return false, err
	}
	if here {
		t.Present++
		return false, nil
	}
	t.Add++
	return true, nil
}

func (r *run) writeSession(ctx context.Context, tx *store.Tx, row *row) error {
	s, err := sessionOf(row)
	if err != nil {
		return err
	}
	return r.core.AdoptSession(ctx, tx, s)
}
