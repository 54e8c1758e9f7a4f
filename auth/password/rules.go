package password

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"authd/auth/internal/core"
)

// rules are what a new password must not be. There are none of composition: they
// make passwords worse (NIST SP 800-63B section 5.1.1.2).
type rules struct {
	server []string // the words that this server goes by
	list   map[string]struct{}
}

// newRules takes the configured rules. A list that cannot be read stops the start.
func newRules(c *core.Core) (*rules, error) {
	cfg := c.Config.PasswordRules
	r := &rules{}
	if cfg.RefusePersonal {
		r.server = append(wordsOf(hostOf(c.Config.URL)), "authd")
	}
	if cfg.ListFile == "" {
		return r, nil
	}
	file, err := os.Open(cfg.ListFile)
	if err != nil {
		return nil, fmt.Errorf("password_rules.list_file: %w", err)
	}
	defer file.Close()
	r.list = map[string]struct{}{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if line := strings.TrimRight(lines.Text(), "\r"); line != "" {
			r.list[strings.ToLower(line)] = struct{}{}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("password_rules.list_file: %w", err)
	}
	return r, nil
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// check refuses a password that is guessed first by whoever knows the person.
// Errors: core.ErrTooPersonal, core.ErrPasswordList.
func (r *rules) check(_ context.Context, p *core.NewPassword) error {
	low := strings.ToLower(p.Text)
	if _, listed := r.list[low]; listed {
		return core.ErrPasswordList
	}
	if r.server != nil && personal(low, slices.Concat(r.server, wordsOf(p.Email), wordsOf(p.Name))) {
		return core.ErrTooPersonal
	}
	return nil
}

const (
	// shortestWord: shorter ones stand in every other word.
	shortestWord = 3
	// enoughBeside is how many letters and digits of its own a password needs
	// beside the words that everybody knows.
	enoughBeside = 6
)

// wordsOf are the words of a name or an address, and what they make together,
// the longest first.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return len([]rune(w)) < shortestWord })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// personal tells whether little is left of a password without the words. A word
// may stand in a password that has enough beside it.
func personal(low string, words []string) bool {
	rest := low
	for _, w := range words {
		rest = strings.ReplaceAll(rest, w, "\n")
	}
	own := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			own++
		}
	}
	return rest != low && own < enoughBeside
}
