package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// environment is what the variables say, before it is merged.
type environment struct {
	file    string            // AUTHD_CONFIG
	values  map[string]string // key path → text
	numbers []numbered
	sources map[string]string // key path → variable
}

// numbered is one key of one table of a list: AUTHD_CLIENT__0__CLIENT_SECRET.
type numbered struct {
	variable string
	path     string // of the list
	at       int
	field    string
	given    any
}

// listKeys are the lists of tables, and what stands in a table of each.
func listKeys() map[string]func() []Key {
	return map[string]func() []Key{
		"client": ClientKeys, "generic_oauth.config": GenericProviderKeys, "oauth_provider.resources": ResourceKeys, "webhook": WebhookKeys,
	}
}

// numberedName is how the variables of a list begin.
func numberedName(path string) string { return envName(path) + "__" }

// otherVariables belong to authd but are no settings of the server.
func otherVariables() []string {
	return []string{"AUTHD_CONFIG", "AUTHD_TOKEN_FILE", "AUTHD_CHOWN_DATA"}
}

// serviceVariable matches what Kubernetes sets in every pod beside a service called authd.
func serviceVariable(name string) bool {
	return regexp.MustCompile(`^AUTHD_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`).MatchString(name)
}

// readEnvironment takes every AUTHD_ variable, and refuses one that means nothing.
// An empty variable counts as not set, for that is what compose files make of an absent one.
func readEnvironment(keys []Key, environ []string) (*environment, error) {
	env := &environment{values: map[string]string{}, sources: map[string]string{}}
	byName := map[string]Key{}
	for _, key := range keys {
		for _, name := range key.Env {
			byName[name] = key
		}
	}
	sorted := slices.Sorted(slices.Values(environ))
	for _, entry := range sorted {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "AUTHD_") || value == "" || serviceVariable(name) {
			continue
		}
		if err := env.take(byName, name, value); err != nil {
			return nil, err
		}
	}
	return env, nil
}

func (e *environment) take(byName map[string]Key, name, value string) error {
	if name == "AUTHD_CONFIG" {
		e.file = value
		return nil
	}
	if slices.Contains(otherVariables(), name) || testVariable(name) {
		return nil
	}
	if key, ok := byName[name]; ok {
		return e.put(key, name, value)
	}
	for path, keys := range listKeys() {
		if rest, ok := strings.CutPrefix(name, numberedName(path)); ok {
			return e.takeNumbered(numbered{variable: name, path: path}, keys(), rest, value)
		}
	}
	base, isFile := strings.CutSuffix(name, "_FILE")
	if key, ok := byName[base]; ok && isFile && key.Secret {
		secret, err := secretFromFile(key.Path, name, value)
		if err != nil {
			return err
		}
		return e.put(key, name, secret)
	}
	return fmt.Errorf("%s is not a setting; allowed: AUTHD_ and the path of a key joined by __, such as AUTHD_SESSION__EXPIRES_IN", name)
}

func (e *environment) put(key Key, name, value string) error {
	if other, twice := e.sources[key.Path]; twice {
		return fmt.Errorf("%s and %s both set %s; allowed: one of them", other, name, key.Path)
	}
	e.values[key.Path] = value
	e.sources[key.Path] = name
	return nil
}

// takeNumbered reads rest, such as 0__CLIENT_SECRET.
func (e *environment) takeNumbered(one numbered, keys []Key, rest, value string) error {
	number, field, _ := strings.Cut(rest, "__")
	at, err := strconv.ParseUint(number, 10, 8)
	one.at, one.field = int(at), strings.ToLower(field)
	base, isFile := strings.CutSuffix(one.field, "_file")
	key, known := find(keys, one.field)
	if !known && isFile {
		key, known = find(keys, base)
		known = known && key.Secret
	}
	if err != nil || !known {
		begins := numberedName(one.path)
		return fmt.Errorf("%s is not a setting; allowed: %s, a number from 0, and a key of it, such as %s0__%s",
			one.variable, begins, begins, strings.ToUpper(keys[0].Path))
	}
	one.given, err = key.decoded(one.variable, value)
	e.numbers = append(e.numbers, one)
	return err
}

// decoded is the text of a variable, or the JSON in it where the key is no text.
func (k Key) decoded(variable, text string) (any, error) {
	if k.Kind != "table" && k.Kind != "tables" && k.Kind != "texts" {
		return text, nil
	}
	var given any
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, fmt.Errorf("%s (%s) is not JSON: %w", k.Path, variable, err)
	}
	return given, nil
}

// layer is the environment as koanf merges it. file tells what the file says of a list.
func (e *environment) layer(keys []Key, file func(path string) any) (layer, error) {
	all := layer{}
	lists := map[string]any{}
	for path, value := range e.values {
		key, _ := find(keys, path)
		given, err := key.decoded(e.sources[path], value)
		if err != nil {
			return nil, err
		}
		lists[path] = given
		merge(all, nested(path, given))
	}
	slices.SortStableFunc(e.numbers, func(a, b numbered) int { return cmp.Compare(a.at, b.at) })
	for _, one := range e.numbers {
		if _, ok := lists[one.path]; !ok {
			lists[one.path] = file(one.path)
			if lists[one.path] == nil {
				e.sources[one.path] = numberedName(one.path) + "…"
			}
		}
		list, _ := lists[one.path].([]any)
		switch {
		case one.at > len(list):
			return nil, fmt.Errorf("%s has none before it; allowed: 0 to %d", one.variable, len(list))
		case one.at == len(list):
			list = append(list, map[string]any{})
		}
		if table, ok := list[one.at].(map[string]any); ok {
			table[one.field] = one.given
		}
		lists[one.path] = list
		merge(all, nested(one.path, list))
	}
	return all, nil
}

func merge(into, from map[string]any) {
	for name, value := range from {
		inner, isTable := value.(map[string]any)
		old, wasTable := into[name].(map[string]any)
		if isTable && wasTable {
			merge(old, inner)
			continue
		}
		into[name] = value
	}
}
