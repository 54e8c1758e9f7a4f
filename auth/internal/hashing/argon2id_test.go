package hashing

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/crypto/argon2"
)

func TestArgon2idIsWhatTheReferenceImplementationComputes(t *testing.T) {
	// From the test program of github.com/P-H-C/phc-winner-argon2.
	for _, c := range []struct {
		rule           string
		cost           cost
		password, salt string
		want           string
	}{
		{
			"one lane, 64 MiB",
			cost{1 << 16, 2, 1},
			"password", "somesalt",
			"09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
		},
		{
			"one lane, little memory",
			cost{1 << 8, 2, 1},
			"password", "somesalt",
			"9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
		},
		{
			"two lanes",
			cost{1 << 8, 2, 2},
			"password", "somesalt",
			"6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
		},
		{
			"one pass",
			cost{1 << 16, 1, 1},
			"password", "somesalt",
			"f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
		},
		{
			"another salt",
			cost{1 << 16, 2, 1},
			"password", "diffsalt",
			"bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var m memory
			defer m.release()
			got, err := argon2id(&m, c.cost, []byte(c.password), []byte(c.salt), 32)
			if err != nil || hex.EncodeToString(got) != c.want {
				t.Errorf("got %x, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestArgon2idIsWhatXCryptoComputes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m memory
	defer m.release()
	for range 300 {
		c := cost{time: 1 + r.Uint32N(4), lanes: 1 + r.Uint32N(5)}
		c.memory = 8*c.lanes + r.Uint32N(700)
		password, salt := random(r.IntN(200)), random(8+r.IntN(40))
		length := 4 + r.IntN(200)
		t.Run(fmt.Sprintf("%+v length %d", c, length), func(t *testing.T) {
			got, err := argon2id(&m, c, password, salt, length)
			want := argon2.IDKey(password, salt, c.time, c.memory, uint8(c.lanes), uint32(length))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %x, %v, want %x", got, err, want)
			}
		})
	}
}

func TestWorkingMemoryIsReusedAndGivenBack(t *testing.T) {
	var m memory
	if _, err := m.blocks(64); err != nil {
		t.Fatal(err)
	}
	first := &m.bytes[0]
	if _, err := m.words(16); err != nil {
		t.Fatal(err)
	}
	if &m.bytes[0] != first {
		t.Error("less memory than there is was mapped anew")
	}
	m.keep(64 * blockBytes)
	if m.bytes == nil {
		t.Error("memory of the usual size was given back")
	}
	if _, err := m.blocks(128); err != nil {
		t.Fatal(err)
	}
	m.keep(64 * blockBytes)
	if m.bytes != nil {
		t.Error("memory above the usual size was kept")
	}
	m.release()
}

func BenchmarkHash(b *testing.B) {
	var m memory
	defer m.release()
	password, salt := []byte("password"), random(saltLength)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := argon2id(&m, standard, password, salt, keyLength); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHashAfterIdling(b *testing.B) {
	var m memory
	defer m.release()
	password, salt := []byte("password"), random(saltLength)
	for b.Loop() {
		m.release()
		if _, err := argon2id(&m, standard, password, salt, keyLength); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkXCrypto is the yardstick: the same hash by x/crypto.
func BenchmarkXCrypto(b *testing.B) {
	password, salt := []byte("password"), random(saltLength)
	b.ReportAllocs()
	for b.Loop() {
		argon2.IDKey(password, salt, standard.time, standard.memory, uint8(standard.lanes), keyLength)
	}
}
