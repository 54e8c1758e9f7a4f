package store

import (
	"fmt"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// bind gives the statement its arguments: string, int, int64, bool, []byte, time.Time (kept
// as milliseconds), pointers to string, int64 and time.Time, and nil.
func (s *stmt) bind(args []any) error {
	if len(args) != s.nargs {
		return fmt.Errorf("%s: %d arguments for %d parameters", s.sql, len(args), s.nargs)
	}
	if err := s.reserve(args); err != nil {
		return err
	}
	used := 0
	for i, a := range s.args {
		var rc int32
		switch v := args[a].(type) {
		case string:
			rc, used = s.bindText(i, v, used)
		case *string:
			if v == nil {
				rc = s.bindNull(i)
				break
			}
			rc, used = s.bindText(i, *v, used)
		case []byte:
			rc, used = s.bindBlob(i, v, used)
		default:
			n, null, err := number(v)
			if err != nil {
				return fmt.Errorf("%s: argument $%d: %w", s.sql, a+1, err)
			}
			if rc = s.bindNumber(i, n, null); rc != sqlite3.SQLITE_OK {
				break
			}
		}
		if rc != sqlite3.SQLITE_OK {
			return s.c.failure(rc, s.sql)
		}
	}
	return nil
}

// number is an argument that is kept as an integer, or null.
func number(arg any) (n int64, null bool, err error) {
	switch v := arg.(type) {
	case nil:
		return 0, true, nil
	case int:
		return int64(v), false, nil
	case int64:
		return v, false, nil
	case bool:
		if v {
			return 1, false, nil
		}
		return 0, false, nil
	case time.Time:
		return v.UnixMilli(), false, nil
	case *int64:
		if v == nil {
			return 0, true, nil
		}
		return *v, false, nil
	case *time.Time:
		if v == nil {
			return 0, true, nil
		}
		return v.UnixMilli(), false, nil
	default:
		return 0, false, fmt.Errorf("the store does not take a %T", arg)
	}
}

// reserve makes the buffer large enough for every text and blob among args.
func (s *stmt) reserve(args []any) error {
	need := 1 // an empty text needs an address too: address 0 would be NULL
	for _, a := range s.args {
		switch v := args[a].(type) {
		case string:
			need += len(v)
		case *string:
			if v != nil {
				need += len(*v)
			}
		case []byte:
			need += len(v)
		}
	}
	if need <= s.bufSize {
		return nil
	}
	if s.buf != 0 {
		libc.Xfree(s.c.tls, s.buf)
	}
	size := max(256, need+need/2)
	s.bufSize, s.buf = size, libc.Xmalloc(s.c.tls, types.Size_t(size))
	if s.buf == 0 {
		s.bufSize = 0
		return fmt.Errorf("%s: out of memory for its arguments", s.sql)
	}
	return nil
}

func (s *stmt) bindText(i int, v string, used int) (int32, int) {
	p := s.buf + uintptr(used)
	copy(unsafe.Slice((*byte)(at(p)), len(v)), v)
	return sqlite3.Xsqlite3_bind_text(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0), used + len(v)
}

func (s *stmt) bindBlob(i int, v []byte, used int) (int32, int) {
	if v == nil {
		return s.bindNull(i), used
	}
	p := s.buf + uintptr(used)
	copy(unsafe.Slice((*byte)(at(p)), len(v)), v)
	return sqlite3.Xsqlite3_bind_blob(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0), used + len(v)
}

func (s *stmt) bindNumber(i int, n int64, null bool) int32 {
	if null {
		return s.bindNull(i)
	}
	return sqlite3.Xsqlite3_bind_int64(s.c.tls, s.p, int32(i+1), n)
}

func (s *stmt) bindNull(i int) int32 { return sqlite3.Xsqlite3_bind_null(s.c.tls, s.p, int32(i+1)) }
