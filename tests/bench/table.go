package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one row as printed; empty cells stay empty.
type line struct {
	what, target, measured string
	reached                string // "yes", "no", or nothing where there is no target
	cpu, rate, p50, p99    string
}

type table struct{ lines []line }

func (t *table) progress(what string) { fmt.Fprintln(os.Stderr, "bench:", what) }

func (t *table) add(l line) { t.lines = append(t.lines, l) }

// addMultiple adds a row whose measure is the multiple of the baseline's CPU time.
func (t *table) addMultiple(what string, limit float64, f figures) {
	l := line{what: what, measured: fmt.Sprintf("%.2f ×", f.multiple)}
	if limit > 0 {
		l.target, l.reached = fmt.Sprintf("≤ %g ×", limit), reached(f.multiple <= limit)
	}
	t.add(l.with(f))
}

func (l line) with(f figures) line {
	if f.cpu > 0 {
		l.cpu = fmt.Sprintf("%.1f", micros(f.cpu))
	}
	l.rate = fmt.Sprintf("%.0f", f.perSecond)
	if f.perSecond < 100 {
		l.rate = fmt.Sprintf("%.1f", f.perSecond)
	}
	l.p50, l.p99 = short(f.p50), short(f.p99)
	return l
}

// print writes the table in Markdown, with its columns aligned for a terminal.
func (t *table) print(w io.Writer) {
	cells := [][]string{{"what", "must reach", "measured", "reached", "CPU µs/op", "op/s", "p50", "p99"}}
	for _, l := range t.lines {
		cells = append(cells, []string{l.what, l.target, l.measured, l.reached, l.cpu, l.rate, l.p50, l.p99})
	}
	widths := make([]int, len(cells[0]))
	for _, r := range cells {
		for i, c := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, r := range cells {
		for i, c := range r {
			fmt.Fprintf(w, "| %s%s ", c, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}

func reached(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// short prints a duration with two to three digits, whatever its size.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.0f µs", micros(d))
	}
}
