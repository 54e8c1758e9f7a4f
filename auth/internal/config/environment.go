package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// environment is what the variables say, before it is merged.
type environment struct {
	file    string            // AUTHD_CONFIG
	values  map[string]string // key path → text
	clients map[string]string // "0.client_secret" → text
	sources map[string]string // key path → variable
}

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
	env := &environment{values: map[string]string{}, clients: map[string]string{}, sources: map[string]string{}}
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
	if rest, ok := strings.CutPrefix(name, "AUTHD_CLIENT__"); ok {
		return e.takeClient(name, rest, value)
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

// takeClient reads AUTHD_CLIENT__0__CLIENT_SECRET: one key of the first [[client]].
func (e *environment) takeClient(name, rest, value string) error {
	number, field, _ := strings.Cut(rest, "__")
	_, err := strconv.ParseUint(number, 10, 8)
	field = strings.ToLower(field)
	base, isFile := strings.CutSuffix(field, "_file")
	key, known := find(ClientKeys(), field)
	if !known && isFile {
		key, known = find(ClientKeys(), base)
		known = known && key.Secret
	}
	if err != nil || !known {
		return fmt.Errorf("%s is not a setting; allowed: AUTHD_CLIENT__, the number of the client from 0, and a key of it, such as AUTHD_CLIENT__0__CLIENT_SECRET", name)
	}
	e.clients[number+"."+field] = value
	return nil
}

// layer is the environment as koanf merges it. clients is what the file says about [[client]].
func (e *environment) layer(keys []Key, clients any) (layer, error) {
	all := layer{}
	for path, value := range e.values {
		key, _ := find(keys, path)
		var given any = value
		if key.Kind == "table" || key.Kind == "tables" || key.Kind == "texts" {
			if err := json.Unmarshal([]byte(value), &given); err != nil {
				return nil, fmt.Errorf("%s (%s) is not JSON: %w", path, e.sources[path], err)
			}
		}
		merge(all, nested(path, given))
	}
	if len(e.clients) == 0 {
		return all, nil
	}
	if given, ok := all["client"]; ok {
		clients = given
	}
	list, err := e.patchClients(clients)
	all["client"] = list
	return all, err
}

// patchClients lays AUTHD_CLIENT__<n>__<KEY> over the list of clients.
func (e *environment) patchClients(clients any) ([]any, error) {
	list, _ := clients.([]any)
	for _, path := range slices.Sorted(maps.Keys(e.clients)) {
		number, field, _ := strings.Cut(path, ".")
		at, _ := strconv.Atoi(number)
		if at > len(list) {
			return nil, fmt.Errorf("AUTHD_CLIENT__%d__%s has no client before it; allowed: 0 to %d", at, strings.ToUpper(field), len(list))
		}
		if at == len(list) {
			list = append(list, map[string]any{})
		}
		if table, ok := list[at].(map[string]any); ok {
			table[field] = e.clients[path]
		}
	}
	return list, nil
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
