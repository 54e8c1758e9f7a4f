package config_test

import (
	"strings"
	"testing"
)

func TestFieldsThatStopTheStart(t *testing.T) {
	for name, c := range map[string]struct{ toml, want string }{
		"a built-in name":               {"[user.additional_fields.email]\n", "user.additional_fields.email"},
		"a built-in name in capitals":   {"[user.additional_fields.ID]\n", "allowed: another name"},
		"a claim of tokens":             {"[user.additional_fields.sub]\n", "allowed: another name"},
		"a session's own name":          {"[session.additional_fields.token]\n", "allowed: another name"},
		"two names that differ by case": {"[user.additional_fields.plan]\n[user.additional_fields.Plan]\n", "allowed: another name"},
		"a name with a dash":            {"[user.additional_fields.a-b]\n", "letters, digits and _"},
		"an unknown type":               {"[user.additional_fields.plan]\ntype = \"json\"\n", "string, number, boolean, date, string[]"},
		"an unknown key":                {"[user.additional_fields.plan]\nindexed = true\n", "type, required, input, returned, unique, default_value"},
		"a unique flag":                 {"[user.additional_fields.plan]\ntype = \"boolean\"\nunique = true\n", "string, number and date"},
		"a unique field of sessions":    {"[session.additional_fields.plan]\nunique = true\n", "only fields of users"},
		"a unique default":              {"[user.additional_fields.plan]\nunique = true\ndefault_value = \"a\"\n", "no default_value"},
		"no table":                      {"[user.additional_fields]\nplan = \"string\"\n", "a table"},
		"a default of another type":     {"[user.additional_fields.plan]\ntype = \"number\"\ndefault_value = \"x\"\n", "a number"},
		"a field nobody could give":     {"[user.additional_fields.plan]\nrequired = true\ninput = false\n", "nobody could sign up"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, c.toml)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestFieldsAreRead(t *testing.T) {
	cfg, _, err := load(t, `
[user.additional_fields.plan]
default_value = "free"
input = false
[user.additional_fields.born]
type = "date"
default_value = 1990-01-02
[user.additional_fields.age]
type = "number"
default_value = 3
[session.additional_fields.theme]
`)
	if err != nil {
		t.Fatal(err)
	}
	f := cfg.User.AdditionalFields
	if len(f) != 3 || f[0].Name != "age" || f[0].Default != 3.0 || f[1].Default != "1990-01-02T00:00:00.000Z" || f[2].Default != "free" || f[2].Input || !f[2].Returned {
		t.Fatalf("%+v", f)
	}
	if s := cfg.Session.AdditionalFields; len(s) != 1 || s[0].Type != "string" || !s[0].Input || s[0].Default != nil {
		t.Fatalf("%+v", s)
	}
}
