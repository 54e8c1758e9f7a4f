package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestANameDoesNotSteerTheTerminal(t *testing.T) {
	if got := clean("a\x1b[31m\u202eb\u009bc\x7f\nd"); got != "a[31mbcd" {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	if err := table(&out, []string{"NAME"}, [][]string{{"two\nlines\tand a column"}}); err != nil || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%q %v", out.String(), err)
	}
}

func TestHowARunningServerIsReached(t *testing.T) {
	for listen, want := range map[string]string{
		":8080":            "127.0.0.1:8080",
		"0.0.0.0:80":       "127.0.0.1:80",
		"[::]:80":          "[::1]:80",
		"127.0.0.1:8080":   "127.0.0.1:8080",
		"192.168.1.2:8080": "192.168.1.2:8080",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

func TestWhichIssuersAreThisComputer(t *testing.T) {
	for issuer, want := range map[string]bool{
		"http://localhost:8080":        true,
		"http://127.0.0.1":             true,
		"http://[::1]:80":              true,
		"http://localhost.example.com": false,
		"http://10.0.0.1":              false,
	} {
		if local(issuer) != want {
			t.Errorf("%s: %t", issuer, !want)
		}
	}
}

func TestThePasswordIsTheFirstLine(t *testing.T) {
	for given, want := range map[string]string{"secret\nmore\n": "secret", "secret": "secret", "spaces stay \r\n": "spaces stay ", "": ""} {
		p := &program{in: strings.NewReader(given)}
		if got, err := p.readPassword(); got != want || err != nil {
			t.Errorf("%q: %q %v", given, got, err)
		}
	}
}

func TestTheEnvironmentIsReadByItsWholeName(t *testing.T) {
	p := &program{environ: []string{"AUTHD_URLS=x", "AUTHD_URL=http://a?b=c"}}
	if got := p.getenv("AUTHD_URL"); got != "http://a?b=c" {
		t.Errorf("%q", got)
	}
	if got := p.getenv("AUTHD"); got != "" {
		t.Errorf("%q", got)
	}
}

func TestExitCodes(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"help":            {[]string{"--help"}, 0},
		"help of a group": {[]string{"user", "--help"}, 0},
		"version":         {[]string{"version"}, 0},
		"no such command": {[]string{"nonsense"}, 2},
		"no such flag":    {[]string{"version", "--nonsense"}, 2},
	} {
		var out, errOut bytes.Buffer
		if code := Main(test.args, strings.NewReader(""), &out, &errOut); code != test.code {
			t.Errorf("%s: %d\n%s%s", name, code, out.String(), errOut.String())
		}
		if test.code == 2 && strings.Count(errOut.String(), "\n") != 1 {
			t.Errorf("%s: not one line: %q", name, errOut.String())
		}
	}
}
