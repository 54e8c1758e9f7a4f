package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	tomlparser "github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/v2"
	"github.com/pelletier/go-toml/v2"
)

// FileName is the configuration file's name in the data directory.
const FileName = "authd.toml"

// Options says where to look.
type Options struct {
	File    string            // the configuration file; empty: AUTHD_CONFIG, then authd.toml in the data directory
	Environ []string          // as os.Environ gives it
	Flags   map[string]string // key path → text; the strongest
}

// layer is one source of settings, as koanf wants it.
type layer map[string]any

func (l layer) Read() (map[string]any, error) { return l, nil }

func (l layer) ReadBytes() ([]byte, error) { return nil, errors.ErrUnsupported }

// document is the text of authd.toml, as koanf wants it.
type document []byte

func (d document) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

func (d document) ReadBytes() ([]byte, error) { return d, nil }

// Load reads and checks everything. The error is one line for the person who runs authd.
func Load(opts Options) (*Config, error) {
	keys := Keys()
	env, err := readEnvironment(keys, opts.Environ)
	if err != nil {
		return nil, err
	}
	cfg := &Config{sources: map[string]string{}}
	text, err := cfg.findFile(opts, env)
	if err != nil {
		return nil, err
	}
	merged, err := cfg.merge(keys, text, env, opts.Flags)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		given := merged.Get(key.Path)
		if given == nil {
			continue
		}
		if err := key.set(reflect.ValueOf(cfg).Elem().FieldByIndex(key.index), cfg.Source(key.Path), given); err != nil {
			return nil, err
		}
	}
	if err := cfg.readSecret(); err != nil {
		return nil, err
	}
	cfg.resolve()
	return cfg, cfg.check()
}

// findFile reads the configuration file, when there is one.
func (c *Config) findFile(opts Options, env *environment) ([]byte, error) {
	name := opts.File
	if name == "" {
		name = env.file
	}
	named := name != ""
	if !named {
		data := "./data"
		if value, ok := env.values["data"]; ok {
			data = value
		}
		if value, ok := opts.Flags["data"]; ok {
			data = value
		}
		name = filepath.Join(data, FileName)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration file: %w", err)
	}
	c.File = name
	return text, nil
}

// merge lays the sources over each other and notes where each key was set.
func (c *Config) merge(keys []Key, text []byte, env *environment, flags map[string]string) (*koanf.Koanf, error) {
	merged := koanf.New(".")
	if err := merged.Load(defaults(keys), nil); err != nil {
		return nil, fmt.Errorf("load defaults: %w", err)
	}
	file, err := c.readFile(keys, text)
	if err != nil {
		return nil, err
	}
	if err := merged.Load(file, nil); err != nil {
		return nil, fmt.Errorf("load %s: %w", c.File, err)
	}
	over, err := env.layer(keys, merged.Get)
	if err != nil {
		return nil, err
	}
	for path, source := range env.sources {
		c.sources[path] = source
	}
	if err := merged.Load(over, nil); err != nil {
		return nil, fmt.Errorf("load the environment: %w", err)
	}
	for path, value := range flags {
		c.sources[path] = "--" + strings.NewReplacer("_", "-", ".", "-").Replace(path)
		if err := merged.Load(nested(path, value), nil); err != nil {
			return nil, fmt.Errorf("load flags: %w", err)
		}
	}
	return merged, nil
}

func defaults(keys []Key) layer {
	all := layer{}
	for _, key := range keys {
		if key.Default != "" {
			merge(all, nested(key.Path, key.Default))
		}
	}
	return all
}

// readFile parses authd.toml, refuses what is no key and resolves …_file.
func (c *Config) readFile(keys []Key, text []byte) (layer, error) {
	file := koanf.New(".")
	if err := file.Load(document(text), tomlparser.Parser()); err != nil {
		return nil, c.brokenFile(err)
	}
	table := layer(file.Raw())
	if err := c.walk(keys, table, ""); err != nil {
		return nil, err
	}
	return table, nil
}

func (c *Config) brokenFile(err error) error {
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, column := decode.Position()
		return fmt.Errorf("%s line %d column %d is not TOML: %s", c.File, row, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return fmt.Errorf("%s is not TOML: %w", c.File, err)
}

// walk checks that everything in a table of the file is a key, and notes what is set.
func (c *Config) walk(keys []Key, table map[string]any, prefix string) error {
	for _, name := range sortedNames(table) {
		path := prefix + name
		if _, found := find(keys, path); found {
			c.sources[path] = c.File
			continue
		}
		if base, isFile := strings.CutSuffix(path, "_file"); isFile {
			if key, found := find(keys, base); found && key.Secret {
				if err := c.readSecretFile(table, key, name); err != nil {
					return err
				}
				continue
			}
		}
		inner, isTable := table[name].(map[string]any)
		if !isTable || !isPrefix(keys, path+".") {
			return unknownKey(keys, path, prefix, c.File)
		}
		if err := c.walk(keys, inner, path+"."); err != nil {
			return err
		}
	}
	return nil
}

// readSecretFile replaces name, such as secret_file, in table by what the file holds.
func (c *Config) readSecretFile(table map[string]any, key Key, name string) error {
	plain := strings.TrimSuffix(name, "_file")
	if _, both := table[plain]; both {
		return fmt.Errorf("%s and %s_file are both set in %s; allowed: one of them", key.Path, key.Path, c.File)
	}
	file, ok := table[name].(string)
	if !ok {
		return Key{Path: key.Path + "_file", allowedText: "the path of a file"}.refuse(c.File, table[name])
	}
	value, err := secretFromFile(key.Path+"_file", c.File, file)
	if err != nil {
		return err
	}
	table[plain] = value
	delete(table, name)
	c.sources[key.Path] = c.File
	return nil
}

// secretFromFile reads what key, set at source, points to.
func secretFromFile(key, source, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s (%s) cannot be read: %w", key, source, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// unknownKey names the key and what stands at its place.
func unknownKey(keys []Key, path, prefix, source string) error {
	var names []string
	seen := map[string]bool{}
	for _, key := range keys {
		rest, below := strings.CutPrefix(key.Path, prefix)
		if !below {
			continue
		}
		name, _, _ := strings.Cut(rest, ".")
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	where := "here"
	if prefix != "" {
		where = "in [" + strings.TrimSuffix(prefix, ".") + "]"
	}
	return fmt.Errorf("%s (%s) is not a key; allowed %s: %s", path, source, where, strings.Join(names, ", "))
}

func find(keys []Key, path string) (Key, bool) {
	for _, key := range keys {
		if key.Path == path {
			return key, true
		}
	}
	return Key{}, false
}

func isPrefix(keys []Key, prefix string) bool {
	for _, key := range keys {
		if strings.HasPrefix(key.Path, prefix) {
			return true
		}
	}
	return false
}

// nested is {a: {b: value}} for a.b.
func nested(path string, value any) layer {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return layer{name: value}
	}
	return layer{name: map[string]any(nested(rest, value))}
}
