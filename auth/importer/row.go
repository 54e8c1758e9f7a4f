package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"authd/auth/internal/store"
)

// row is one row of a foreign table: values by the folded names of their columns.
type row struct {
	number int64 // from 1, in the order of reading
	names  []string
	index  map[string]int
	values []any
}

func newRow(columns []string) *row {
	r := &row{names: columns, index: make(map[string]int, len(columns))}
	for i, name := range columns {
		if _, twice := r.index[fold(name)]; !twice {
			r.index[fold(name)] = i
		}
	}
	return r
}

// value is nil for a column that is null or not there.
func (r *row) value(column string) any {
	i, ok := r.index[column]
	if !ok {
		return nil
	}
	return r.values[i]
}

// errValue says what is wrong with a value, without the value itself: it may be a secret.
func errValue(column, what string) error { return fmt.Errorf("%s %s", column, what) }

// text reads a value that is a text; a number is taken for its digits, for ids
// may be numbers. most is its length in bytes; "" is none.
func (r *row) text(column string, most int) (string, error) {
	var text string
	switch v := r.value(column).(type) {
	case nil:
		return "", nil
	case string:
		text = v
	case []byte:
		text = string(v)
	case json.Number:
		text = v.String()
	case int64:
		text = strconv.FormatInt(v, 10)
	case store.TooLong:
		return "", errValue(column, fmt.Sprintf("is too long: %d bytes", v.Bytes))
	default:
		return "", errValue(column, "is not a text")
	}
	if len(text) > most {
		return "", errValue(column, fmt.Sprintf("is too long: %d bytes, at most %d", len(text), most))
	}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return "", errValue(column, "has bytes that are no text")
	}
	return text, nil
}

// flag reads a boolean as any database writes it; null is false.
func (r *row) flag(column string) (bool, error) {
	switch v := r.value(column).(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case int64:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case json.Number:
		if v == "0" || v == "1" {
			return v == "1", nil
		}
	case string:
		switch strings.ToLower(v) {
		case "", "0", "f", "false":
			return false, nil
		case "1", "t", "true":
			return true, nil
		}
	}
	return false, errValue(column, "is neither true nor false")
}

// time reads a time as any database writes it; nil is none.
func (r *row) time(column string) (*time.Time, error) {
	var at time.Time
	var err error
	switch v := r.value(column).(type) {
	case nil:
		return nil, nil
	case int64:
		at = sinceEpoch(float64(v))
	case float64:
		at = sinceEpoch(v)
	case json.Number:
		var n float64
		n, err = v.Float64()
		at = sinceEpoch(n)
	case string:
		if v == "" {
			return nil, nil
		}
		at, err = parseTime(v)
	default:
		err = errTime
	}
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return nil, errValue(column, "is not a time")
	}
	at = at.UTC().Truncate(time.Millisecond)
	return &at, nil
}

var errTime = errors.New("not a time")

// sinceEpoch takes a number for milliseconds, or for seconds where it is too small
// for a time of this century in milliseconds.
func sinceEpoch(n float64) time.Time {
	switch {
	case math.IsNaN(n) || n < 0 || n > 253402300799999:
		return time.Time{}
	case n < 100_000_000_000:
		return time.UnixMilli(int64(n * 1000))
	default:
		return time.UnixMilli(int64(n))
	}
}

// parseTime reads what JavaScript, PostgreSQL, MySQL and SQLite write. A time
// without a zone is UTC: better-auth writes no other.
func parseTime(text string) (time.Time, error) {
	if len(text) > 40 {
		return time.Time{}, errTime
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return sinceEpoch(n), nil
	}
	text = strings.Replace(text, " ", "T", 1)
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999", "2006-01-02",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errTime
}

// list reads a list of texts: a JSON list, in a text or as it is, or a text with commas.
func (r *row) list(column string) ([]string, error) {
	switch v := r.value(column).(type) {
	case nil:
		return nil, nil
	case []any:
		return texts(column, v)
	case string:
		if strings.HasPrefix(strings.TrimSpace(v), "[") {
			var list []any
			if json.Unmarshal([]byte(v), &list) != nil {
				return nil, errValue(column, "is not a list")
			}
			return texts(column, list)
		}
		var list []string
		for one := range strings.SplitSeq(v, ",") {
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, one)
			}
		}
		return list, nil
	default:
		return nil, errValue(column, "is not a list")
	}
}

func texts(column string, values []any) ([]string, error) {
	list := make([]string, 0, len(values))
	for _, one := range values {
		text, ok := one.(string)
		if !ok {
			return nil, errValue(column, "is not a list of texts")
		}
		list = append(list, text)
	}
	return list, nil
}
