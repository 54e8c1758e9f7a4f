package core

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Extra is what a user or session has beyond the contract: one object of JSON
// without white space, as the extra column keeps it. It also holds what is no
// registered field any more, for a field that comes back.
type Extra struct {
	fields *Fields // nil where nothing is registered
	text   string  // "" is an empty object
	read   string  // what text was when the row was read
}

// asRead is what the row had before it was changed in memory.
func (e Extra) asRead() Extra { return Extra{fields: e.fields, text: e.read} }

// stored is what is written back: nil leaves the column as it is.
func (e Extra) stored() *string {
	if e.text == "" {
		return nil
	}
	return &e.text
}

// With is the same with other values of some fields; of one that is not registered only
// the value of before goes.
func (e Extra) With(values Values) Extra {
	if len(values) == 0 {
		return e
	}
	b := []byte{'{'}
	add := func(key, value string) {
		if value == "null" {
			return
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(append(b, '"'), key...), '"', ':'), value...)
	}
	for key, value := range e.each {
		if _, replaced := values[key]; !replaced {
			add(key, value)
		}
	}
	if e.fields != nil {
		for i := range e.fields.list {
			if value, ok := values[e.fields.list[i].Name]; ok {
				add(e.fields.list[i].Name, value)
			}
		}
	}
	return Extra{e.fields, string(append(b, '}')), e.read}
}

// Value is a field's value as JSON, "null" where there is none.
func (e Extra) Value(name string) string {
	for key, value := range e.each {
		if key == name {
			return value
		}
	}
	if e.fields != nil {
		if i := e.fields.index(name); i >= 0 {
			return implied(&e.fields.list[i])
		}
	}
	return "null"
}

// Text is a field's value as people write it: a text without quotes, a list in lines.
func (e Extra) Text(name string) string {
	value := e.Value(name)
	if value == "null" {
		return ""
	}
	var text string
	if json.Unmarshal([]byte(value), &text) == nil {
		return text
	}
	var list []string
	if json.Unmarshal([]byte(value), &list) == nil {
		return strings.Join(list, "\n")
	}
	return value
}

// Known is Text, and "" for what is no registered field any more.
func (e Extra) Known(name string) string {
	if e.fields == nil || e.fields.index(name) < 0 {
		return ""
	}
	return e.Text(name)
}

// append writes the registered fields that are shown, each after a comma: those
// that stand before the role, or those behind it.
func (e Extra) append(b []byte, early bool) []byte {
	for i := range e.fields.list {
		field := &e.fields.list[i]
		if !field.Returned || field.Early != early {
			continue
		}
		b = append(append(append(b, `,"`...), field.Name...), `":`...)
		b = append(b, e.value(field)...)
	}
	return b
}

func (e Extra) value(field *Field) string {
	for key, value := range e.each {
		if key == field.Name {
			return value
		}
	}
	return implied(field)
}

// implied is what a row has that says nothing of a field.
func implied(field *Field) string {
	if !field.Implied {
		return "null"
	}
	if on, ok := field.Default.(bool); ok { // the common one, without an allocation
		return strconv.FormatBool(on)
	}
	return string(appendValue(nil, field.Default))
}

// each walks the object without decoding it: keys have no escapes, and the text is ours.
func (e Extra) each(yield func(key, value string) bool) {
	for i := 1; i < len(e.text) && e.text[i] == '"'; {
		end := pastString(e.text, i)
		stop := pastValue(e.text, end+1)
		if end >= len(e.text) || !yield(e.text[i+1:end-1], e.text[end+1:stop]) {
			return
		}
		i = stop + 1
	}
}

// pastString is behind the closing quote of the string that begins at i.
func pastString(s string, i int) int {
	for i++; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(s))
}

// pastValue is behind the value that begins at i.
func pastValue(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = pastString(s, i) - 1
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return min(i, len(s))
}

// appendValue writes what [Field.Fit] returned as JSON.stringify does.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		text, err := json.Marshal(v) // a number as JavaScript writes it
		if err != nil {              // only of NaN and infinities, which do not fit
			return append(b, "null"...)
		}
		return append(b, text...)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	default:
		return append(b, "null"...)
	}
}

// newExtra is what a new user or session begins with: the defaults, and what was given.
func (f *Fields) newExtra(given Values) Extra {
	if f.empty() {
		return Extra{}
	}
	values := Values{}
	for i := range f.list {
		if field := &f.list[i]; field.Default != nil && !field.Implied {
			values[field.Name] = string(appendValue(nil, field.Default))
		}
	}
	for name, value := range given {
		values[name] = value
	}
	return Extra{fields: f}.With(values)
}

// attach lets a row that was read know what is registered.
func (f *Fields) attach(e *Extra) {
	if !f.empty() {
		e.fields = f
	}
}
