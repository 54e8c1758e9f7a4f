package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// complaint is the one line that stops the start.
type complaint struct {
	key     string
	source  string
	given   string
	allowed string
}

func (c *complaint) Error() string {
	return fmt.Sprintf("%s (%s) is %s; allowed: %s", c.key, c.source, c.given, c.allowed)
}

// refuse builds the complaint about a value. What was given is shown unless it is a secret.
func (k Key) refuse(source string, given any) error {
	return &complaint{key: k.Path, source: source, given: k.show(given), allowed: k.allowed()}
}

func (k Key) show(given any) string {
	if k.Secret {
		return "not usable (a secret, not shown)"
	}
	if k.Kind == "tables" { // may hold client secrets
		return fmt.Sprintf("a %T", given)
	}
	text := fmt.Sprint(given)
	if quoted, err := json.Marshal(given); err == nil {
		text = string(quoted)
	}
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}

// set puts a value, text from the environment or typed from TOML, into field.
func (k Key) set(field reflect.Value, source string, given any) error {
	value, err := k.parse(source, given)
	if err != nil {
		return err
	}
	if field.Kind() == reflect.Pointer { // one whose zero value says something
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	field.Set(reflect.ValueOf(value))
	return nil
}

func (k Key) parse(source string, given any) (any, error) {
	switch k.Kind {
	case "boolean":
		return k.parseBool(source, given)
	case "number":
		return k.parseNumber(source, given)
	case "fraction":
		return k.parseFraction(source, given)
	case "duration":
		return k.parseDuration(source, given)
	case "list":
		return k.parseList(source, given)
	case "table":
		if strings.HasSuffix(k.Path, ".additional_fields") {
			return k.parseFields(source, given)
		}
		return k.parseRules(source, given)
	case "tables":
		return k.parseTables(source, given)
	case "texts":
		return k.parseTexts(source, given)
	case "object":
		return k.parseObject(source, given)
	default:
		return k.parseString(source, given)
	}
}

// parseTables reads [[…]] tables, each by its own keys.
func (k Key) parseTables(source string, given any) (any, error) {
	switch k.Path {
	case "oauth_provider.resources":
		return k.parseResources(source, given)
	case "generic_oauth.config":
		return k.parseGeneric(source, given)
	case "webhook":
		return k.parseWebhooks(source, given)
	default:
		return k.parseClients(source, given)
	}
}

func (k Key) parseString(source string, given any) (any, error) {
	text, ok := given.(string)
	if !ok || !k.lines && strings.ContainsAny(text, "\r\n\x00") {
		return nil, k.refuse(source, given)
	}
	text = strings.TrimSpace(text)
	if text != "" && len(k.Allowed) > 0 && !slices.Contains(k.Allowed, text) {
		return nil, k.refuse(source, given)
	}
	return text, nil
}

func (k Key) parseBool(source string, given any) (any, error) {
	switch value := given.(type) {
	case bool:
		return value, nil
	case string:
		if parsed, err := strconv.ParseBool(strings.ToLower(value)); err == nil {
			return parsed, nil
		}
	}
	return nil, k.refuse(source, given)
}

func (k Key) parseNumber(source string, given any) (any, error) {
	var number int
	switch value := given.(type) {
	case int64:
		number = int(value)
	case int:
		number = value
	case float64: // JSON in the environment has no integers
		if value != math.Trunc(value) || math.Abs(value) > 1<<53 {
			return nil, k.refuse(source, given)
		}
		number = int(value)
	case string:
		parsed, err := strconv.Atoi(value)
		if err != nil {
			return nil, k.refuse(source, given)
		}
		number = parsed
	default:
		return nil, k.refuse(source, given)
	}
	if low, err := strconv.Atoi(k.min); err == nil && number < low {
		return nil, k.refuse(source, given)
	}
	if high, err := strconv.Atoi(k.max); err == nil && number > high {
		return nil, k.refuse(source, given)
	}
	return number, nil
}

func (k Key) parseFraction(source string, given any) (any, error) {
	var fraction float64
	switch value := given.(type) {
	case int64:
		fraction = float64(value)
	case float64:
		fraction = value
	case string:
		parsed, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, k.refuse(source, given)
		}
		fraction = parsed
	default:
		return nil, k.refuse(source, given)
	}
	if !(fraction >= 0 && fraction <= 1) {
		return nil, k.refuse(source, given)
	}
	return fraction, nil
}

func (k Key) parseDuration(source string, given any) (any, error) {
	text, ok := given.(string)
	if !ok {
		return nil, k.refuse(source, given)
	}
	duration, err := ParseDuration(text)
	if err != nil {
		return nil, k.refuse(source, given)
	}
	if low, err := ParseDuration(k.min); err == nil && duration < low {
		return nil, k.refuse(source, given)
	}
	if high, err := ParseDuration(k.max); err == nil && duration > high {
		return nil, k.refuse(source, given)
	}
	return duration, nil
}

func (k Key) parseList(source string, given any) (any, error) {
	var list []string
	switch value := given.(type) {
	case string:
		list = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' })
	case []any:
		for _, item := range value {
			text, ok := item.(string)
			if !ok {
				return nil, k.refuse(source, given)
			}
			list = append(list, text)
		}
	case bool:
		if k.Path != requireTwoFactor {
			return nil, k.refuse(source, given)
		}
		list = []string{strconv.FormatBool(value)}
	default:
		return nil, k.refuse(source, given)
	}
	kept := []string{}
	for _, item := range list {
		item = strings.TrimSpace(item)
		if len(k.Allowed) > 0 && !slices.Contains(k.Allowed, item) {
			return nil, k.refuse(source, item)
		}
		if item != "" {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// parseRules reads rate_limit.custom_rules.
func (k Key) parseRules(source string, given any) (any, error) {
	table, ok := given.(map[string]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	rules := map[string]RateLimitRule{}
	for _, path := range sortedNames(table) {
		rule, err := k.parseRule(source, path, table[path])
		if err != nil {
			return nil, err
		}
		rules[path] = rule
	}
	return rules, nil
}

func (k Key) parseRule(source, path string, given any) (RateLimitRule, error) {
	form := Key{
		Path:        k.Path + "." + strconv.Quote(path),
		allowedText: `false, or { window = "10s", max = 5 }, for a path that starts with /`,
	}
	if !strings.HasPrefix(path, "/") {
		return RateLimitRule{}, form.refuse(source, given)
	}
	if on, isBool := given.(bool); isBool && !on {
		return RateLimitRule{Disabled: true}, nil
	}
	table, ok := given.(map[string]any)
	if !ok || len(table) != 2 || table["window"] == nil || table["max"] == nil {
		return RateLimitRule{}, form.refuse(source, given)
	}
	window, err := Key{Path: form.Path + ".window", Kind: "duration", min: "1s", max: "1d"}.parseDuration(source, table["window"])
	if err != nil {
		return RateLimitRule{}, err
	}
	most, err := Key{Path: form.Path + ".max", Kind: "number", min: "1"}.parseNumber(source, table["max"])
	if err != nil {
		return RateLimitRule{}, err
	}
	return RateLimitRule{Window: window.(time.Duration), Max: most.(int)}, nil
}

// object is a table, or the JSON of one.
func (k Key) object(source string, given any) (map[string]any, error) {
	if table, isTable := given.(map[string]any); isTable {
		return table, nil
	}
	var table map[string]any
	if text, isText := given.(string); !isText || json.Unmarshal([]byte(text), &table) != nil || table == nil {
		return nil, k.refuse(source, given)
	}
	return table, nil
}

// parseObject reads a table, or the JSON of one, as JSON with its keys in order.
func (k Key) parseObject(source string, given any) (any, error) {
	table, err := k.object(source, given)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(table)
	if err != nil {
		return nil, k.refuse(source, given)
	}
	return json.RawMessage(raw), nil
}

// ParseDuration reads 7d, 24h, 5m and their sums (1d12h): Go's units, and d for 24 hours.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		return nonNegative(text)
	}
	count, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("parse days of %q: %w", text, err)
	}
	whole := time.Duration(count) * 24 * time.Hour
	if rest == "" {
		return whole, nil
	}
	part, err := nonNegative(rest)
	return whole + part, err
}

func nonNegative(text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("parse duration: %w", err)
	}
	if duration < 0 {
		return 0, fmt.Errorf("duration %q is negative", text)
	}
	return duration, nil
}

func sortedNames(table map[string]any) []string {
	return slices.Sorted(maps.Keys(table))
}
