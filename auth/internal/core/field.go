package core

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
)

// Field is something that is kept with every user or session beside what the
// contract has: of a capability, or of authd.toml's additional_fields.
type Field = config.AdditionalField

// Fields are the registered fields of users, or of sessions, in the order in
// which answers have them. Their values stand in the row's extra column.
type Fields struct {
	what    string // "user" or "session", for errors
	guarded []string
	list    []Field
	own     int // so many of list are of capabilities; they come first
	unique  []string
}

func newFields(what string, configured config.AdditionalFields, guarded ...string) *Fields {
	f := &Fields{what: what, guarded: guarded, list: slices.Clone(configured)}
	for i := range f.list {
		f.note(&f.list[i])
	}
	return f
}

// note remembers a field that no two users have the same value of.
func (f *Fields) note(field *Field) {
	if field.Unique {
		f.unique = append(f.unique, field.Name)
	}
}

// Add registers a field of a capability, before the first request. It is never
// taken from a person's input unless it says so.
func (f *Fields) Add(field Field) error {
	if f.index(field.Name) >= 0 {
		return fmt.Errorf("%s.additional_fields.%s is the name of a field that authd has; allowed: another name", f.what, field.Name)
	}
	f.list = slices.Insert(f.list, f.own, field)
	f.own++
	f.note(&field)
	return nil
}

// Configured are the fields of authd.toml, for pages that show them.
func (f *Fields) Configured() []Field { return f.list[f.own:] }

// All are the registered fields.
func (f *Fields) All() []Field { return f.list }

// inWords gives a FieldTaken the words of the field's capability.
func (f *Fields) inWords(err error) error {
	var taken *FieldTaken
	if errors.As(err, &taken) {
		taken.words = f.list[f.index(taken.Field)].Taken
	}
	return err
}

func (f *Fields) empty() bool { return len(f.list) == 0 }

func (f *Fields) index(name string) int {
	return slices.IndexFunc(f.list, func(one Field) bool { return strings.EqualFold(one.Name, name) })
}

// Values are fields and their values as JSON, "null" for none.
type Values map[string]string

// mostExtra bounds what a row keeps, for it travels in cookies.
const mostExtra = 8192

// ForNew is what a person gives of a user or session that is about to be made:
// defaults where nothing is given, an error where something must be.
// Errors: FIELD_NOT_ALLOWED, MISSING_FIELD, VALIDATION_ERROR.
func (f *Fields) ForNew(input map[string]any) (Values, error) {
	values, err := f.take(input, func(field *Field) bool { return field.Default != nil })
	if err != nil {
		return nil, err
	}
	for i := range f.list {
		field := &f.list[i]
		if _, given := values[field.Name]; given || !field.Required || field.Default != nil {
			continue
		}
		return nil, &api.Error{Status: ErrMissingField.Status, Code: ErrMissingField.Code, Message: field.Name + " is required"}
	}
	return values, nil
}

// ForUpdate is what a person wants changed. Errors: FIELD_NOT_ALLOWED, VALIDATION_ERROR.
func (f *Fields) ForUpdate(input map[string]any) (Values, error) {
	return f.take(input, func(*Field) bool { return false })
}

// take reads input as the contract does: a field that is not a person's to set
// is refused when it says something, and left alone by ignored or when it says nothing.
func (f *Fields) take(input map[string]any, ignored func(*Field) bool) (Values, error) {
	for _, name := range f.guarded {
		if _, given := input[name]; given {
			return nil, notAllowed(name)
		}
	}
	values := Values{}
	for i := range f.list {
		field := &f.list[i]
		v, given := input[field.Name]
		switch {
		case !given:
		case field.Input:
			if err := values.set(field, "body.", v); err != nil {
				return nil, err
			}
		case !ignored(field) && !falsy(v):
			return nil, notAllowed(field.Name)
		}
	}
	return values, values.fits()
}

// Trusted reads fields that whoever runs the server gives: all that there are.
// What is no field is left out. Errors: VALIDATION_ERROR.
func (f *Fields) Trusted(input map[string]any, place string) (Values, error) {
	values := Values{}
	for i := range f.list {
		field := &f.list[i]
		if v, given := input[field.Name]; given {
			if err := values.set(field, place, v); err != nil {
				return nil, err
			}
		}
	}
	return values, values.fits()
}

// Set makes the values that a capability gives its own fields.
func (f *Fields) Set(name string, value any) (Values, error) {
	i := f.index(name)
	if i < 0 {
		return nil, fmt.Errorf("%s field %s is not registered", f.what, name)
	}
	values := Values{}
	return values, values.set(&f.list[i], "", value)
}

func (v Values) set(field *Field, place string, given any) error {
	value, err := field.Take(given)
	var misfit *config.Misfit
	if errors.As(err, &misfit) {
		text := misfit.Text
		if text == "" {
			text = "Invalid input: expected " + misfit.Want + ", received " + api.Received(given)
		}
		return api.Invalid(place+field.Name, text)
	}
	v[field.Name] = string(appendValue(nil, value))
	return err
}

// fits refuses more than a row may keep.
func (v Values) fits() error {
	size := 0
	for name, value := range v {
		size += len(name) + len(value)
	}
	if size > mostExtra {
		return api.Invalid("body", "Too big: expected at most "+strconv.Itoa(mostExtra)+" bytes of fields")
	}
	return nil
}

// falsy is what JavaScript takes for false: such input asks for nothing.
func falsy(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case interface{ Float64() (float64, error) }: // a number of JSON
		n, err := v.Float64()
		return err == nil && n == 0
	default:
		return false
	}
}

func notAllowed(name string) error {
	return &api.Error{Status: ErrFieldNotAllowed.Status, Code: ErrFieldNotAllowed.Code, Message: name + " is not allowed to be set"}
}
