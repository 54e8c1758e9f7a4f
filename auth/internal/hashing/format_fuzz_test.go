package hashing

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2E$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")
	f.Add("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
	f.Add(strings.Repeat("0f", 16) + ":" + strings.Repeat("A1", 64))
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=4294967295$$")
	f.Add("$2")
	f.Fuzz(func(t *testing.T, encoded string) {
		h, err := parse(encoded)
		switch h := h.(type) {
		case nil:
			if !errors.Is(err, ErrUnsupported) {
				t.Errorf("neither a hash nor ErrUnsupported: %v", err)
			}
		case argon2idHash:
			if h.bytes() > maxMemory*1024 || h.memory*h.time > maxWork || h.lanes == 0 || h.time == 0 {
				t.Errorf("cost beyond the bounds: %+v", h.cost)
			}
			again, err := parse(h.String())
			if err != nil || !reflect.DeepEqual(again, stored(h)) {
				t.Errorf("%s does not read as it was written: %+v, %v", h, again, err)
			}
		case bcryptHash:
			if h.encoded[4] > '1' { // 14 at most
				t.Errorf("cost beyond the bounds: %s", h.encoded)
			}
		case scryptHash:
			if len(h.key) != scryptKey || len(h.salt) != scryptSalt {
				t.Errorf("scrypt of other lengths: %+v", h)
			}
		}
	})
}
