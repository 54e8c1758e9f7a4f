package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// object is a JSON object in the order it was written: the contract has an order
// of fields, and clients that sign or hash an answer see it.
type object []member

// anyOrder is an expected object whose fields may come in any order.
type anyOrder object

// including is an expected object that may have more fields, and whose lists may
// have more entries.
type including object

type member struct {
	Key   string
	Value any
}

// decodeOrdered reads JSON into object, []any, string, json.Number, bool and nil.
func decodeOrdered(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := readValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more after the end of the JSON value")
	}
	return value, nil
}

func readValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if delim == '[' {
		return readArray(d)
	}
	return readObject(d)
}

func readArray(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		value, err := readValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

func readObject(d *json.Decoder) (any, error) {
	all := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := readValue(d)
		if err != nil {
			return nil, err
		}
		all = append(all, member{Key: key.(string), Value: value})
	}
	_, err := d.Token()
	return all, err
}

func (o object) get(key string) (any, bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

func (o object) has(keys ...string) bool {
	for _, key := range keys {
		if _, ok := o.get(key); !ok {
			return false
		}
	}
	return true
}

// without is the object less some keys.
func (o object) without(drop func(key string) bool) object {
	kept := object{}
	for _, m := range o {
		if !drop(m.Key) {
			kept = append(kept, m)
		}
	}
	return kept
}

// with is the object with one value replaced, where it stands, or added at the end.
func (o object) with(key string, value any) object {
	changed := append(object{}, o...)
	for i := range changed {
		if changed[i].Key == key {
			changed[i].Value = value
			return changed
		}
	}
	return append(changed, member{key, value})
}

// inOrderOf is the object with its fields in another one's order.
func (o object) inOrderOf(other object) object {
	sorted := slices.Clone(o)
	place := func(m member) int {
		return slices.IndexFunc(other, func(in member) bool { return in.Key == m.Key })
	}
	slices.SortStableFunc(sorted, func(a, b member) int { return place(a) - place(b) })
	return sorted
}

// rewrite replaces every node of a tree, from the leaves up.
func rewrite(node any, change func(key string, value any) any) any {
	return rewriteAt("", node, change)
}

func rewriteAt(key string, node any, change func(key string, value any) any) any {
	switch n := node.(type) {
	case object:
		changed := make(object, len(n))
		for i, m := range n {
			changed[i] = member{m.Key, rewriteAt(m.Key, m.Value, change)}
		}
		return change(key, changed)
	case anyOrder:
		if changed, ok := rewriteAt(key, object(n), change).(object); ok {
			return anyOrder(changed)
		}
		return node
	case []any:
		changed := make([]any, len(n))
		for i, v := range n {
			changed[i] = rewriteAt(key, v, change)
		}
		return change(key, changed)
	}
	return change(key, node)
}

// plain turns ordered JSON into what encoding/json makes, for printing.
func plain(node any) any {
	switch n := node.(type) {
	case object:
		return json.RawMessage(printed(n))
	case anyOrder:
		return json.RawMessage(printed(object(n)))
	case including:
		return json.RawMessage(printed(object(n)))
	case anything:
		return "(" + string(n) + ")"
	}
	return node
}

func printed(node any) string {
	switch n := node.(type) {
	case object:
		var b bytes.Buffer
		b.WriteByte('{')
		for i, m := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%s", m.Key, printed(m.Value))
		}
		b.WriteByte('}')
		return b.String()
	case []any:
		var b bytes.Buffer
		b.WriteByte('[')
		for i, v := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(printed(v))
		}
		b.WriteByte(']')
		return b.String()
	}
	text, err := json.Marshal(plain(node))
	if err != nil {
		return fmt.Sprint(node)
	}
	return string(text)
}
