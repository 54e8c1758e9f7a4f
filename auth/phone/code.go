package phone

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/outbox"
	"authd/auth/internal/sms"
	"authd/auth/internal/store"
)

// What codes are for, and what their messages are called.
const (
	forNumber = "phone-otp"
	forReset  = "phone-reset-otp"
	forProof  = "phone-confirm-otp"
)

const jobKind = "sms"

// job is a message that may be sent: whether it is, is found when it runs.
type job struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Number  string    `json:"number"`
	Code    string    `json:"code"`
	Anybody bool      `json:"anybody"` // also to a number that is nobody's
	Locale  string    `json:"locale,omitempty"`
	Until   time.Time `json:"until"`
}

// told is what a test build shows of a message.
type told struct {
	PhoneNumber string `json:"phoneNumber"`
	Code        string `json:"code"`
	Type        string `json:"type"`
}

// SendCode has a code sent that proves a number, whoever has it.
// Errors: ErrInvalid, ErrCountry, errTooMany.
func (s *Service) SendCode(r *api.Request, written string) error {
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return err
	}
	asks := job{Kind: forNumber, Anybody: s.cfg.SignUpOnVerification || caller != nil}
	userID := ""
	if caller != nil {
		userID = caller.User.ID
	}
	return s.send(r, written, asks, userID)
}

// RequestReset has a code sent that resets the password of who has the number.
func (s *Service) RequestReset(r *api.Request, written string) error {
	return s.send(r, written, job{Kind: forReset}, "")
}

// SendConfirmation has a code sent to whom a proven number belongs, to show that it is
// they. Errors: ErrInvalid without a number, ErrCountry, errTooMany.
func (s *Service) SendConfirmation(r *api.Request, u *core.User) error {
	return s.send(r, s.Number(u), job{Kind: forProof}, u.ID)
}

// Confirm uses up such a code. Errors: those of codes.
func (s *Service) Confirm(ctx context.Context, u *core.User, code string) error {
	k, _, err := s.consume(ctx, forProof, s.Number(u), code)
	if err == nil && k.userID != u.ID { // the number was another's when it was sent
		return ErrWrongCode
	}
	return err
}

// send keeps a code and queues its message. The work is the same for every number.
func (s *Service) send(r *api.Request, written string, j job, userID string) error {
	number, err := Normal(written)
	if err != nil {
		return err
	}
	if !s.reachable(number) {
		return ErrCountry
	}
	ctx, now := r.Context(), r.Now()
	j.ID, j.Number, j.Locale, j.Until = "msg_"+core.NewID(), number, r.Languages(), now.Add(s.cfg.ExpiresIn)
	if j.Code, err = newCode(s.cfg.OTPLength); err != nil {
		return err
	}
	var id string
	var wait time.Duration
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if wait, err = s.count(ctx, tx, append(s.causedBy(r.Address()), s.ofNumber(number)...), now); err != nil {
			return err
		}
		if err := keepCode(ctx, tx, j.Kind, s.name("number", number), kept{hash: s.hash(j.Kind, number, j.Code), userID: userID, expires: j.Until}, now); err != nil {
			return err
		}
		id, err = s.core.Jobs.Add(ctx, tx, jobKind, j)
		return err
	})
	if errors.Is(err, errTooMany) {
		seconds := strconv.Itoa(int(math.Ceil(max(wait.Seconds(), 1))))
		r.Header().Set("X-Retry-After", seconds)
		r.Header().Set("Retry-After", seconds)
		r.Security("text-messages-limited")
	}
	if err != nil || s.sms.Sends() {
		return err
	}
	_ = s.core.Jobs.Flush(ctx, id) // into a file, which is there before the answer; the queue has logged why it is not
	return nil
}

// limit is how many messages there may be of a subject in an hour.
type limit struct {
	subject string
	most    int
}

// ofNumber are the limits of every message to a number.
func (s *Service) ofNumber(number string) []limit {
	return []limit{{s.name("number", number), s.sms.MaxPerNumber}, {"all", s.sms.MaxPerHour}}
}

// causedBy are those of who has messages sent: somebody with IPv6 has 64 bits of
// addresses to change between, and who rents a network has a few more.
func (s *Service) causedBy(ip netip.Addr) []limit {
	ip = ip.Unmap().WithZone("")
	address, network := 64, 48
	if ip.Is4() {
		address, network = 32, 24
	}
	limits := []limit{{s.name("address", within(ip, address)), s.sms.MaxPerAddress}}
	if ip.IsGlobalUnicast() && !ip.IsPrivate() {
		limits = append(limits, limit{s.name("network", within(ip, network)), s.sms.MaxPerNetwork})
	}
	return limits
}

// within is the network of so many bits that an address is in.
func within(ip netip.Addr, bits int) string {
	prefix, err := ip.Prefix(bits)
	if err != nil { // there is no address
		return ip.String()
	}
	return prefix.String()
}

// count holds messages to their limits. Errors: errTooMany, and how long that lasts.
func (s *Service) count(ctx context.Context, tx *store.Tx, limits []limit, now time.Time) (time.Duration, error) {
	for _, limit := range limits {
		n, ends, err := countMessage(ctx, tx, limit.subject, now)
		if err != nil {
			return 0, err
		}
		if n > int64(limit.most) {
			if limit.subject == "all" {
				s.core.Log.ErrorContext(ctx, "no more text messages this hour: sms.max_per_hour is reached")
			}
			return ends.Sub(now), errTooMany
		}
	}
	return 0, nil
}

// deliver is the job of a message.
func (s *Service) deliver(ctx context.Context, payload []byte) error {
	var j job
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrPermanent, err)
	}
	left := j.Until.Sub(s.core.Now(ctx))
	if left <= 0 {
		return nil
	}
	wanted, err := s.wanted(ctx, j)
	if err != nil || !wanted {
		return err
	}
	return final(s.sender.Send(ctx, sms.Message{
		ID: j.ID, Kind: j.Kind, To: j.Number, Text: s.word(j.Kind, j.Code, j.Locale, s.cfg.ExpiresIn), Payload: told{j.Number, j.Code, j.Kind},
	}))
}

// wanted tells whether a message is of use to anybody.
func (s *Service) wanted(ctx context.Context, j job) (bool, error) {
	if j.Anybody {
		return true, nil
	}
	u, err := s.findOrNobody(ctx, s.core.DB, j.Number)
	if err != nil || u == nil {
		return false, err
	}
	return j.Kind == forNumber || s.Number(u) != "", nil
}

// consume uses up a code. A wrong one counts, whatever comes of the request. The
// outcome is the code's row, or ErrNoCode, ErrCodeExpired, ErrTooManyWrong, ErrWrongCode.
func (s *Service) consume(ctx context.Context, purpose, written, code string) (k kept, number string, err error) {
	if number, err = Normal(written); err != nil {
		return k, "", ErrNoCode // none was ever sent there
	}
	var outcome error
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		k, outcome, err = s.try(ctx, tx, purpose, number, strings.TrimSpace(code))
		return err
	})
	if err == nil {
		err = outcome
	}
	return k, number, err
}

func (s *Service) try(ctx context.Context, tx *store.Tx, purpose, number, code string) (k kept, outcome, err error) {
	now, name := s.core.Now(ctx), s.name("number", number)
	k, err = tryCode(ctx, tx, purpose, name, now, s.cfg.AllowedAttempts)
	if errors.Is(err, store.ErrNotFound) {
		k, err = dropCode(ctx, tx, purpose, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return k, ErrNoCode, nil
		case err != nil:
			return k, nil, err
		case !k.expires.After(now):
			return k, ErrCodeExpired, nil
		}
		return k, ErrTooManyWrong, nil
	}
	if err != nil {
		return k, nil, err
	}
	sum, err := hex.DecodeString(k.hash)
	if err != nil {
		return k, nil, fmt.Errorf("read a code's hash: %w", err)
	}
	if !s.codes.Verify(sum, []byte(purpose), []byte{0}, []byte(number), []byte{0}, []byte(code)) {
		return k, ErrWrongCode, nil
	}
	_, err = dropCode(ctx, tx, purpose, name)
	return k, nil, err
}

func (s *Service) hash(purpose, number, code string) string {
	return hex.EncodeToString(s.codes.Sign([]byte(purpose), []byte{0}, []byte(number), []byte{0}, []byte(code)))
}

// newCode is so many random digits.
func newCode(length int) (string, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(length)), nil))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	text := n.String()
	return strings.Repeat("0", length-len(text)) + text, nil
}
