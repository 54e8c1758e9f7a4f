package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// absent is the body of a request that has none; JSON null is nil.
type absent struct{}

// readBody reads and parses the body: absent{}, or what the JSON or form says.
// Errors: 415 for a type the endpoint does not take, 413, 400 for bad JSON.
func (r *Request) readBody() (any, error) {
	if r.endpoint.Method == http.MethodGet || r.HTTP.Body == nil || r.HTTP.Body == http.NoBody {
		return absent{}, nil
	}
	kind := r.HTTP.Header.Get("Content-Type")
	if kind == "" {
		return absent{}, nil
	}
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || !r.endpoint.takes(media) {
		return nil, &Error{
			Status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE",
			Message: `Content-Type "` + clip(kind, 100) + `" is not allowed. Allowed types: ` + strings.Join(r.endpoint.Media, ", "),
		}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(r.w, r.HTTP.Body, r.maxBody()))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, ErrTooLarge
		}
		return nil, ErrBadJSON // the client went away or sent a broken chunk: nothing more to say
	}
	if len(raw) == 0 {
		return absent{}, nil
	}
	switch media {
	case MediaForm:
		return parseForm(raw)
	case MediaUpload:
		return parseUpload(raw, params["boundary"])
	default:
		return parseJSON(raw)
	}
}

func (r *Request) maxBody() int64 {
	if r.endpoint.MaxBody != 0 {
		return r.endpoint.MaxBody
	}
	return r.router.cfg.MaxBody
}

// mostParts bounds the fields of an upload.
const mostParts = 20

// parseUpload reads a form with files (RFC 7578): a field is a text, a file its
// bytes. A file's name and type are what the client says of it, and mean nothing.
func parseUpload(raw []byte, boundary string) (any, error) {
	bad := &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Invalid form in request body"}
	if boundary == "" {
		return nil, bad
	}
	parts, values := multipart.NewReader(bytes.NewReader(raw), boundary), map[string]any{}
	for range mostParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, bad
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, bad
		}
		if part.FileName() != "" {
			values[part.FormName()] = data
		} else {
			values[part.FormName()] = string(data)
		}
	}
	return nil, bad
}

func (e *Endpoint) takes(media string) bool {
	for _, m := range e.Media {
		if m == media {
			return true
		}
	}
	return false
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func parseJSON(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, ErrBadJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrBadJSON
	}
	return v, nil
}

// parseForm keeps the last value of a repeated field, as the contract does,
// except that all of them stay visible to a []string field.
func parseForm(raw []byte) (any, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Invalid form in request body"}
	}
	return formMap(values), nil
}

func formMap(values url.Values) map[string]any {
	m := make(map[string]any, len(values))
	for k, v := range values {
		m[k] = formValue(v)
	}
	return m
}

// formValue is a field of a form or a query: a text, or several as a list.
func formValue(v []string) any {
	if len(v) == 1 {
		return v[0]
	}
	list := make([]any, len(v))
	for i, s := range v {
		list[i] = s
	}
	return list
}

// decode fills in from the request and returns the contract's validation error
// when something is missing or of the wrong type.
func (s *schema) decode(r *Request, body any, in any) error {
	dst := reflect.ValueOf(in).Elem()
	var bad []string
	if len(s.body) > 0 || s.rest != nil {
		bad = s.decodeBody(body, dst, bad)
	}
	if len(s.query) > 0 {
		var query url.Values
		if r.HTTP.URL.RawQuery != "" {
			query = r.HTTP.URL.Query()
		}
		for i := range s.query {
			f := &s.query[i]
			values, present := query[f.name]
			bad = f.set(dst, queryValue(f, values), present, "query", bad)
		}
	}
	for i := range s.path {
		f := &s.path[i]
		bad = f.set(dst, r.HTTP.PathValue(f.name), true, "path", bad)
	}
	if bad != nil {
		return &Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: strings.Join(bad, "; ")}
	}
	return nil
}

// queryValue reads a query parameter; a boolean follows the contract, where
// any text that is not empty is true (z.coerce.boolean).
func queryValue(f *field, values []string) any {
	if len(values) == 0 {
		return nil
	}
	switch f.typ.Kind() {
	case reflect.Bool:
		return len(values) > 1 || values[0] != ""
	case reflect.Float64, reflect.Int64, reflect.Int:
		return json.Number(values[0])
	default:
		return formValue(values)
	}
}

func (s *schema) decodeBody(body any, dst reflect.Value, bad []string) []string {
	want := "object"
	if len(s.body) == 0 && !s.allOptional() {
		want = "record"
	}
	m, isMap := body.(map[string]any)
	if _, none := body.(absent); none && s.allOptional() {
		return bad
	}
	if !isMap {
		_, none := body.(absent)
		return append(bad, "[body] Invalid input: expected "+want+", received "+received(body, !none))
	}
	for i := range s.body {
		f := &s.body[i]
		v, present := m[f.name]
		bad = f.set(dst, v, present, "body", bad)
	}
	if s.rest != nil {
		rest := make(map[string]any, len(m))
		for k, v := range m {
			if !s.names(k) {
				rest[k] = v
			}
		}
		dst.Field(s.rest.index).Set(reflect.ValueOf(rest))
	}
	return bad
}

func (s *schema) allOptional() bool {
	for i := range s.body {
		if !s.body[i].optional {
			return false
		}
	}
	return s.rest == nil || s.rest.optional
}

func (s *schema) names(name string) bool {
	for i := range s.body {
		if s.body[i].name == name {
			return true
		}
	}
	return false
}

// set checks one value and stores it; a failure is appended to bad.
func (f *field) set(dst reflect.Value, v any, present bool, place string, bad []string) []string {
	if !present && f.optional || v == nil && present && f.nullable {
		return bad
	}
	path := place + "." + f.name
	target := dst.Field(f.index)
	if f.pointer {
		target.Set(reflect.New(f.typ))
		target = target.Elem()
	}
	if object, ok := v.(map[string]any); ok && f.nested != nil {
		for i := range f.nested.body {
			inner := &f.nested.body[i]
			value, there := object[inner.name]
			bad = inner.set(target, value, there, path, bad)
		}
		return bad
	}
	if text := assign(target, v, present, &path); text != "" {
		if f.options != "" { // whatever else it is, it is none of them
			text = f.options
		}
		return append(bad, "["+path+"] "+text)
	}
	for _, rule := range f.rules {
		if !rule.ok(v) {
			return append(bad, "["+path+"] "+rule.text)
		}
	}
	return bad
}

// assign stores v in target, or says in the contract's words why it does not
// fit; path grows to the element at fault.
func assign(target reflect.Value, v any, present bool, path *string) string {
	mismatch := "Invalid input: expected " + zodType(target.Type()) + ", received " + received(v, present)
	switch target.Kind() {
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			return mismatch
		}
		target.SetString(s)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return mismatch
		}
		target.SetBool(b)
	case reflect.Interface:
		if !present {
			return "Invalid input: expected nonoptional, received undefined"
		}
		if v != nil {
			target.Set(reflect.ValueOf(v))
		}
	default:
		return assignCompound(target, v, mismatch, path)
	}
	return ""
}

func assignCompound(target reflect.Value, v any, mismatch string, path *string) string {
	switch target.Kind() {
	case reflect.Float64, reflect.Int64, reflect.Int:
		n, ok := v.(json.Number)
		if !ok {
			return mismatch
		}
		x, err := n.Float64()
		if err != nil {
			return strings.Replace(mismatch, "received number", "received NaN", 1)
		}
		if target.Kind() == reflect.Float64 {
			target.SetFloat(x)
			return ""
		}
		if x != float64(int64(x)) {
			return "Invalid input: expected int, received number"
		}
		target.SetInt(int64(x))
	case reflect.Slice:
		return assignList(target, v, mismatch, path)
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return mismatch
		}
		target.Set(reflect.ValueOf(m))
	case reflect.Struct: // an object was read by the field's own schema
		return mismatch
	}
	return ""
}

func assignList(target reflect.Value, v any, mismatch string, path *string) string {
	list, ok := v.([]any)
	if !ok {
		return mismatch
	}
	out := reflect.MakeSlice(target.Type(), len(list), len(list))
	for i, item := range list {
		element := *path + "." + strconv.Itoa(i)
		if text := assign(out.Index(i), item, true, &element); text != "" {
			*path = element
			return text
		}
	}
	target.Set(out)
	return ""
}
