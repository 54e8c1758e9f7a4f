package breach

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// openFiles takes a file of all hashes in order, or a directory with a file for
// each range: what the downloader of Have I Been Pwned writes.
func openFiles(path string) (list, error) {
	at, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if at.IsDir() {
		d := directory(path)
		if _, err := d.open("00000"); err != nil {
			return nil, fmt.Errorf("%s has no file for the first range: %w", path, err)
		}
		return d, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &sorted{file: file, size: at.Size()}
	if first, _, err := s.line(0); err != nil || len(first) < 2*sha1Bytes {
		return nil, errors.Join(fmt.Errorf("%s is no list of SHA-1, one a line and in order", path), file.Close())
	}
	return s, nil
}

const sha1Bytes = 20

// directory has a file of SUFFIX:COUNT for every prefix.
type directory string

func (d directory) open(prefix string) ([]byte, error) {
	for _, name := range []string{prefix + ".txt", prefix} {
		lines, err := os.ReadFile(filepath.Join(string(d), name)) // prefix is five hexadecimal digits
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return lines, err
		}
	}
	return nil, os.ErrNotExist
}

func (d directory) known(_ context.Context, prefix, suffix string) (bool, error) {
	lines, err := d.open(prefix)
	if err != nil {
		return false, fmt.Errorf("read a range file: %w", hidePath(err))
	}
	return listed(lines, suffix), nil
}

// sorted is a file of HASH:COUNT in order, of any size: it is searched where it
// lies, and nothing of it is kept in memory.
type sorted struct {
	file io.ReaderAt
	size int64
}

func (s *sorted) known(_ context.Context, prefix, suffix string) (bool, error) {
	want := prefix + suffix
	low, high := int64(0), s.size // the line, if there is one, begins in [low, high)
	for low < high {
		line, start, err := s.line(low + (high-low)/2)
		if err != nil {
			return false, fmt.Errorf("read the list of breached passwords: %w", err)
		}
		name, _, _ := strings.Cut(line, ":")
		switch strings.Compare(strings.ToUpper(strings.TrimSpace(name)), want) {
		case 0:
			return true, nil
		case 1:
			high = start
		default:
			low = start + int64(len(line)) + 1
		}
	}
	return false, nil
}

// longestLine is more than HASH:COUNT ever has.
const longestLine = 128

// line reads the line in which the byte at stands, without its end, and where it begins.
func (s *sorted) line(at int64) (text string, start int64, err error) {
	from := max(0, at-longestLine)
	around := make([]byte, 2*longestLine)
	n, err := s.file.ReadAt(around, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	around = around[:n]
	middle := min(int(at-from), len(around))
	begin := bytes.LastIndexByte(around[:middle], '\n') + 1
	if begin == 0 && from > 0 {
		return "", 0, errors.New("a line is too long for a hash")
	}
	end := bytes.IndexByte(around[middle:], '\n')
	if end < 0 {
		end = len(around)
	} else {
		end += middle
	}
	return string(around[begin:end]), from + int64(begin), nil
}
