package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object keeps JSON objects readable here; encoding/json sorts their keys, so a
// generated document only changes when an endpoint does.
type object = map[string]any

// Document describes the endpoints of the JSON and operator APIs as OpenAPI 3.1.
// Pages are for people and not in it.
func Document(endpoints []Endpoint, title, description string) any {
	paths := object{}
	for i := range endpoints {
		e := &endpoints[i]
		if e.Page {
			continue
		}
		path := e.pattern()
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(e.Method)] = e.operation()
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": title, "description": description, "version": "1"},
		"paths":   paths,
		"components": object{
			"securitySchemes": object{
				"session":       object{"type": "apiKey", "in": "cookie", "name": "better-auth.session_token"},
				"fresh-session": object{"type": "apiKey", "in": "cookie", "name": "better-auth.session_token", "description": "A session whose person signed in not long ago."},
				"operator":      object{"type": "http", "scheme": "bearer", "description": "An operator token."},
			},
			"schemas": object{"Error": object{
				"type":       "object",
				"properties": object{"message": object{"type": "string"}, "code": object{"type": "string"}},
			}},
		},
	}
}

func (e *Endpoint) operation() object {
	op := object{"operationId": strings.ReplaceAll(e.ID, ".", "_"), "summary": e.Doc, "tags": []string{e.Tag}, "responses": e.responses()}
	if params := e.parameters(); len(params) > 0 {
		op["parameters"] = params
	}
	if e.Method != http.MethodGet && (len(e.in.body) > 0 || e.in.rest != nil) {
		content := object{}
		for _, m := range e.Media {
			content[m] = object{"schema": e.in.bodySchema()}
		}
		op["requestBody"] = object{"required": !e.in.allOptional(), "content": content}
	}
	for _, g := range e.Guards {
		if g.Name != "" && !g.Optional {
			op["security"] = []object{{g.Name: []string{}}}
		}
	}
	return op
}

func (e *Endpoint) parameters() []object {
	var params []object
	for _, f := range e.in.path {
		params = append(params, object{"name": f.name, "in": "path", "required": true, "schema": f.schema()})
	}
	for _, f := range e.in.query {
		params = append(params, object{"name": f.name, "in": "query", "required": !f.optional, "schema": f.schema()})
	}
	return params
}

func (s *schema) bodySchema() object {
	props, required := object{}, []string{}
	for _, f := range s.body {
		props[f.name] = f.schema()
		if !f.optional {
			required = append(required, f.name)
		}
	}
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (f *field) schema() object {
	out := typeSchema(f.typ)
	if f.nested != nil {
		out = f.nested.bodySchema()
	}
	if f.doc != "" {
		out["description"] = f.doc
	}
	for _, r := range f.rules {
		switch {
		case r.name == "email":
			out["format"] = "email"
		case r.name == "notempty":
			out["minLength"] = 1
		case strings.HasPrefix(r.name, "enum="):
			out["enum"] = strings.Split(strings.TrimPrefix(r.name, "enum="), "|")
		}
	}
	if f.nullable {
		out["type"] = []any{out["type"], "null"}
	}
	return out
}

// typeSchema describes a Go type as JSON Schema, by its json tags.
func typeSchema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Map:
		return object{"type": "object"}
	case reflect.Struct:
		return structSchema(t)
	default:
		return object{}
	}
}

func structSchema(t reflect.Type) object {
	props := object{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if f.Anonymous && name == "" { // its fields stand beside the others (encoding/json)
			if inner, ok := structSchema(f.Type)["properties"].(object); ok {
				maps.Copy(props, inner)
			}
			continue
		}
		if f.Anonymous && name == "" {
			if inner, ok := structSchema(f.Type)["properties"].(object); ok {
				maps.Copy(props, inner)
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		props[name] = typeSchema(f.Type)
	}
	return object{"type": "object", "properties": props}
}

// responses are the success and all errors, by status; an error's codes are listed.
func (e *Endpoint) responses() object {
	out := object{"200": e.success()}
	if e.out == reflect.TypeFor[Redirect]() {
		out = object{"302": object{"description": "On to another place.", "headers": object{"Location": object{"schema": object{"type": "string"}}}}}
	}
	if e.out == reflect.TypeFor[NoContent]() {
		out = object{"204": object{"description": "Done."}}
	}
	codes := map[int][]string{}
	for _, err := range e.allErrors() {
		codes[err.Status] = append(codes[err.Status], err.Code)
	}
	for _, status := range slices.Sorted(maps.Keys(codes)) {
		list := codes[status]
		slices.Sort(list)
		list = slices.Compact(list)
		text := http.StatusText(status)
		if names := strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), ", "); names != "" {
			text = names
		}
		out[strconv.Itoa(status)] = object{
			"description": text,
			"content":     object{MediaJSON: object{"schema": object{"$ref": "#/components/schemas/Error"}}},
		}
	}
	return out
}

// allErrors are those an endpoint declares and those its declaration implies.
func (e *Endpoint) allErrors() []*Error {
	all := slices.Clone(e.Errors)
	if e.Limit.Max >= 0 {
		all = append(all, errTooMany)
	}
	if len(e.in.body)+len(e.in.query) > 0 {
		all = append(all, &Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR"})
	}
	if e.Method != http.MethodGet {
		all = append(all, ErrBadJSON, ErrTooLarge, &Error{Status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE"})
		if e.Origin != OriginNone {
			all = append(all, ErrMissingOrigin, ErrInvalidOrigin)
		}
	}
	for _, g := range e.Guards {
		if g.Name != "" && !g.Optional {
			all = append(all, ErrUnauthorized)
		}
	}
	return all
}

func (e *Endpoint) success() object {
	if e.out == nil || e.out.Implements(reflect.TypeFor[Responder]()) || e.out.Kind() == reflect.Interface {
		return object{"description": "Done."}
	}
	return object{"description": "Done.", "content": object{MediaJSON: object{"schema": typeSchema(e.out)}}}
}
