package importer

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"authd/auth/internal/store"
)

// openPostgres copies each table that is read into a file of its own, which nobody
// else can open and which is gone when the import ends: rows are read more than
// once, and nothing that writes may wait for another server.
func openPostgres(ctx context.Context, url string) (*Source, error) {
	f, err := store.OpenForeignPostgres(ctx, url)
	if err != nil {
		return nil, err
	}
	copies := map[string]*tableCopy{}
	s := &Source{
		Path: f.Name(), Format: "postgres", tables: map[string]string{}, counts: map[string]int64{},
		close: func() error { return errors.Join(closeCopies(copies), f.Close()) },
	}
	s.each = func(ctx context.Context, table string, fn func(*row) error) error {
		if copies[table] == nil {
			c, err := copyTable(ctx, f, table)
			if err != nil {
				return err
			}
			copies[table] = c
		}
		return copies[table].each(ctx, fn)
	}
	names, err := f.Tables(ctx)
	for i := 0; err == nil && i < len(names); i++ {
		var n int64
		if n, err = f.Count(ctx, names[i]); err == nil {
			s.addTable(names[i], n)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// tableCopy is the rows of one table in a file: each value its length plus one, 0
// for null, and its bytes.
type tableCopy struct {
	file  *os.File
	names []string
	rows  int64
}

// longCopied marks a value that is not copied, for it is longer than any may be.
const longCopied = maxValue + 2

func copyTable(ctx context.Context, f *store.ForeignPostgres, table string) (*tableCopy, error) {
	file, err := os.CreateTemp("", "authd-import-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // where the system allows: then nothing is left even after a crash
	c := &tableCopy{file: file}
	out := bufio.NewWriterSize(file, 64<<10)
	err = f.Each(ctx, table, func(names []string, values [][]byte) error {
		if c.rows == 0 {
			c.names = append(c.names, names...)
		}
		c.rows++
		for _, value := range values {
			if err := writeValue(out, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func writeValue(out *bufio.Writer, value []byte) error {
	switch {
	case value == nil:
		return out.WriteByte(0)
	case len(value) > maxValue:
		_, err := out.Write(binary.AppendUvarint(binary.AppendUvarint(nil, longCopied), uint64(len(value))))
		return err
	}
	_, err := out.Write(binary.AppendUvarint(nil, uint64(len(value))+1))
	if err == nil {
		_, err = out.Write(value)
	}
	return err
}

func readValue(in *bufio.Reader) (any, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil || n == 0 {
		return nil, err
	}
	if n == longCopied {
		long, err := binary.ReadUvarint(in)
		return store.TooLong{Bytes: int64(long)}, err
	}
	text := make([]byte, n-1)
	_, err = io.ReadFull(in, text)
	return string(text), err
}

func (c *tableCopy) each(ctx context.Context, fn func(*row) error) error {
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReaderSize(c.file, 64<<10)
	r := newRow(c.names)
	r.values = make([]any, len(c.names))
	for r.number < c.rows {
		if r.number%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r.number++
		for i := range r.values {
			var err error
			if r.values[i], err = readValue(in); err != nil {
				return fmt.Errorf("read the copy of a table again: %w", err)
			}
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (c *tableCopy) close() error {
	err := c.file.Close()
	if removed := os.Remove(c.file.Name()); removed != nil && !errors.Is(removed, os.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

func closeCopies(copies map[string]*tableCopy) error {
	var failed error
	for _, c := range copies {
		failed = errors.Join(failed, c.close())
	}
	return failed
}
