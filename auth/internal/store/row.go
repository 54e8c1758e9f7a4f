package store

import (
	"fmt"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// Row reads the columns of one row, one getter a column, in the order of the SELECT. A getter
// that does not fit its column gives the zero value and makes the whole query fail, so that a
// scan function needs no error handling of its own. A Row is good only inside the scan function.
type Row struct {
	s    *stmt
	next int
	err  error
}

// Text reads a TEXT column that is not null.
func (r *Row) Text() string {
	i := r.column(sqlite3.SQLITE_TEXT, "text")
	if i < 0 {
		return ""
	}
	return r.s.columnText(i)
}

// Int reads a BIGINT column that is not null.
func (r *Row) Int() int64 {
	i := r.column(sqlite3.SQLITE_INTEGER, "an integer")
	if i < 0 {
		return 0
	}
	return r.s.columnInt(i)
}

// Bool reads a BOOLEAN column that is not null.
func (r *Row) Bool() bool { return r.Int() != 0 }

// Time reads a BIGINT column of milliseconds that is not null. The time is in UTC.
func (r *Row) Time() time.Time {
	i := r.column(sqlite3.SQLITE_INTEGER, "a time")
	if i < 0 {
		return time.Time{}
	}
	return time.UnixMilli(r.s.columnInt(i)).UTC()
}

// Bytes reads a text or blob column; nil when it is null.
func (r *Row) Bytes() []byte {
	i := r.advance()
	if i < 0 || r.s.columnType(i) == sqlite3.SQLITE_NULL {
		return nil
	}
	return append([]byte{}, r.s.columnBytes(i)...)
}

// Object reads a TEXT column that is an object of JSON: "" when that is empty, which most are
// and which costs no text.
func (r *Row) Object() string {
	i := r.column(sqlite3.SQLITE_TEXT, "text")
	if i < 0 {
		return ""
	}
	if text := r.s.columnBytes(i); string(text) != "{}" {
		return string(text)
	}
	return ""
}

// NullText reads a TEXT column; nil when it is null.
func (r *Row) NullText() *string {
	if r.null() {
		return nil
	}
	v := r.Text()
	return &v
}

// NullInt reads a BIGINT column; nil when it is null.
func (r *Row) NullInt() *int64 {
	if r.null() {
		return nil
	}
	v := r.Int()
	return &v
}

// NullTime reads a BIGINT column of milliseconds; nil when it is null.
func (r *Row) NullTime() *time.Time {
	if r.null() {
		return nil
	}
	v := r.Time()
	return &v
}

// null says whether the next column is null, and goes past it if so.
func (r *Row) null() bool {
	if r.next >= r.s.columns || r.s.columnType(r.next) != sqlite3.SQLITE_NULL {
		return false
	}
	r.next++
	return true
}

// column goes to the next column and checks its kind; -1 when the row has failed.
func (r *Row) column(kind int32, name string) int {
	i := r.advance()
	if i < 0 || r.s.columnType(i) == kind {
		return i
	}
	if r.err == nil {
		r.err = fmt.Errorf("%s: column %d is not %s", r.s.sql, i+1, name)
	}
	return -1
}

func (r *Row) advance() int {
	if r.next >= r.s.columns {
		if r.err == nil {
			r.err = fmt.Errorf("%s: read more than its %d columns", r.s.sql, r.s.columns)
		}
		return -1
	}
	r.next++
	return r.next - 1
}
