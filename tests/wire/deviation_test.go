package wire

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// deviation is something that authd answers differently on purpose.
type deviation struct {
	ID         string
	BetterAuth string // what better-auth 1.7.7 does
	Authd      string // what authd does
	Why        string
	Recordings []int // whose expectation it changes; none: any
	Change     func(r recording, want exchange) exchange
}

// asAuthdAnswers turns a recorded answer into the one that authd is to give. One
// deviation can be left out, to see whether it is needed.
func asAuthdAnswers(r recording, want exchange, leftOut string) exchange {
	want.Header = maps.Clone(want.Header)
	for _, d := range deviations() {
		if d.Change != nil && d.ID != leftOut && (len(d.Recordings) == 0 || slices.Contains(d.Recordings, r.Index)) {
			want = d.Change(r, want)
		}
	}
	return want
}

// stale are the deviations that name a recording which authd answers as better-auth does.
func stale(c *comparison, r recording, want, got exchange) []string {
	var found []string
	for _, d := range deviations() {
		if !slices.Contains(d.Recordings, r.Index) {
			continue
		}
		if try := c.clone(); len(try.differences(asAuthdAnswers(r, want, d.ID), got)) == 0 {
			found = append(found, "the deviation "+d.ID+" is not needed")
		}
	}
	return found
}

// deviations is THE list; docs/compatibility.md is made from it.
func deviations() []deviation {
	return slices.Concat(sessionDeviations(), passkeyDeviations(), twoFactorDeviations(), socialDeviations(), accountDeviations(), accessDeviations(), guardDeviations(), mailDeviations(), upstreamDeviations(), oauthDeviations(), clientDeviations(), usernameDeviations(), anonymousDeviations(), phoneDeviations())
}

// refused makes an expectation of an error of which the kind counts, and not the words:
// status and code, or OAuth error.
func refused(status int, code string) func(recording, exchange) exchange {
	return func(_ recording, want exchange) exchange {
		return exchange{Status: status, Header: map[string]any{"Content-Type": "application/json", "Cache-Control": want.Header["Cache-Control"]}, Body: errorCode(code)}.withoutEmpty()
	}
}

func (e exchange) withoutEmpty() exchange {
	for name, value := range e.Header {
		if value == nil {
			delete(e.Header, name)
		}
	}
	return e
}

// inOtherWords leaves the text of an OAuth error open.
func inOtherWords(_ recording, want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		if key == "error_description" {
			return someText
		}
		return value
	})
}

const compatibility = "docs/compatibility.md"

// TestCompatibilityPage: the page for people says what the list says.
func TestCompatibilityPage(t *testing.T) {
	t.Parallel()
	file := "../../" + compatibility
	page := compatibilityPage()
	if *update {
		if err := os.MkdirAll("../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != page {
		t.Errorf("%s is not what the list of deviations makes: go test ./tests/wire -run Compatibility -update", compatibility)
	}
}

func compatibilityPage() string {
	var b strings.Builder
	b.WriteString(`# Compatibility with better-auth

authd answers as better-auth 1.7.7 does: paths, fields, codes, statuses, cookies and the order of checks.
Recorded answers of better-auth are replayed against it in ` + "`tests/wire`" + `. What differs differs on purpose, and stands here.

This page is made from the list that those tests use; edit ` + "`tests/wire/deviation*_test.go`" + ` and run
` + "`go test ./tests/wire -run Compatibility -update`" + `.

| what | better-auth | authd | why |
|---|---|---|---|
`)
	cell := strings.NewReplacer("|", "\\|", "\n", " ").Replace
	for _, d := range deviations() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.ID, cell(d.BetterAuth), cell(d.Authd), cell(d.Why))
	}
	b.WriteString("\nParts of better-auth that authd does not have yet: ")
	var waiting []string
	for _, c := range capabilities() {
		if !c.Built {
			waiting = append(waiting, strings.ReplaceAll(c.Name, "_", " "))
		}
	}
	b.WriteString(strings.Join(waiting, ", ") + ".\nTheir endpoints answer 404, and what they add to other answers is left out.\n")
	return b.String()
}
