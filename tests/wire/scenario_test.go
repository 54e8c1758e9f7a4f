package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// scenario is one file of testdata/runs: requests in their order, by named browsers.
type scenario struct {
	file  string
	About string `json:"about"`
	Steps []step `json:"steps"`
}

// step is one line of a scenario: a request, the newest mail of a kind, or
// something that the two servers do each in its own way.
type step struct {
	N       *int               `json:"n,omitempty"`    // index of the recording that shows the answer
	As      string             `json:"as,omitempty"`   // whose browser; "new" has no cookies
	Send    string             `json:"send,omitempty"` // METHOD path
	JSON    json.RawMessage    `json:"json,omitempty"`
	Form    map[string]string  `json:"form,omitempty"`
	Raw     *string            `json:"raw,omitempty"`
	Headers map[string]*string `json:"headers,omitempty"`
	Save    map[string]string  `json:"save,omitempty"`
	Repeat  int                `json:"repeat,omitempty"` // how often it is sent; the last answer counts

	Mail string `json:"mail,omitempty"`
	To   string `json:"to,omitempty"`

	Setup    string `json:"setup,omitempty"`
	Path     string `json:"path,omitempty"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password,omitempty"`
	Name     string `json:"name,omitempty"`
	Role     string `json:"role,omitempty"`
	Username string `json:"username,omitempty"`
}

// settings is settings.json of a run: how each of the two servers is started for it.
type settings struct {
	Reference string            `json:"reference"` // what stands behind the port of the reference's start script
	Authd     map[string]string `json:"authd"`
}

// run is one folder of testdata/runs: its scenarios share one server, in the order of their names.
type run struct {
	name      string
	settings  settings
	scenarios []scenario
}

func readRuns(t *testing.T) []run {
	t.Helper()
	folders, err := filepath.Glob("testdata/runs/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no runs: %v", err)
	}
	var all []run
	for _, folder := range folders {
		r := run{name: filepath.Base(folder)}
		readJSON(t, filepath.Join(folder, "settings.json"), &r.settings)
		files, err := filepath.Glob(filepath.Join(folder, "[0-9]*.json"))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(files)
		for _, file := range files {
			s := scenario{file: file}
			readJSON(t, file, &s)
			r.scenarios = append(r.scenarios, s)
		}
		all = append(all, r)
	}
	return all
}

func readJSON(t *testing.T, file string, out any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// stage is where the scenarios of one run play.
type stage struct {
	target   target
	browsers map[string]*authdtest.Client
	values   map[string]string // what ${name} stands for
	passkey  *authdtest.Passkey
}

const verifier = "0123456789-the-verifier-of-the-recordings-43"

func newStage(target target) *stage {
	in := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).UnixMilli(), 10) }
	return &stage{
		target:   target,
		browsers: map[string]*authdtest.Client{},
		values: map[string]string{
			"origin": target.url(), "verifier": verifier, "challenge": challenge(verifier),
			"in_a_minute": in(time.Minute), "in_an_hour": in(time.Hour),
		},
	}
}

func (s *stage) browser(name string) *authdtest.Client {
	if name == "new" {
		return authdtest.NewClient(s.target.url())
	}
	if s.browsers[name] == nil {
		s.browsers[name] = authdtest.NewClient(s.target.url())
	}
	return s.browsers[name]
}

// fill puts the saved values into a text.
func (s *stage) fill(text string) string {
	names := slices.Sorted(maps.Keys(s.values))
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, "${"+name+"}", s.values[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (s *stage) call(t *testing.T, st step) authdtest.Call {
	t.Helper()
	method, path, ok := strings.Cut(s.fill(st.Send), " ")
	if !ok {
		t.Fatalf("send %q: want a method and a path", st.Send)
	}
	call := authdtest.Call{Method: method, Path: path, Header: map[string]*string{}}
	for name, value := range st.Headers {
		if value != nil {
			filled := s.fill(*value)
			value = &filled
		}
		call.Header[name] = value
	}
	switch {
	case st.Raw != nil:
		raw := s.fill(*st.Raw)
		call.Raw = &raw
	case st.JSON != nil:
		call.JSON = json.RawMessage(s.fill(string(st.JSON)))
	case st.Form != nil:
		call.Form = url.Values{}
		for name, value := range st.Form {
			call.Form.Set(name, s.fill(value))
		}
	}
	return call
}

// save keeps parts of an answer: "body FIELD.FIELD", "location", "header NAME" or "cookie NAME",
// then "query" for what stands behind the ?, then the name of a parameter in it.
func (s *stage) save(t *testing.T, st step, res authdtest.Response) {
	t.Helper()
	for name, from := range st.Save {
		value, err := pick(res, strings.Fields(from))
		if err != nil {
			t.Fatalf("save %s from %q: %v", name, from, err)
		}
		s.values[name] = value
	}
}

func pick(res authdtest.Response, words []string) (string, error) {
	var value string
	switch words[0] {
	case "cookie":
		value, words = pickCookie(res, words[1]), words[2:]
	case "header":
		value, words = res.Header.Get(words[1]), words[2:]
	case "location":
		value, words = res.Header.Get("Location"), words[1:]
	case "body":
		field, err := pickField(res.Body, strings.Split(words[1], "."))
		if err != nil {
			return "", err
		}
		value, words = field, words[2:]
	default:
		return "", fmt.Errorf("unknown source %q", words[0])
	}
	if len(words) > 0 && words[0] == "query" {
		_, query, ok := strings.Cut(value, "?")
		if !ok {
			return "", fmt.Errorf("%q has no query", value)
		}
		value, words = query, words[1:]
	}
	if len(words) > 0 {
		parsed, err := url.ParseQuery(value)
		if err != nil || !parsed.Has(words[0]) {
			return "", fmt.Errorf("%q has no %s: %w", value, words[0], err)
		}
		value = parsed.Get(words[0])
	}
	return value, nil
}

func pickCookie(res authdtest.Response, name string) string {
	for _, line := range res.SetCookie {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			value, _, _ = strings.Cut(value, ";")
			return value
		}
	}
	return ""
}

func pickField(body []byte, path []string) (string, error) {
	var node any
	if err := json.Unmarshal(body, &node); err != nil {
		return "", fmt.Errorf("%w in %.200s", err, body)
	}
	for _, key := range path {
		if list, ok := node.([]any); ok {
			if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < len(list) {
				node = list[n]
				continue
			}
		}
		fields, ok := node.(map[string]any)
		if !ok {
			return "", fmt.Errorf("no %s in %.200s", key, body)
		}
		node = fields[key]
	}
	text, ok := node.(string)
	if !ok {
		return "", fmt.Errorf("no text at %s in %.200s", strings.Join(path, "."), body)
	}
	return text, nil
}
