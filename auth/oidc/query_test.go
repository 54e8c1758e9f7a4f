package oidc

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/core"
)

func signer(t testing.TB) *Service {
	t.Helper()
	keys, err := core.NewKeyring([]string{"a secret of more than thirty-two characters"})
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{}
	if s.query, err = keys.Signer("oauth signed query"); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSignedQuery: NOTES §13.
func TestSignedQuery(t *testing.T) {
	t.Parallel()
	s := signer(t)
	now := time.UnixMilli(1795246047711)
	params := url.Values{
		"client_id": {"a*b~c"}, "scope": {"openid profile"}, "redirect_uri": {"https://app.example/cb?x=1&y=2"}, "custom": {"ü"},
		"exp": {"9999999999"}, "ba_iat": {"1"}, "ba_pl": {"1"}, "sig": {"x"},
	}
	query := s.signQuery(params, now)
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if values.Get("exp") != "1795246647" || values.Get("ba_iat") != "1795246047711" || values.Has("ba_pl") {
		t.Errorf("exp %s, ba_iat %s, ba_pl %v", values.Get("exp"), values.Get("ba_iat"), values["ba_pl"])
	}
	if want := []string{"ba_iat", "ba_param", "client_id", "custom", "exp", "redirect_uri", "scope"}; !slices.Equal(values["ba_param"], want) {
		t.Errorf("ba_param %v, want %v", values["ba_param"], want)
	}
	if !strings.Contains(query, "client_id=a*b%7Ec") || !strings.Contains(query, "scope=openid+profile") || !strings.Contains(query, "custom=%C3%BC") {
		t.Errorf("%s is not written as URLSearchParams writes it", query)
	}
	pairs := strings.Split(query, "&")
	slices.Reverse(pairs)
	for name, c := range map[string]struct {
		query string
		at    time.Time
		ok    bool
	}{
		"as it is":                {query, now, true},
		"in another order":        {strings.Join(pairs, "&"), now, true},
		"just before its end":     {query, time.Unix(1795246647, 0).Add(-time.Millisecond), true},
		"at its end":              {query, time.Unix(1795246647, 0), false},
		"with a pair added":       {query + "&utm=1", now, false},
		"with a pair twice":       {query + "&custom=x", now, false},
		"with a second sig":       {query + "&sig=x", now, false},
		"without a pair":          {strings.Replace(query, "custom=%C3%BC&", "", 1), now, false},
		"with a value changed":    {strings.Replace(query, "openid+profile", "openid", 1), now, false},
		"with the end changed":    {strings.Replace(query, "exp=1795246647", "exp=1795299999", 1), now, false},
		"with the sig longer":     {query + "x", now, false},
		"without sig":             {query[:strings.Index(query, "&sig=")], now, false},
		"empty":                   {"", now, false},
		"only a sig":              {"sig=AAAA", now, false},
		"not form-encoded":        {"%zz", now, false},
		"larger than any of ours": {query + strings.Repeat("&", maxQuery), now, false},
	} {
		got, issued, err := s.openQuery(c.query, c.at)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if len(got) != 4 || got.Get("redirect_uri") != params.Get("redirect_uri") || !issued.Equal(now) {
			t.Errorf("%s: opened as %v, %v", name, got, issued)
		}
	}
	if _, _, err := s.openQuery(signer(t).signQuery(params, now), now); err != nil {
		t.Errorf("signed by another process with the same secret: %v", err)
	}
}

// FuzzSignedQuery: what is signed comes back as it was, and no other text opens.
func FuzzSignedQuery(f *testing.F) {
	s := signer(f)
	now := time.UnixMilli(1795246047711)
	good := s.signQuery(url.Values{"client_id": {"x"}, "state": {"a b"}}, now)
	f.Add(good, "state", "a&b=c")
	f.Add(strings.Replace(good, "state", "stat%65", 1), "exp", "1")
	f.Add("sig=&exp=&ba_iat=", "", "\x00")
	f.Fuzz(func(t *testing.T, query, name, value string) {
		if got, _, err := s.openQuery(query, now); err == nil {
			want, _, _ := s.openQuery(good, now)
			if got.Encode() != want.Encode() {
				t.Fatalf("%q opened as %v", query, got)
			}
		}
		got, _, err := s.openQuery(s.signQuery(url.Values{name: {value}}, now), now)
		if len(name)+len(value) > maxQuery/8 {
			return
		}
		if err != nil {
			t.Fatalf("%q=%q does not open: %v", name, value, err)
		}
		if !reserved(name) && (len(got) != 1 || got.Get(name) != value) {
			t.Fatalf("%q=%q opened as %v", name, value, got)
		}
	})
}
