package durability

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"authd/tests/authdtest"
)

// tokens are what an answer of the token endpoint gave.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func tokensOf(what string, a authdtest.Response) (tokens, error) {
	var got tokens
	if a.Status != 200 || json.Unmarshal(a.Body, &got) != nil || got.Access == "" || got.Refresh == "" {
		return got, &refusal{fmt.Sprintf("%s: %d %s", what, a.Status, a.Body)}
	}
	return got, nil
}

// family is a client that refreshes its token over and over.
type family struct {
	party
	last tokens // the last that it was answered
}

func (f *family) begin(t *testing.T) {
	t.Helper()
	code, err := f.code()
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.exchange(code)
	if err != nil {
		t.Fatal(err)
	}
	if f.last, err = tokensOf("exchange", a); err != nil {
		t.Fatal(err)
	}
}

func (f *family) refresh() error {
	a, err := f.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {f.last.Refresh}})
	if err != nil {
		return err
	}
	next, err := tokensOf("refresh", a)
	if err == nil {
		f.last = next
	}
	return err
}

// work refreshes until the server is gone.
func (f *family) work(count func()) error {
	for {
		if err := f.refresh(); err != nil {
			return err
		}
		count()
	}
}

// check: the access token of the last answer is good, and so is its refresh token: whether the
// refresh that was not answered happened or not, the client can go on.
func (f *family) check(t *testing.T) {
	t.Helper()
	if a, err := f.userinfo(f.last.Access); err != nil || a.Status != 200 {
		t.Errorf("an answered access token is lost: %d %s %v", a.Status, a.Body, err)
	}
	for range 2 {
		if err := f.refresh(); err != nil {
			t.Errorf("an answered refresh token is lost: %v", err)
		}
	}
}

// exchanger is a client that exchanges one code after the other.
type exchanger struct {
	party
	done    []done // the exchanges that were answered
	pending string // the code of one that was not
}

type done struct {
	code string
	tokens
}

// work exchanges codes until the server is gone.
func (e *exchanger) work(count func()) error {
	for {
		code, err := e.code()
		if err != nil {
			return err
		}
		e.pending = code
		a, err := e.exchange(code)
		if err != nil {
			return err
		}
		got, err := tokensOf("exchange", a)
		if err != nil {
			return err
		}
		e.done, e.pending = append(e.done, done{code, got}), ""
		count()
	}
}

// check: what was answered is good, no code is taken twice, and one whose answer was lost was
// used up or not.
func (e *exchanger) check(t *testing.T) {
	t.Helper()
	for i, d := range e.done {
		if a, err := e.userinfo(d.Access); err != nil || a.Status != 200 {
			t.Errorf("an answered access token is lost: %d %s %v", a.Status, a.Body, err)
		}
		if i%2 == 0 { // the others are refreshed
			e.refused(t, d.code)
			continue
		}
		a, err := e.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {d.Refresh}})
		if err == nil {
			_, err = tokensOf("refresh", a)
		}
		if err != nil {
			t.Errorf("an answered refresh token is lost: %v", err)
		}
	}
	if e.pending == "" {
		return
	}
	a, err := e.exchange(e.pending)
	if err != nil || a.Status != 200 && a.Status != 400 {
		t.Errorf("a code whose answer was lost: %d %s %v", a.Status, a.Body, err)
	}
	e.refused(t, e.pending)
}

// refused: a code that was used up is not taken again.
func (e *exchanger) refused(t *testing.T, code string) {
	t.Helper()
	var wrong struct {
		Error string `json:"error"`
	}
	a, err := e.exchange(code)
	if err != nil || a.Status != 400 || json.Unmarshal(a.Body, &wrong) != nil || wrong.Error != "invalid_grant" {
		t.Errorf("a code is taken twice: %d %s %v", a.Status, a.Body, err)
	}
}
