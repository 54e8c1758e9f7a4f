package captcha

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// work is authd's own captcha, in the manner of hashcash: a number is sought with which a
// hash begins with so many zero bits. What a task is lies in the task, signed, so that none
// of them is kept; only solutions are, until they would have ended.
type work struct {
	core *core.Core
	cfg  config.Captcha
	keys *core.Signer
}

func newWork(c *core.Core) (*work, error) {
	keys, err := c.Keys.Signer("proof of work")
	if err != nil {
		return nil, err
	}
	return &work{core: c, cfg: c.Config.Captcha, keys: keys}, nil
}

// spentPurpose is what solutions are kept under.
const spentPurpose = "proof-of-work"

// A task is its end (milliseconds), its difficulty and random bytes, then the signature over
// these and its purpose.
const (
	atDifficulty = 8
	atRandom     = atDifficulty + 1
	taskBytes    = atRandom + 16
	maxNonce     = 16 // digits; more than are ever needed
)

// task makes one for a purpose. Its two parts are base64url, with a dot between them.
func (w *work) task(purpose string, difficulty int, end time.Time) string {
	raw := make([]byte, taskBytes)
	binary.BigEndian.PutUint64(raw, uint64(end.UnixMilli()))
	raw[atDifficulty] = byte(difficulty)
	_, _ = rand.Read(raw[atRandom:]) // never fails (crypto/rand)
	return encode(raw) + "." + encode(w.sign(raw, purpose))
}

func (w *work) sign(raw []byte, purpose string) []byte {
	return w.keys.Sign(raw, []byte(purpose))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// strict refuses a second writing of the same bytes, which would be used a second time.
var strict = base64.RawURLEncoding.Strict()

// verify implements [verifier]. Errors: ErrFailed, and those of the database.
func (w *work) verify(r *api.Request, response string, purposes []string) error {
	ctx := r.Context()
	task, difficulty, end, ok := w.solved(response, purposes)
	if !ok || !end.After(w.core.Now(ctx)) {
		return ErrFailed
	}
	first := false
	err := w.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		first, err = w.core.SpendOnce(ctx, tx, spentPurpose, task, end)
		return err
	})
	switch {
	case err != nil:
		return err
	case !first:
		return ErrFailed
	}
	r.Work = difficulty
	return nil
}

// solved reads a solution: the task, a dot and a number.
func (w *work) solved(response string, purposes []string) (task string, difficulty int, end time.Time, ok bool) {
	dot := strings.LastIndexByte(response, '.')
	if dot < 0 || !digits(response[dot+1:]) {
		return "", 0, end, false
	}
	task = response[:dot]
	about, signature, _ := strings.Cut(task, ".")
	raw, err := strict.DecodeString(about)
	sig, sigErr := strict.DecodeString(signature)
	if err != nil || sigErr != nil || len(raw) != taskBytes || strings.ContainsAny(task, "\r\n") {
		return "", 0, end, false
	}
	for _, purpose := range purposes {
		ok = ok || w.keys.Verify(sig, raw, []byte(purpose))
	}
	end = time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	difficulty = int(raw[atDifficulty])
	return task, difficulty, end, ok && zeroBits(response) >= difficulty
}

func digits(text string) bool {
	return text != "" && len(text) <= maxNonce && strings.Trim(text, "0123456789") == ""
}

// zeroBits are those that the hash of a solution begins with.
func zeroBits(response string) int {
	sum := sha256.Sum256([]byte(response))
	n := bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:8]))
	return n
}
