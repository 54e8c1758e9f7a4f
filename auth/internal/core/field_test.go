package core

import (
	"encoding/json"
	"strings"
	"testing"

	"authd/auth/internal/config"
)

func TestExtraKeepsWhatItIsGiven(t *testing.T) {
	f := newFields("user", config.AdditionalFields{
		{Name: "list", Type: "string[]", Input: true, Returned: true},
		{Name: "number", Type: "number", Input: true, Returned: true},
		{Name: "secret", Type: "string", Input: true},
		{Name: "text", Type: "string", Input: true, Returned: true},
	})
	e := Extra{fields: f, text: `{"gone":{"a":["}",","]},"text":"old"}`}
	values, err := f.ForUpdate(map[string]any{
		"list": []any{`a"b`, "],}", "\u2028"}, "number": json.Number("1e21"), "secret": "s", "text": `<x>\",{"`, "unknown": 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	e = e.With(values)
	if !json.Valid([]byte(e.text)) || !strings.Contains(e.text, `"gone":{"a":["}",","]}`) || strings.Contains(e.text, "unknown") {
		t.Fatal(e.text)
	}
	// As JSON.stringify writes it, for apps compare bytes.
	want := `,"list":["a\"b","],}",` + "\"\u2028\"" + `],"number":1e+21,"text":"<x>\\\",{\""`
	if got := string(e.append(nil, false)); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	e = e.With(Values{"text": "null", "list": "null", "number": "null", "secret": "null"})
	if e.text != `{"gone":{"a":["}",","]}}` || string(e.append(nil, false)) != `,"list":null,"number":null,"text":null` {
		t.Fatal(e.text)
	}
}

func TestWithoutFieldsAUserIsWhatItWas(t *testing.T) {
	f := newFields("user", nil)
	u := &User{ID: "u", Extra: f.newExtra(nil)}
	u.Extra.text = `{"left":"over"}`
	f.attach(&u.Extra)
	if got := string(AppendUser(nil, u)); strings.Contains(got, "left") || !strings.HasSuffix(got, `"banExpires":null,"id":"u"}`) {
		t.Fatal(got)
	}
	if n := testing.AllocsPerRun(100, func() { f.attach(&u.Extra) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestACapabilitysFieldComesFirstAndItsNameIsTaken(t *testing.T) {
	f := newFields("user", config.AdditionalFields{{Name: "plan", Type: "string", Returned: true}})
	if err := f.Add(Field{Name: "lastSeen", Type: "string", Returned: true}); err != nil {
		t.Fatal(err)
	}
	if got := string(Extra{fields: f}.append(nil, false)); got != `,"lastSeen":null,"plan":null` {
		t.Fatal(got)
	}
	if err := f.Add(Field{Name: "Plan"}); err == nil || !strings.Contains(err.Error(), "user.additional_fields.Plan") {
		t.Fatalf("%v", err)
	}
	if len(f.Configured()) != 1 {
		t.Fatal("a capability's field counts as configured")
	}
}

func FuzzExtra(f *testing.F) {
	f.Add(`{"a":"b","c":[1,{"d":"}"}]}`)
	f.Add(`{"a":`)
	f.Add(`{"a\"`)
	f.Add(`{"a":"\`)
	f.Fuzz(func(t *testing.T, text string) {
		e := Extra{fields: newFields("user", config.AdditionalFields{{Name: "a", Type: "string"}}), text: text}
		n := 0
		for range e.each {
			if n++; n > len(text) {
				t.Fatal("walks without end")
			}
		}
		_ = e.With(Values{"a": "1"})
	})
}
