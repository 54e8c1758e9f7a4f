package config

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Key is one setting: what the struct tags say about it.
type Key struct {
	Path    string   // as in authd.toml: session.cookie_cache.max_age
	Env     []string // its variables, the one to document first
	Kind    string   // string, list, boolean, number, fraction, duration, object, table, tables, texts
	Default string   // as text; empty when there is none or it depends on other keys
	Shown   string   // the default in words, where it depends on other keys
	Doc     string
	Allowed []string // the only values, where there are only a few
	Secret  bool     // never shown, and <key>_file works too

	lines       bool // may have several lines: a key in PEM
	allowedText string
	min, max    string
	index       []int
}

// Keys lists every setting in the order of the struct.
func Keys() []Key {
	return keysOf(reflect.TypeFor[Config](), "", nil)
}

// ClientKeys lists what stands in a [[client]].
func ClientKeys() []Key {
	return keysOf(reflect.TypeFor[Client](), "", nil)
}

func keysOf(t reflect.Type, prefix string, index []int) []Key {
	return appendKeys(make([]Key, 0, t.NumField()), t, prefix, index)
}

func appendKeys(keys []Key, t reflect.Type, prefix string, index []int) []Key {
	for i := range t.NumField() {
		field := t.Field(i)
		name := field.Tag.Get("toml")
		if name == "" {
			continue
		}
		at := append(append(make([]int, 0, len(index)+1), index...), i)
		if field.Type.Kind() == reflect.Struct {
			keys = appendKeys(slices.Grow(keys, field.Type.NumField()), field.Type, prefix+name+".", at)
			continue
		}
		keys = append(keys, keyOf(field, prefix+name, at))
	}
	return keys
}

func keyOf(field reflect.StructField, path string, index []int) Key {
	key := Key{
		Path:        path,
		Env:         []string{envName(path)},
		Kind:        kindOf(field.Type),
		Default:     field.Tag.Get("default"),
		Shown:       field.Tag.Get("shown"),
		Doc:         field.Tag.Get("doc"),
		Secret:      field.Tag.Get("secret") == "true",
		lines:       field.Tag.Get("lines") == "true",
		allowedText: field.Tag.Get("allowedtext"),
		min:         field.Tag.Get("min"),
		max:         field.Tag.Get("max"),
		index:       index,
	}
	if short := field.Tag.Get("env"); short != "" {
		key.Env = []string{short, key.Env[0]}
	}
	if allowed := field.Tag.Get("allowed"); allowed != "" {
		key.Allowed = strings.Split(allowed, ",")
	}
	return key
}

// envName is the form every key has in the environment.
func envName(path string) string {
	return "AUTHD_" + strings.ToUpper(strings.ReplaceAll(path, ".", "__"))
}

func kindOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[*time.Duration]():
		return "duration"
	case reflect.TypeFor[json.RawMessage]():
		return "object"
	case reflect.TypeFor[[]string]():
		return "list"
	case reflect.TypeFor[[]Client](), reflect.TypeFor[[]Resource](), reflect.TypeFor[[]GenericProvider](), reflect.TypeFor[[]Webhook]():
		return "tables"
	case reflect.TypeFor[map[string]string]():
		return "texts"
	case reflect.TypeFor[*bool]():
		return "boolean"
	case reflect.TypeFor[map[string]RateLimitRule](), reflect.TypeFor[AdditionalFields]():
		return "table"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "number"
	case reflect.Float64:
		return "fraction"
	default:
		return "string"
	}
}

// allowed says in words what the key takes; it ends every complaint.
func (k Key) allowed() string {
	if len(k.Allowed) > 0 {
		return strings.Join(k.Allowed, ", ")
	}
	if k.allowedText != "" {
		return k.allowedText
	}
	switch k.Kind {
	case "duration":
		return "a duration such as 7d, 24h or 5m" + k.bounds()
	case "number":
		return "a whole number" + k.bounds()
	case "fraction":
		return "a number from 0 to 1"
	case "boolean":
		return "true or false"
	case "list":
		return "a list of strings"
	case "table":
		return "a table"
	case "texts":
		return "a table of strings"
	case "object":
		return "a table, or the JSON of an object"
	case "tables":
		return "[[" + k.Path + "]] tables"
	default:
		return "a string"
	}
}

func (k Key) bounds() string {
	switch {
	case k.min != "" && k.max != "":
		return ", from " + k.min + " to " + k.max
	case k.min != "":
		return ", at least " + k.min
	case k.max != "":
		return ", at most " + k.max
	default:
		return ""
	}
}
