package importer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Bounds of what is kept of a user. Ids are kept as they are, for the databases
// of apps name them.
const (
	maxID    = 255
	maxName  = 1000
	maxImage = 64 << 10
	maxText  = 4000
)

var rolePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$`)

// userOf reads a user. What is only odd is left out and noted by note.
func userOf(r *row, note func(string)) (*core.User, error) {
	u := &core.User{}
	var image, reason string
	var created, updated *time.Time
	err := errors.Join(
		into(&u.ID)(r.text("id", maxID)), into(&u.Email)(r.text("email", maxText)), into(&u.Name)(r.text("name", maxName)),
		into(&u.EmailVerified)(verified(r)), into(&u.Role)(r.text("role", maxText)), into(&u.Banned)(r.flag("banned")),
		into(&reason)(r.text("banreason", maxText)), into(&u.BanExpires)(r.time("banexpires")),
		into(&created)(r.time("createdat")), into(&updated)(r.time("updatedat")),
	)
	if err != nil {
		return u, err
	}
	u.Email = core.NormalizeEmail(u.Email)
	switch {
	case u.ID == "" || strings.TrimSpace(u.ID) != u.ID || strings.ContainsFunc(u.ID, isControl):
		return u, errors.New("id is missing, or has spaces around it")
	case u.Email == "":
		return u, errors.New("there is no e-mail address")
	case !api.ValidEmail(u.Email):
		return u, errors.New("the e-mail address is none that authd takes")
	}
	if image, err = r.text("image", maxImage); err != nil {
		note("pictures are left out: longer than 64 kB")
	} else if image != "" {
		u.Image = &image
	}
	if u.Role = strings.ReplaceAll(u.Role, ", ", ","); u.Role != "" && !rolePattern.MatchString(u.Role) {
		note("roles are left out: not only letters, digits, - and _")
		u.Role = ""
	}
	if u.Banned && reason != "" {
		u.BanReason = &reason
	}
	if !u.Banned {
		u.BanExpires = nil
	}
	u.CreatedAt, u.UpdatedAt = times(created, updated)
	return u, nil
}

// verified also takes the time of proof that older schemas keep.
func verified(r *row) (bool, error) {
	flag, err := r.flag("emailverified")
	if err == nil {
		return flag, nil
	}
	if at, timeErr := r.time("emailverified"); timeErr == nil {
		return at != nil, nil
	}
	return false, err
}

// times fills in what a row does not tell.
func times(created, updated *time.Time) (time.Time, time.Time) {
	switch {
	case created == nil && updated == nil:
		return time.UnixMilli(0).UTC(), time.UnixMilli(0).UTC()
	case created == nil:
		return *updated, *updated
	case updated == nil:
		return *created, *created
	}
	return *created, *updated
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// into puts a value where it belongs and passes its error on.
func into[T any](dst *T) func(T, error) error {
	return func(value T, err error) error {
		*dst = value
		return err
	}
}

// judgeUser decides about a user, and remembers it for the rows that belong to them.
func (r *run) judgeUser(ctx context.Context, row *row) (bool, error) {
	t := r.report.table("user")
	t.Rows++
	u, err := userOf(row, r.note)
	if err != nil {
		return r.refuse(row, u, err.Error(), "correct the row, or leave it out with --skip-problems"), nil
	}
	if _, twice := r.people[digestOf(u.ID)]; twice {
		return r.refuse(row, u, "the id stands in the file twice", "correct the row, or leave it out with --skip-problems"), nil
	}
	if r.here {
		switch present, what, err := r.meets(ctx, u); {
		case err != nil:
			return false, err
		case what != "":
			return r.refuse(row, u, what, "delete one of the two (authd user delete ID) or change its address, or leave this one out with --skip-problems"), nil
		case present:
			t.Present++
			r.people[digestOf(u.ID)] = isPresent
			return false, nil
		}
	}
	if _, twice := r.emails[digestOf(u.Email)]; twice {
		return r.refuse(row, u, "the e-mail address stands in the file twice, in whatever case", "change one of the two, or leave this one out with --skip-problems"), nil
	}
	if factor, _ := row.flag(columnFactor); factor && !r.o.DropFactors {
		if what, do := r.lacks(u); what != "" {
			return r.refuse(row, u, what, do), nil
		}
	}
	if _, tooLarge := r.fieldsOf(row, r.note); tooLarge != nil {
		return r.refuse(row, u, "the additional fields are larger than authd keeps", "leave it out with --skip-problems"), nil //nolint:nilerr // told as a problem
	}
	r.noteColumns(row)
	r.emails[digestOf(u.Email)] = struct{}{}
	r.people[digestOf(u.ID)] = isNew
	t.Add++
	return true, nil
}

// refuse makes a problem of a user, and of nobody else with their id.
func (r *run) refuse(row *row, u *core.User, what, do string) bool {
	if _, known := r.people[digestOf(u.ID)]; !known {
		r.people[digestOf(u.ID)] = isRefused
	}
	r.report.problem(Problem{Table: "user", Row: row.number, ID: u.ID, Email: u.Email, What: what, Do: do})
	return false
}

// meets tells whether a user is here already, or who is in their place. The id
// alone does not tell: in two databases with ids that count up, 1 is not the same person.
func (r *run) meets(ctx context.Context, u *core.User) (present bool, what string, err error) {
	c := r.core
	old, err := c.User(ctx, c.DB, u.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return false, "", err
	case old.Email == u.Email || old.CreatedAt.Equal(u.CreatedAt):
		return true, "", nil
	default:
		return false, fmt.Sprintf("the id belongs to somebody else here, %s", old.Email), nil
	}
	old, err = c.UserByEmail(ctx, c.DB, u.Email)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, "", nil
	case err != nil:
		return false, "", err
	}
	return false, fmt.Sprintf("the e-mail address belongs to a user here with another id, %s", old.ID), nil
}

func (r *run) writeUser(ctx context.Context, tx *store.Tx, row *row) error {
	u, err := userOf(row, func(string) {})
	if err != nil {
		return err
	}
	values, err := r.fieldsOf(row, func(string) {})
	if err != nil {
		return err
	}
	return r.core.AdoptUser(ctx, tx, u, values)
}
