package importer

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"authd/auth/internal/store"
)

func TestAPostgresThatCannotBeReadIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"postgres://reader:swordfish@127.0.0.1:1/app":        "127.0.0.1",
		"postgresql://reader:swordfish@127.0.0.1:no/app":     "",
		"postgres://reader:swordfish@127.0.0.1:1/app?a=%zz":  "",
		"postgres://reader:swordfish@127.0.0.1/?sslmode=odd": "sslmode",
	} {
		s, err := Open(t.Context(), place)
		if err == nil {
			_ = s.Close()
			t.Fatalf("%s was opened", place)
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "swordfish") {
			t.Fatalf("%s: %v", place, err)
		}
	}
}

func TestACopiedValueComesBackAsItWas(t *testing.T) {
	t.Parallel()
	most := bytes.Repeat([]byte("x"), maxValue)
	var file bytes.Buffer
	out := bufio.NewWriter(&file)
	for _, value := range [][]byte{nil, {}, []byte("Zoë\x00"), most, append(most, 'y'), []byte("after")} {
		if err := writeValue(out, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(&file)
	for i, want := range []any{nil, "", "Zoë\x00", string(most), store.TooLong{Bytes: maxValue + 1}, "after"} {
		got, err := readValue(in)
		if err != nil || got != want {
			t.Fatalf("value %d: %.40v, %v", i, got, err)
		}
	}
	if _, err := readValue(in); err == nil {
		t.Fatal("there is a value behind the last one")
	}
}
