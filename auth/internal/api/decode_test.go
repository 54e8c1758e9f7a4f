package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

type sample struct {
	Name   string         `body:"name"`
	Email  string         `body:"email,email"`
	Secret string         `body:"secret,optional,notempty"`
	Count  int            `body:"count,optional"`
	On     *bool          `body:"on,optional"`
	Tags   []string       `body:"tags,optional"`
	Kind   string         `body:"kind,optional,enum=a|b"`
	Image  *string        `body:"image,optional,nullable"`
	Data   map[string]any `body:"data,optional"`
	Rest   map[string]any `body:"*"`
}

func decodeSample(t testing.TB, body any) (*sample, error) {
	t.Helper()
	s, err := schemaOf(reflect.TypeFor[sample]())
	if err != nil {
		t.Fatal(err)
	}
	in := new(sample)
	r := &Request{HTTP: httptest.NewRequest(http.MethodPost, "/x", nil)}
	return in, s.decode(r, body, in)
}

func TestValidationSpeaksTheContractsWords(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"nothing":        {`{}`, "[body.name] Invalid input: expected string, received undefined; [body.email] Invalid input: expected string, received undefined"},
		"a list":         {`[]`, "[body] Invalid input: expected object, received array"},
		"null":           {`null`, "[body] Invalid input: expected object, received null"},
		"a text":         {`"x"`, "[body] Invalid input: expected object, received string"},
		"wrong types":    {`{"name":1,"email":null,"on":"x","tags":{}}`, "[body.name] Invalid input: expected string, received number; [body.email] Invalid input: expected string, received null; [body.on] Invalid input: expected boolean, received string; [body.tags] Invalid input: expected array, received object"},
		"an element":     {`{"name":"","email":"a@b.co","tags":["x",2]}`, "[body.tags.1] Invalid input: expected string, received number"},
		"an empty text":  {`{"name":"","email":"a@b.co","secret":""}`, "[body.secret] Too small: expected string to have >=1 characters"},
		"an address":     {`{"name":"","email":"a.@b.co"}`, "[body.email] Invalid email address"},
		"an enumeration": {`{"name":"","email":"a@b.co","kind":"c"}`, `[body.kind] Invalid option: expected one of "a"|"b"`},
		"no option":      {`{"name":"","email":"a@b.co","kind":null}`, `[body.kind] Invalid option: expected one of "a"|"b"`},
		"a fraction":     {`{"name":"","email":"a@b.co","count":1.5}`, "[body.count] Invalid input: expected int, received number"},
		"a null option":  {`{"name":"","email":"a@b.co","secret":null}`, "[body.secret] Invalid input: expected string, received null"},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := parseJSON([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			_, err = decodeSample(t, body)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	_, err := decodeSample(t, absent{})
	if err == nil || err.Error() != "[body] Invalid input: expected object, received undefined" {
		t.Fatal(err)
	}
}

func TestWhatIsValidArrives(t *testing.T) {
	body, err := parseJSON([]byte(`{"name":"n","email":"a@b.co","count":3,"on":false,"tags":["x"],"kind":"b","image":null,"data":{"k":1},"more":true}`))
	if err != nil {
		t.Fatal(err)
	}
	in, err := decodeSample(t, body)
	if err != nil {
		t.Fatal(err)
	}
	off := false
	want := &sample{Name: "n", Email: "a@b.co", Count: 3, On: &off, Tags: []string{"x"}, Kind: "b", Data: map[string]any{"k": json.Number("1")}, Rest: map[string]any{"more": true}}
	if !reflect.DeepEqual(in, want) {
		t.Fatalf("got %+v", in)
	}
}

func FuzzNoBodyBreaksTheDecoder(f *testing.F) {
	for _, s := range []string{`{}`, `{"name":{"a":[]}}`, `[1e999]`, `{"count":1e400}`, "name=x&name=y&tags=1", "\xff", `{"a":1}{"b":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, parse := range []func([]byte) (any, error){parseJSON, parseForm} {
			body, err := parse(raw)
			if err != nil {
				continue
			}
			if in, err := decodeSample(t, body); err == nil && !ValidEmail(in.Email) {
				t.Fatalf("accepted %q", in.Email)
			}
		}
	})
}

func FuzzCookiesAreFoundAsNetHTTPFindsThem(f *testing.F) {
	f.Add("a=1; session=2; session=3")
	f.Add(`session="q"; b`)
	f.Add("session=0\t")
	f.Add(`session="0; session=1`)
	f.Add(" session =x; session")
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		got, ok := FindCookie(h, "session")
		if strings.Count(line, ";") >= 3000 { // net/http reads none of so many
			return
		}
		want, err := (&http.Request{Header: h}).Cookie("session")
		if ok != (err == nil) || ok && got != want.Value {
			t.Fatalf("FindCookie(%q) = %q, %v; net/http finds %v", line, got, ok, want)
		}
	})
}
