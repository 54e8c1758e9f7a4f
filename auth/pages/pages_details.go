package pages

import (
	"maps"
	"strconv"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// What people change of themselves on the account page: name, fields, picture and
// address.

// Avatars keeps uploaded pictures.
type Avatars interface {
	Set(r *api.Request, caller *core.Auth, file []byte) error
	Remove(r *api.Request, caller *core.Auth) error
}

// ownFields are the fields of authd.toml that people set themselves.
func (v *visit) ownFields() []views.ProfileField {
	var fields []views.ProfileField
	for _, f := range v.Core.UserFields.Configured() {
		if !f.Input {
			continue
		}
		value := v.auth.User.Extra.Text(f.Name)
		if day, _, isTime := strings.Cut(value, "T"); f.Type == "date" && isTime {
			value = day
		}
		fields = append(fields, views.ProfileField{Name: f.Name, Type: f.Type, Value: value, Required: f.Required})
	}
	return fields
}

// ownUsername is the field for the caller's own.
func (v *visit) ownUsername() views.Username {
	f := v.usernameField()
	if v.Usernames != nil {
		f.Value, f.Kept = v.Usernames.Written(v.auth.User), v.Usernames.Kept(v.auth.User)
		f.Shown, f.Showable = v.Usernames.Shown(v.auth.User)
	}
	return f
}

// changedUsername is what the form says of it, as values of the fields; what is
// wrong with it stands in the form.
func (v *visit) changedUsername(form *views.ProfileForm) (core.Values, error) {
	before, values := form.Username.Value, core.Values{}
	if v.Usernames == nil || form.Username.Kept {
		return values, nil
	}
	form.Username.Value = strings.TrimSpace(field(v.r, "username"))
	switch form.Username.Value {
	case before:
		return values, nil
	case "":
		form.Errors["username"] = views.Msg("field.username_missing")
		return values, nil
	}
	changed, err := v.Usernames.ForUpdate(v.r.Context(), v.auth.User, form.Username.Value)
	if err != nil && !v.blamesName(err, form.Errors) {
		return nil, err
	}
	maps.Copy(values, changed)
	return values, nil
}

// changedShown is changedUsername for how it is shown: nothing is as it is written.
func (v *visit) changedShown(form *views.ProfileForm, values core.Values) error {
	shown, given := v.r.Body["username_shown"].(string)
	if !form.Username.Showable || !given {
		return nil
	}
	before := form.Username.Shown
	form.Username.Shown = strings.TrimSpace(shown)
	if form.Username.Shown == before {
		return nil
	}
	if shown = form.Username.Shown; shown == "" {
		shown = form.Username.Value
	}
	changed, err := v.Usernames.ForShown(shown)
	if err != nil && !v.blamesName(err, form.Errors) {
		return err
	}
	maps.Copy(values, changed)
	return nil
}

// typed is what a field of the form says, as JSON would; nil for nothing.
func typed(kind, text string) any {
	text = strings.TrimSpace(text)
	switch {
	case kind == "boolean":
		return text != ""
	case text == "":
		return nil
	case kind == "number":
		if n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64); err == nil {
			return n
		}
		return text // refused as no number
	case kind == "string[]":
		list := []any{}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
		return list
	default:
		return text
	}
}

func (s *Service) saveProfile(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		form := views.ProfileForm{Name: strings.TrimSpace(field(r, "name")), Username: v.ownUsername(), Fields: v.ownFields(), Errors: views.Errors{}}
		if form.Name == "" {
			form.Errors["name"] = views.Msg("field.name_missing")
		}
		values, err := v.changedUsername(&form)
		if err == nil {
			err = v.changedShown(&form, values)
		}
		if err != nil {
			return nil, err
		}
		for i := range form.Fields {
			own := &form.Fields[i]
			given := field(r, "field-"+own.Name)
			own.Value = given
			if own.Type == "boolean" {
				own.Value = strconv.FormatBool(given != "")
			}
			value := typed(own.Type, given)
			taken, err := s.Core.UserFields.ForUpdate(map[string]any{own.Name: value})
			switch {
			case err != nil && value == nil:
				form.Errors["field-"+own.Name] = views.Msg("field.value_missing")
			case err != nil:
				form.Errors["field-"+own.Name] = views.Msg("field.value_wrong")
			default:
				values[own.Name] = taken[own.Name]
			}
		}
		if len(form.Errors) == 0 {
			err := s.Acts.UpdateProfile(r, v.auth, form.Name, values)
			if err == nil {
				return v.done("profile.saved")
			}
			if !s.blamesName(err, form.Errors) { // somebody took it meanwhile
				return nil, err
			}
		}
		return v.again(func(page *views.AccountPage) { page.Profile = form })
	})
}

// again is the account page with what is wrong in one of its forms.
func (v *visit) again(change func(page *views.AccountPage)) (api.Responder, error) {
	page := v.account()
	change(&page)
	return wrong(views.Account(v.page, page))
}

func (s *Service) uploadAvatar(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		file, _ := r.Body["picture"].([]byte)
		problem := "avatar.missing"
		if len(file) > 0 {
			err := s.Avatars.Set(r, v.auth, file)
			switch codeOf(err) {
			case "IMAGE_NOT_READABLE":
				problem = "avatar.unreadable"
			case "IMAGE_TOO_LARGE":
				problem = "avatar.too_large"
			default:
				if err != nil {
					return nil, err
				}
				return v.done("avatar.saved")
			}
		}
		return v.again(func(page *views.AccountPage) { page.Profile.Errors = views.Errors{"picture": views.Msg(problem)} })
	})
}

func (s *Service) removeAvatar(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		if err := s.Avatars.Remove(r, v.auth); err != nil {
			return nil, err
		}
		return v.done("avatar.removed")
	})
}

func (s *Service) askEmail(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		if ask, err := v.confirmFirst(); ask != nil || err != nil {
			return ask, err
		}
		email := strings.TrimSpace(field(r, "new_email"))
		before := v.auth.User.Email
		if !api.ValidEmail(email) || core.NormalizeEmail(email) == before {
			return v.again(func(page *views.AccountPage) {
				page.Email.Email, page.Email.Errors = email, views.Errors{"new_email": views.Msg("field.email_invalid")}
			})
		}
		if err := s.Acts.ChangeEmail(r, v.auth, email); err != nil {
			return nil, err
		}
		switch {
		case v.auth.User.Email != before:
			return v.done("email.changed")
		case s.mailInFiles():
			return v.done("email.asked_in_outbox")
		default:
			return v.done("email.asked")
		}
	})
}
