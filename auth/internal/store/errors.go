package store

import (
	"errors"
	"fmt"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrNotFound says that no row answers the query.
	ErrNotFound = errors.New("not found")

	// ErrUnavailable says that the database cannot do this now, through no fault of the query:
	// it is locked, read-only, full or damaged. Reason says which.
	ErrUnavailable = errors.New("the database is not available")

	// ErrClosed says that the DB was closed.
	ErrClosed = fmt.Errorf("%w: closed", ErrUnavailable)
)

// sqliteError is a result code of SQLite with its text and the statement that got it.
type sqliteError struct {
	code    int
	message string
	tried   string
}

func (e *sqliteError) Error() string { return e.tried + ": " + e.message }

// unavailableError marks an error as ErrUnavailable and keeps the short reason.
type unavailableError struct {
	reason string
	err    error
}

func (e *unavailableError) Error() string        { return e.reason + ": " + e.err.Error() }
func (e *unavailableError) Unwrap() error        { return e.err }
func (e *unavailableError) Is(target error) bool { return target == ErrUnavailable }

func classify(e *sqliteError) error {
	reason := ""
	switch e.code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		reason = "locked"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		reason = "read-only"
	case sqlite3.SQLITE_FULL:
		reason = "disk full"
	case sqlite3.SQLITE_IOERR:
		reason = "input/output error"
	case sqlite3.SQLITE_CORRUPT:
		reason = "damaged file"
	case sqlite3.SQLITE_NOTADB:
		reason = "not a database"
	case sqlite3.SQLITE_CANTOPEN:
		reason = "cannot open"
	case sqlite3.SQLITE_NOMEM:
		reason = "out of memory"
	default:
		return e
	}
	return &unavailableError{reason: reason, err: e}
}

// Reason says in two or three words why the database is not available ("disk full", "locked",
// "read-only", …); empty when err is not ErrUnavailable.
func Reason(err error) string {
	var u *unavailableError
	if errors.As(err, &u) {
		return u.reason
	}
	if errors.Is(err, ErrUnavailable) {
		return "closed"
	}
	return ""
}

// IsUnique says whether err is the refusal of a second row with the same value in column,
// written "table.column"; any column of a unique index over several stands for it.
func IsUnique(err error, column string) bool {
	var e *sqliteError
	if !errors.As(err, &e) {
		return false
	}
	if e.code != sqlite3.SQLITE_CONSTRAINT_UNIQUE && e.code != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return false
	}
	_, list, _ := strings.Cut(e.message, ": ")
	for name := range strings.SplitSeq(list, ", ") {
		if name == column {
			return true
		}
	}
	return false
}

// locked says whether err is that another holds a lock.
func locked(err error) bool {
	var e *sqliteError
	return errors.As(err, &e) && e.code&0xff == sqlite3.SQLITE_BUSY
}

// spoils says whether a connection that got err should be opened anew: what it remembers of
// the file may no longer be so.
func spoils(err error) bool {
	var e *sqliteError
	if !errors.As(err, &e) {
		return false
	}
	switch e.code & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_MISUSE:
		return true
	}
	return false
}
