package core

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// FieldTaken tells that another user has the value of a field that is unique.
type FieldTaken struct {
	Field string
	words error // the capability's own, nil where it has none
}

func (e *FieldTaken) Error() string { return e.Field + " is already taken" }

// Unwrap is how it is answered where a capability has no words of its own.
func (e *FieldTaken) Unwrap() error {
	if e.words != nil {
		return e.words
	}
	return &api.Error{Status: http.StatusUnprocessableEntity, Code: ErrFieldTaken.Code, Message: e.Error()}
}

// UserByField finds the user who has the value of a unique field. A value that nobody
// has costs the reading of a user, too: the time must not tell. Errors: store.ErrNotFound.
func (c *Core) UserByField(ctx context.Context, q store.Querier, field, value string) (*User, error) {
	u, err := c.complete(findUserNearField(ctx, q, field, value))
	if err == nil && u.Extra.Text(field) != value {
		return nil, store.ErrNotFound
	}
	return u, err
}

// keepUnique brings the index on unique fields to what is about a user: of those
// whose value is another than before. Errors: *FieldTaken.
func (c *Core) keepUnique(ctx context.Context, tx *store.Tx, userID string, before, after Extra) error {
	for _, field := range c.UserFields.unique {
		value := after.Text(field)
		if value == before.Text(field) {
			continue
		}
		if err := takeUnique(ctx, tx, userID, field, value); err != nil {
			return c.UserFields.inWords(err)
		}
	}
	return nil
}

func takeUnique(ctx context.Context, tx *store.Tx, userID, field, value string) error {
	if value == "" {
		return deleteUnique(ctx, tx, userID, field)
	}
	err := upsertUnique(ctx, tx, userID, field, value)
	if store.IsUnique(err, "user_unique.value") {
		return &FieldTaken{Field: field}
	}
	return err
}

const (
	uniqueSetting = "unique_fields" // those that are indexed
	indexBatch    = 500
)

// IndexFields brings the index on unique fields to the configuration of now; run it
// before the first request. The error names the users of whom one must change.
func (c *Core) IndexFields(ctx context.Context) error {
	indexed, err := findSetting(ctx, c.DB, uniqueSetting)
	if err != nil {
		return err
	}
	wanted := slices.Sorted(slices.Values(c.UserFields.unique))
	if indexed == strings.Join(wanted, " ") {
		return nil
	}
	have := strings.Fields(indexed)
	for _, field := range have {
		if !slices.Contains(wanted, field) {
			if err := c.DB.Write(ctx, func(tx *store.Tx) error { return deleteUniqueField(ctx, tx, field) }); err != nil {
				return err
			}
		}
	}
	missing := slices.DeleteFunc(slices.Clone(wanted), func(field string) bool { return slices.Contains(have, field) })
	for after := ""; len(missing) > 0; {
		users, err := c.Users(ctx, c.DB, after, indexBatch)
		if err != nil {
			return err
		}
		if len(users) == 0 {
			break
		}
		if err := c.DB.Write(ctx, func(tx *store.Tx) error { return indexUsers(ctx, tx, users, missing) }); err != nil {
			return err
		}
		after = users[len(users)-1].ID
	}
	return c.DB.Write(ctx, func(tx *store.Tx) error { return c.SaveSetting(ctx, tx, uniqueSetting, strings.Join(wanted, " ")) })
}

func indexUsers(ctx context.Context, tx *store.Tx, users []*User, fields []string) error {
	for _, u := range users {
		for _, field := range fields {
			value := u.Extra.Text(field)
			if value == "" {
				continue
			}
			err := upsertUnique(ctx, tx, u.ID, field, value)
			if !store.IsUnique(err, "user_unique.value") {
				if err != nil {
					return err
				}
				continue
			}
			other, err := findUserNearField(ctx, tx, field, value)
			if err != nil {
				return err
			}
			return fmt.Errorf("user.additional_fields.%s.unique: the users %s and %s have the same value; allowed: true once one of them has another", field, other.ID, u.ID)
		}
	}
	return nil
}
