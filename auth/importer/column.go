package importer

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"authd/auth/internal/core"
)

// columnFactor tells that a user is asked for a second factor.
const columnFactor = "twofactorenabled"

// kept are the columns of users that have a place in authd.
func kept() []string {
	return []string{"id", "name", "email", "emailverified", "image", "createdat", "updatedat", "role", "banned", "banreason", "banexpires", columnFactor}
}

// noteColumns counts the values of a user that have no place here.
func (r *run) noteColumns(row *row) {
	for i, name := range row.names {
		switch row.values[i] {
		case nil, false, int64(0), "", json.Number("0"):
			continue // nothing said
		}
		if !slices.Contains(r.known, fold(name)) {
			r.columns = count(r.columns, name, 1)
		}
	}
}

// fieldsOf reads what a user has in the fields that are registered: those of
// authd.toml, and of capabilities. A value of another type is left out.
func (r *run) fieldsOf(row *row, note func(string)) (core.Values, error) {
	fields := r.core.UserFields
	input := map[string]any{}
	for _, field := range fields.All() {
		if fold(field.Name) == columnFactor && r.o.DropFactors {
			continue
		}
		value, err := valueOf(row, field)
		if err == nil && value == nil {
			continue
		}
		if err == nil {
			_, err = field.Take(value)
		}
		if err != nil {
			note("values of user." + field.Name + " are left out: each no " + field.Type)
			continue
		}
		input[field.Name] = value
	}
	if len(input) == 0 {
		return nil, nil
	}
	return fields.Trusted(input, "")
}

// valueOf is a column's value as JSON would have it.
func valueOf(row *row, field core.Field) (any, error) {
	column := fold(field.Name)
	switch value := row.value(column); {
	case value == nil:
		return nil, nil
	case field.Type == "boolean":
		return row.flag(column)
	case field.Type == "date":
		at, err := row.time(column)
		if err != nil || at == nil {
			return nil, err
		}
		return at.Format(time.RFC3339Nano), nil
	case field.Type == "number":
		if text, ok := value.(string); ok {
			return strconv.ParseFloat(text, 64)
		}
		return value, nil
	case field.Type == "string[]":
		list, err := row.list(column)
		items := make([]any, len(list))
		for i, one := range list {
			items[i] = one
		}
		return items, err
	default:
		return row.text(column, maxText)
	}
}
