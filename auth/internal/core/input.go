package core

import (
	"context"
	"maps"
)

// UserInput is what somebody says of a user's fields, before it is taken.
type UserInput struct {
	User    *User          // whose they are; nil where that is not known, or nobody yet
	New     bool           // of somebody who is about to be made
	Trusted bool           // whoever runs the server says it
	Values  map[string]any // as JSON decodes them; rules may change them
	// Also is what rules give of fields that are not the person's to set.
	Also Values
}

// FieldsForNew is what somebody who signs up says of UserFields. Errors: those of
// [Fields.ForNew], and of the capabilities that have rules.
func (c *Core) FieldsForNew(ctx context.Context, input map[string]any) (Values, error) {
	if err := c.checkInput(ctx, &UserInput{New: true, Values: input, Also: Values{}}); err != nil {
		return nil, err
	}
	return c.UserFields.ForNew(input)
}

// FieldsForUpdate is what a person changes of their UserFields. Errors: those of
// [Fields.ForUpdate], and of the capabilities that have rules.
func (c *Core) FieldsForUpdate(ctx context.Context, u *User, input map[string]any) (Values, error) {
	in := &UserInput{User: u, Values: input, Also: Values{}}
	if err := c.checkInput(ctx, in); err != nil {
		return nil, err
	}
	values, err := c.UserFields.ForUpdate(input)
	if err == nil {
		maps.Copy(values, in.Also)
	}
	return values, err
}

// TrustedFields are fields that whoever runs the server gives a user, a new one or
// one who is there. Errors: those of [Fields.Trusted], and of the capabilities that have rules.
func (c *Core) TrustedFields(ctx context.Context, isNew bool, input map[string]any, place string) (Values, error) {
	if input == nil {
		input = map[string]any{}
	}
	if err := c.checkInput(ctx, &UserInput{New: isNew, Trusted: true, Values: input, Also: Values{}}); err != nil {
		return nil, err
	}
	return c.UserFields.Trusted(input, place)
}

func (c *Core) checkInput(ctx context.Context, in *UserInput) error {
	for _, check := range c.UserInput {
		if err := check(ctx, in); err != nil {
			return err
		}
	}
	return nil
}
