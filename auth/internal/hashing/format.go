package hashing

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// stored is a hash as it was found in the database.
type stored interface {
	// matches computes the hash of password and compares it in constant time.
	matches(m *memory, password []byte) (bool, error)
	// normalised says that the hash is of a password in NFKC, for certain.
	normalised() bool
	// current says that the hash is what would be made today.
	current(own cost) bool
}

// What a stored argon2id hash may cost. The defaults of other libraries (up to
// 100 MiB and 8 lanes) pass; what would hold up the pool for long does not.
const (
	maxEncoded   = 512        // bytes of a whole string
	maxMemory    = 128 * 1024 // KiB
	maxTime      = 16
	maxLanes     = 16
	maxWork      = 512 * 1024 // KiB × passes: half a second
	minSalt      = 8
	maxSalt      = 64
	minKey       = 16
	maxKey       = 128
	maxBcrypt    = 14 // two to the power of rounds: about a second
	bcryptLength = 60
)

// parse reads a stored hash. Its errors are ErrUnsupported and do not contain
// any part of the string.
func parse(encoded string) (stored, error) {
	switch {
	case len(encoded) > maxEncoded:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrUnsupported, maxEncoded)
	case strings.HasPrefix(encoded, "$argon2id$"):
		return parseArgon2id(encoded)
	case strings.HasPrefix(encoded, "$2"):
		return parseBcrypt(encoded)
	default:
		return parseScrypt(encoded)
	}
}

func parseArgon2id(encoded string) (stored, error) {
	part := strings.Split(encoded, "$")
	if len(part) != 6 || part[2] != "v="+strconv.Itoa(argonVersion) {
		return nil, fmt.Errorf("%w: not argon2id version %d", ErrUnsupported, argonVersion)
	}
	c, err := parseCost(part[3])
	if err != nil {
		return nil, err
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(part[4])
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		return nil, fmt.Errorf("%w: salt of argon2id", ErrUnsupported)
	}
	key, err := base64.RawStdEncoding.Strict().DecodeString(part[5])
	if err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("%w: key of argon2id", ErrUnsupported)
	}
	return argon2idHash{cost: c, salt: salt, key: key}, nil
}

// parseCost reads `m=19456,t=2,p=1`.
func parseCost(text string) (cost, error) {
	var n [3]uint32
	field := strings.Split(text, ",")
	if len(field) != len(n) {
		return cost{}, fmt.Errorf("%w: parameters of argon2id", ErrUnsupported)
	}
	for i, name := range []string{"m=", "t=", "p="} {
		digits, found := strings.CutPrefix(field[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !found || err != nil {
			return cost{}, fmt.Errorf("%w: parameters of argon2id", ErrUnsupported)
		}
		n[i] = uint32(v)
	}
	c := cost{memory: n[0], time: n[1], lanes: n[2]}
	switch {
	case c.lanes < 1 || c.lanes > maxLanes,
		c.time < 1 || c.time > maxTime,
		c.memory < 2*syncPoints*c.lanes || c.memory > maxMemory,
		c.memory*c.time > maxWork:
		return cost{}, fmt.Errorf("%w: cost of argon2id", ErrUnsupported)
	}
	return c, nil
}

func parseScrypt(encoded string) (stored, error) {
	salt, key, found := strings.Cut(encoded, ":")
	if !found || len(salt) != scryptSalt || len(key) != 2*scryptKey {
		return nil, fmt.Errorf("%w: neither argon2id, bcrypt nor better-auth's scrypt", ErrUnsupported)
	}
	_, badSalt := hex.DecodeString(salt)
	raw, badKey := hex.DecodeString(key)
	if badSalt != nil || badKey != nil {
		return nil, fmt.Errorf("%w: hex digits of scrypt", ErrUnsupported)
	}
	return scryptHash{salt: salt, key: raw}, nil
}

// bcryptHash is a hash in bcrypt's own format. bcrypt sees the first 72 bytes
// of a password.
type bcryptHash struct {
	encoded string
}

func parseBcrypt(encoded string) (stored, error) {
	if len(encoded) != bcryptLength || !strings.ContainsRune("aby", rune(encoded[2])) || encoded[3] != '$' || encoded[6] != '$' {
		return nil, fmt.Errorf("%w: form of bcrypt", ErrUnsupported)
	}
	rounds, err := strconv.ParseUint(encoded[4:6], 10, 8)
	if err != nil || rounds < uint64(bcrypt.MinCost) || rounds > maxBcrypt {
		return nil, fmt.Errorf("%w: cost of bcrypt", ErrUnsupported)
	}
	for _, c := range []byte(encoded[7:]) {
		if !strings.ContainsRune("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", rune(c)) {
			return nil, fmt.Errorf("%w: letters of bcrypt", ErrUnsupported)
		}
	}
	return bcryptHash{encoded: encoded}, nil
}

func (h bcryptHash) matches(_ *memory, password []byte) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(h.encoded), password)
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("hashing: bcrypt: %w", err)
	}
	return true, nil
}

func (h bcryptHash) normalised() bool { return false }

func (h bcryptHash) current(cost) bool { return false }

// Known tells whether Verify can check passwords against a stored hash.
func Known(encoded string) bool {
	_, err := parse(encoded)
	return err == nil
}
