package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// schema is what an endpoint's In struct says about its input.
type schema struct {
	body  []field
	query []field
	path  []field
	rest  *field // body:"*": a map that takes every other field
	typ   reflect.Type
}

type field struct {
	name     string
	index    int
	typ      reflect.Type // the field's type, pointers taken off
	pointer  bool
	optional bool
	nullable bool
	rules    []rule
	options  string // of an enumeration: what is said of every other value
	doc      string
	nested   *schema // of a struct: its own body fields
}

// rule is one condition on a value, with the contract's text for its breach.
type rule struct {
	name string
	ok   func(v any) bool
	text string
}

// emailPattern is what the contract takes for an address.
var emailPattern = regexp.MustCompile(`^(?:[A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$`)

// ValidEmail tells whether s is an address the contract accepts.
func ValidEmail(s string) bool {
	return len(s) <= 320 && emailPattern.MatchString(s) && !strings.Contains(s, "..") && s[0] != '.'
}

func schemaOf(t reflect.Type) (*schema, error) {
	s := &schema{typ: t}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("input %s is not a struct", t)
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		for _, in := range []struct {
			tag  string
			list *[]field
		}{{"body", &s.body}, {"query", &s.query}, {"path", &s.path}} {
			tag, ok := sf.Tag.Lookup(in.tag)
			if !ok {
				continue
			}
			f, err := fieldOf(sf, i, tag)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", sf.Name, err)
			}
			if f.name == "*" {
				s.rest = &f
				continue
			}
			*in.list = append(*in.list, f)
		}
	}
	return s, nil
}

func fieldOf(sf reflect.StructField, index int, tag string) (field, error) {
	name, opts, _ := strings.Cut(tag, ",")
	f := field{name: name, index: index, typ: sf.Type, doc: sf.Tag.Get("doc")}
	if f.typ.Kind() == reflect.Pointer {
		f.pointer, f.typ = true, f.typ.Elem()
	}
	for opt := range strings.SplitSeq(opts, ",") {
		switch {
		case opt == "":
		case opt == "optional":
			f.optional = true
		case opt == "nullable":
			f.nullable = true
		case opt == "email":
			f.rules = append(f.rules, rule{"email", func(v any) bool { return ValidEmail(v.(string)) }, "Invalid email address"})
		case opt == "notempty":
			f.rules = append(f.rules, rule{"notempty", func(v any) bool { return v.(string) != "" }, "Too small: expected string to have >=1 characters"})
		case strings.HasPrefix(opt, "const="):
			only := strings.TrimPrefix(opt, "const=")
			f.rules = append(f.rules, rule{opt, func(v any) bool { return v == only }, `Invalid input: expected "` + only + `"`})
		case strings.HasPrefix(opt, "enum="):
			allowed := strings.Split(strings.TrimPrefix(opt, "enum="), "|")
			only := enumRule(allowed)
			f.rules, f.options = append(f.rules, only), only.text
		default:
			return f, fmt.Errorf("unknown option %q", opt)
		}
	}
	if zodType(f.typ) == "" {
		return f, fmt.Errorf("type %s cannot be read from input", f.typ)
	}
	if f.typ.Kind() == reflect.Struct {
		nested, err := schemaOf(f.typ)
		if err != nil {
			return f, err
		}
		f.nested = nested
	}
	return f, nil
}

func enumRule(allowed []string) rule {
	return rule{
		"enum=" + strings.Join(allowed, "|"),
		func(v any) bool {
			for _, a := range allowed {
				if v == a {
					return true
				}
			}
			return false
		},
		`Invalid option: expected one of "` + strings.Join(allowed, `"|"`) + `"`,
	}
}

// zodType is the contract's name of a type, "" when we take no such input.
func zodType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64, reflect.Int64, reflect.Int:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Map:
		return "record"
	case reflect.Struct:
		return "object"
	case reflect.Interface:
		return "any"
	default:
		return ""
	}
}

// Received is the contract's name of what a decoded JSON value is.
func Received(v any) string { return received(v, true) }

// received is the contract's name of what came.
func received(v any, present bool) string {
	if !present {
		return "undefined"
	}
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64:
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}
