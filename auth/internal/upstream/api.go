package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// apiRequest is a request to a provider's API.
type apiRequest struct {
	Method, URL string
	Token       string // access token, as Bearer (RFC 6750 §2.1)
	Header      map[string]string
	Form        url.Values
	JSON        string
}

// send makes the request; the error has neither its address, which may hold a
// token, nor what was answered.
func (p *Provider) send(ctx context.Context, r apiRequest) ([]byte, error) {
	body, kind := r.JSON, "application/json"
	if r.Form != nil {
		body, kind = r.Form.Encode(), "application/x-www-form-urlencoded"
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("its address cannot be read")
	}
	request.Header.Set("Accept", "application/json")
	if body != "" {
		request.Header.Set("Content-Type", kind)
	}
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	answer, err := p.out.Trusted().Do(request)
	if err != nil {
		var network *url.Error
		if errors.As(err, &network) {
			err = network.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// call makes the request and reads the JSON object it is answered with. Errors: ErrNoProfile.
func (p *Provider) call(ctx context.Context, r apiRequest) (map[string]any, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	body, err := p.send(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNoProfile, p.ID, err)
	}
	found, err := object(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s answers with no JSON object", ErrNoProfile, p.ID)
	}
	return found, nil
}

// object reads a JSON object, with numbers as they are written: some ids are
// longer than a float64 holds.
func object(body []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var found map[string]any
	if err := decoder.Decode(&found); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, errors.New("null")
	}
	return found, nil
}

// text is a value as text: ids come as numbers too.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64: // of an ID token's claims
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return ""
	}
}

// truth is a value as a flag: Apple sends "true".
func truth(value any) bool {
	if flag, ok := value.(bool); ok {
		return flag
	}
	word := text(value)
	return word == "true" || word == "1"
}

// at finds what stands at a path of Fields; the first alternative that has
// something wins.
func at(value any, paths string) any {
	for path := range strings.SplitSeq(paths, "|") {
		found := value
		for _, name := range strings.Fields(path) {
			found = step(found, name)
		}
		if path != "" && found != nil && found != "" {
			return found
		}
	}
	return nil
}

func step(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		return v[name]
	case []any:
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(v) {
			return v[n]
		}
	}
	return nil
}
