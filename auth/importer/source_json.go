package importer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"authd/auth/internal/store"
)

// maxRow bounds one row of an export.
const maxRow = 8 << 20

// exported is one line of an export: a row and the table it is from.
type exported struct {
	Table string          `json:"table"`
	Row   json.RawMessage `json:"row"`
}

// openJSON opens an export: one row a line, {"table":"user","row":{…}}, or one
// object of all, {"user":[{…},…],…}. The file is read once to count, and again
// for each table.
func openJSON(ctx context.Context, path string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &Source{Path: path, Format: "json", tables: map[string]string{}, counts: map[string]int64{}, close: f.Close}
	read, err := exportForm(f)
	if err == nil {
		err = read(ctx, f, "", func(table string, _ int64, _ json.RawMessage) error {
			s.counts[table]++
			return nil
		})
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	counts := s.counts
	s.counts = map[string]int64{}
	for _, name := range sortedKeys(counts) {
		s.addTable(name, counts[name])
	}
	s.each = func(ctx context.Context, table string, fn func(*row) error) error {
		number := int64(0)
		return read(ctx, f, table, func(_ string, at int64, raw json.RawMessage) error {
			number++
			r, err := jsonRow(raw)
			if err != nil {
				return fmt.Errorf("%s: row %d (at byte %d): %w", path, number, at, err)
			}
			r.number = number
			return fn(r)
		})
	}
	return s, nil
}

func sortedKeys(counts map[string]int64) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// reader hands over every row of a table, of all tables when table is "".
type reader func(ctx context.Context, f *os.File, table string, fn func(table string, at int64, row json.RawMessage) error) error

var errForm = errors.New(`neither a SQLite database nor an export; an export has lines {"table":"user","row":{…}}, or is one object {"user":[{…}]}`)

// exportForm looks at how the file begins.
func exportForm(f *os.File) (reader, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(io.LimitReader(f, maxRow))
	for i, want := range []func(json.Token) bool{isDelim('{'), isText, nil} {
		token, err := decoder.Token()
		switch {
		case err != nil, want != nil && !want(token):
			return nil, errForm
		case i == 2 && token == json.Delim('['):
			return readObject, nil
		}
	}
	return readLines, nil
}

func isDelim(d json.Delim) func(json.Token) bool {
	return func(token json.Token) bool { return token == d }
}

func isText(token json.Token) bool {
	_, ok := token.(string)
	return ok
}

func readLines(ctx context.Context, f *os.File, table string, fn func(string, int64, json.RawMessage) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxRow)
	at := int64(0)
	for number := 1; lines.Scan(); number++ {
		if number%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) > 0 {
			var one exported
			if err := json.Unmarshal(line, &one); err != nil || one.Table == "" || len(one.Row) == 0 {
				return fmt.Errorf(`line %d is not {"table":"…","row":{…}}`, number)
			}
			if table == "" || one.Table == table {
				if err := fn(one.Table, at, one.Row); err != nil {
					return err
				}
			}
		}
		at += int64(len(lines.Bytes())) + 1
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a row is longer than %d bytes", maxRow)
	}
	return lines.Err()
}

func readObject(ctx context.Context, f *os.File, table string, fn func(string, int64, json.RawMessage) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	decoder := json.NewDecoder(bufio.NewReaderSize(f, 64<<10))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		text, _ := name.(string) // a key always is one
		err = readList(ctx, decoder, text, func(at int64, raw json.RawMessage) error {
			if table != "" && text != table {
				return nil
			}
			return fn(text, at, raw)
		})
		if err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// readList reads the rows of one table; null is none.
func readList(ctx context.Context, decoder *json.Decoder, table string, fn func(at int64, raw json.RawMessage) error) error {
	switch open, err := decoder.Token(); {
	case err != nil:
		return err
	case open == nil:
		return nil
	case open != json.Delim('['):
		return fmt.Errorf("%s is not a list of rows", table)
	}
	for n := 0; decoder.More(); n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at := decoder.InputOffset()
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return fmt.Errorf("at byte %d: %w", at, err)
		}
		if err := fn(at, raw); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// jsonRow reads one row; numbers keep their digits.
func jsonRow(raw json.RawMessage) (*row, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, errors.New("a row must be an object")
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	r := newRow(names)
	r.values = make([]any, len(names))
	for i, name := range names {
		r.values[i] = fields[name]
		if text, ok := fields[name].(string); ok && len(text) > maxValue {
			r.values[i] = store.TooLong{Bytes: int64(len(text))}
		}
	}
	return r, nil
}
