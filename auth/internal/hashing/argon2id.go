package hashing

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	_ "unsafe" // for go:linkname

	_ "golang.org/x/crypto/argon2" // has compress and compressXOR
	"golang.org/x/crypto/blake2b"
)

// argon2id is RFC 9106 over a block of memory that the caller owns, on the
// calling thread. x/crypto/argon2.IDKey computes the same, but it allocates its
// memory anew for each hash, which costs a quarter of the time, and it fills
// that memory in goroutines of its own, which the scheduler puts on any thread:
// they would not run at the priority of the hashing threads. So the filling is
// written here, and the compression function, which decides the speed and has
// assembly for some processors, is x/crypto's.

const (
	argonVersion = 0x13 // RFC 9106 §3.1
	argonID      = 2    // argon2id, RFC 9106 §3.1
	syncPoints   = 4    // slices of a pass, RFC 9106 §3.4
	blockWords   = 128
	blockBytes   = 8 * blockWords
)

type block [blockWords]uint64

// compress is G of RFC 9106 §3.5: out = G(a, b).
//
//go:linkname compress golang.org/x/crypto/argon2.processBlock
//go:noescape
func compress(out, a, b *block)

// compressXOR is out = out XOR G(a, b).
//
//go:linkname compressXOR golang.org/x/crypto/argon2.processBlockXOR
//go:noescape
func compressXOR(out, a, b *block)

// cost is what one argon2id hash takes: memory in KiB, passes over it, lanes.
type cost struct {
	memory, time, lanes uint32
}

// blocks is the memory in blocks, a multiple of 4 for each lane (RFC 9106 §3.2).
func (c cost) blocks() uint32 {
	return max(c.memory, 2*syncPoints*c.lanes) / (syncPoints * c.lanes) * (syncPoints * c.lanes)
}

func (c cost) bytes() int { return int(c.blocks()) * blockBytes }

// argon2idHash is a stored hash in the PHC string format.
type argon2idHash struct {
	cost
	salt, key []byte
}

func (h argon2idHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argonVersion, h.memory, h.time, h.lanes, b64(h.salt), b64(h.key))
}

func (h argon2idHash) matches(m *memory, password []byte) (bool, error) {
	key, err := argon2id(m, h.cost, password, h.salt, len(h.key))
	return subtle.ConstantTimeCompare(key, h.key) == 1, err
}

func (h argon2idHash) normalised() bool { return false }

func (h argon2idHash) current(own cost) bool {
	return h.cost == own && len(h.salt) == saltLength && len(h.key) == keyLength
}

// argon2id computes the tag of RFC 9106 §3.2.
func argon2id(m *memory, c cost, password, salt []byte, length int) ([]byte, error) {
	blocks, err := m.blocks(c.blocks())
	if err != nil {
		return nil, err
	}
	seed := argonSeed(c, password, salt, length)
	f := fill{blocks: blocks, cost: c, lane: uint32(len(blocks)) / c.lanes}
	f.begin(seed)
	for pass := range c.time {
		for slice := range uint32(syncPoints) {
			for lane := range c.lanes {
				f.segment(pass, slice, lane)
			}
		}
	}
	return f.tag(length), nil
}

// argonSeed is H_0 of RFC 9106 §3.2.
func argonSeed(c cost, password, salt []byte, length int) []byte {
	var in []byte
	for _, n := range []uint32{c.lanes, uint32(length), c.memory, c.time, argonVersion, argonID} {
		in = binary.LittleEndian.AppendUint32(in, n)
	}
	// No secret and no associated data: their lengths are zero.
	for _, part := range [][]byte{password, salt, nil, nil} {
		in = binary.LittleEndian.AppendUint32(in, uint32(len(part)))
		in = append(in, part...)
	}
	sum := blake2b.Sum512(in)
	return sum[:]
}

// longHash is H' of RFC 9106 §3.3: BLAKE2b with output of any length.
func longHash(length int, in []byte) []byte {
	in = append(binary.LittleEndian.AppendUint32(nil, uint32(length)), in...)
	var out []byte
	for length-len(out) > blake2b.Size {
		sum := blake2b.Sum512(in)
		out = append(out, sum[:blake2b.Size/2]...)
		in = sum[:]
	}
	last, err := blake2b.New(length-len(out), nil)
	if err != nil {
		panic(err) // the length is 1 to 64
	}
	last.Write(in)
	return last.Sum(out)
}
