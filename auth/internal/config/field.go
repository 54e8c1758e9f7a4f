package config

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// AdditionalField is one [user.additional_fields.NAME] or
// [session.additional_fields.NAME]: something of the operator's own that is kept
// with every user or session and stands in every answer about one.
type AdditionalField struct {
	Name     string
	Type     string `toml:"type" default:"string" allowed:"string,number,boolean,date,string[]" doc:"What its values are."`
	Required bool   `toml:"required" default:"false" doc:"Who signs up must give it, unless it has a default; it can never be null."`
	Input    bool   `toml:"input" default:"true" doc:"People may set it themselves. Where not, only the operator does."`
	Returned bool   `toml:"returned" default:"true" doc:"It stands in answers, in the cookie cache and in tokens."`
	Unique   bool   `toml:"unique" default:"false" doc:"No two users have the same value; only of users, and only of the types string, number and date."`
	Default  any    `toml:"default_value" shown:"none" doc:"Its value where none is given when the user or session is made."`

	// Implied, of a capability's field, says that a row without a value has the
	// default, which is then not stored.
	Implied bool
	// Early, of a capability's field, says that it stands before the role in answers.
	Early bool
	// Clean, of a capability's field, holds a value to its rules and gives the form in
	// which it is kept.
	Clean func(value any) (any, error)
	// Taken, of a capability's unique field, is what a value is refused with that is
	// somebody else's.
	Taken error
}

// FieldKeys lists what stands in a table of additional_fields.
func FieldKeys() []Key { return keysOf(reflect.TypeFor[AdditionalField](), "", nil) }

// AdditionalFields are fields in the order of their names.
type AdditionalFields []AdditionalField

// fieldName is what an additional field may be called.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// builtIn are names that mean something already in what a field would stand
// beside: the contract's fields, a sign-up's body, a token's claims (RFC 7519
// §4.1). They are compared without case, for readers exist that do.
func builtIn(path string) []string {
	if strings.HasPrefix(path, "session.") {
		return strings.Fields("id expiresAt token createdAt updatedAt ipAddress userAgent userId impersonatedBy activeOrganizationId activeTeamId constructor prototype")
	}
	return strings.Fields("id name email emailVerified image createdAt updatedAt role banned banReason banExpires " +
		"password newPassword currentPassword callbackURL rememberMe invitation token data userId " +
		"twoFactorEnabled username displayUsername phoneNumber phoneNumberVerified isAnonymous lastLoginMethod " +
		"iss sub aud exp nbf iat jti constructor prototype")
}

// parseFields reads the tables below user.additional_fields or session.additional_fields.
func (k Key) parseFields(source string, given any) (any, error) {
	table, ok := given.(map[string]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	fields := AdditionalFields{}
	for _, name := range sortedNames(table) {
		prefix := k.Path + "." + name
		if !fieldName.MatchString(name) {
			return nil, &complaint{prefix, source, "no name", "letters, digits and _, beginning with a letter, at most 64"}
		}
		if slices.ContainsFunc(builtIn(k.Path), func(own string) bool { return strings.EqualFold(own, name) }) ||
			slices.ContainsFunc(fields, func(other AdditionalField) bool { return strings.EqualFold(other.Name, name) }) {
			return nil, &complaint{prefix, source, "a name in use", "another name"}
		}
		inner, ok := table[name].(map[string]any)
		if !ok {
			return nil, Key{Path: prefix, allowedText: "a table, such as { type = \"string\" }"}.refuse(source, table[name])
		}
		field, err := parseField(prefix+".", source, name, inner)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func parseField(prefix, source, name string, table map[string]any) (AdditionalField, error) {
	field := AdditionalField{Name: name}
	keys := FieldKeys()
	for i := range keys {
		key := keys[i]
		given, isSet := table[key.Path]
		switch {
		case key.Path == "default_value":
			continue
		case !isSet:
			given = key.Default
		}
		at := key.index
		key.Path = prefix + key.Path
		if err := key.set(reflect.ValueOf(&field).Elem().FieldByIndex(at), source, given); err != nil {
			return field, err
		}
	}
	for _, other := range sortedNames(table) {
		if _, known := find(keys, other); !known {
			return field, fmt.Errorf("%s%s (%s) is not a key; allowed here: type, required, input, returned, unique, default_value", prefix, other, source)
		}
	}
	if given, isSet := table["default_value"]; isSet {
		value, err := field.Fit(plain(given))
		if err != nil || value == nil {
			return field, &complaint{prefix + "default_value", source, Key{}.show(given), "a " + field.Type}
		}
		field.Default = value
	}
	if field.Unique {
		if err := field.checkUnique(prefix, source); err != nil {
			return field, err
		}
	}
	if field.Required && !field.Input && field.Default == nil && strings.HasPrefix(prefix, "user.") {
		return field, &complaint{prefix + "required", source, "true", "false, or input = true, or a default_value: nobody could sign up"}
	}
	return field, nil
}

// checkUnique refuses what cannot be kept apart.
func (f *AdditionalField) checkUnique(prefix, source string) error {
	switch {
	case !strings.HasPrefix(prefix, "user."):
		return &complaint{prefix + "unique", source, "true", "false: only fields of users can be unique"}
	case f.Type == "boolean" || f.Type == "string[]":
		return &complaint{prefix + "unique", source, "true with the type " + f.Type, "the types string, number and date"}
	case f.Default != nil:
		return &complaint{prefix + "unique", source, "true with a default_value", "no default_value: the second user would have the first one's"}
	}
	return nil
}

// plain is a TOML date as its text, everything else as it is.
func plain(given any) any {
	switch v := given.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case toml.LocalDate:
		return v.String()
	case toml.LocalDateTime:
		return v.String() + "Z"
	default:
		return given
	}
}

// Misfit says of a value that it is not of a field's type.
type Misfit struct{ Want, Text string }

func (m *Misfit) Error() string {
	if m.Text != "" {
		return m.Text
	}
	return "expected " + m.Want
}

// Take is Fit, and the field's own rules.
func (f *AdditionalField) Take(v any) (any, error) {
	value, err := f.Fit(v)
	if err != nil || value == nil || f.Clean == nil {
		return value, err
	}
	return f.Clean(value)
}

// Fit is a value, as JSON decodes it, as what is kept of it: a string, a
// float64, a bool, a []string, or nil where nothing is required. A date becomes
// the text that JavaScript's toISOString makes of it. Errors: *Misfit.
func (f *AdditionalField) Fit(v any) (any, error) {
	switch {
	case v == nil && f.Required:
		return nil, &Misfit{Want: f.want()}
	case v == nil:
		return nil, nil
	}
	switch f.Type {
	case "number":
		return fitNumber(v)
	case "date":
		return fitDate(v)
	case "string[]":
		return fitList(v)
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
	default:
		if s, ok := v.(string); ok {
			return s, nil
		}
	}
	return nil, &Misfit{Want: f.want()}
}

func (f *AdditionalField) want() string {
	if f.Type == "string[]" {
		return "array"
	}
	return f.Type
}

func fitNumber(v any) (any, error) {
	n, ok := v.(float64)
	switch v := v.(type) {
	case json.Number:
		parsed, err := v.Float64()
		n, ok = parsed, err == nil
	case int64:
		n, ok = float64(v), true
	}
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, &Misfit{Want: "number"}
	}
	return n, nil
}

// fitDate takes a day, or a time as ISO 8601 has it.
func fitDate(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, &Misfit{Want: "date"}
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		at, err := time.Parse(layout, s)
		if err == nil && at.UTC().Year() >= 1 && at.UTC().Year() <= 9999 {
			return at.UTC().Format("2006-01-02T15:04:05.000Z"), nil
		}
	}
	return nil, &Misfit{Text: "Invalid ISO datetime"}
}

func fitList(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, &Misfit{Want: "array"}
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = item.(string); !ok {
			return nil, &Misfit{Text: "Invalid input: expected string in the array"}
		}
	}
	return texts, nil
}
