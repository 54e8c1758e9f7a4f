package importer

import (
	"context"
	"encoding/json"
	"errors"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// tableFactor is better-auth's table of authenticator apps and backup codes.
const tableFactor = "twofactor"

// Factors keeps second factors.
type Factors interface {
	// Adopt keeps an authenticator app of a user, by its key, and their backup codes.
	Adopt(ctx context.Context, tx *store.Tx, userID, secret string, codes []string) error
}

// UseFactors tells who keeps second factors; without, nobody who has one is taken over.
func (s *Service) UseFactors(f Factors) { s.factors = f }

// factor is an authenticator app as better-auth keeps it.
type factor struct {
	UserID, Secret string
	Codes          []string
	Verified       bool
}

var errSealedFactor = errors.New("the second factor is sealed, and --secret-file does not open it")

// factorOf reads a row. better-auth always seals the key, and backup codes unless told otherwise.
func (r *run) factorOf(row *row) (f factor, err error) {
	var secret, codes string
	err = errors.Join(into(&f.UserID)(row.text("userid", maxID)), into(&secret)(row.text("secret", maxText)), into(&codes)(row.text("backupcodes", maxText)))
	if err != nil {
		return f, err
	}
	if f.Verified = true; row.value("verified") != nil {
		if f.Verified, err = row.flag("verified"); err != nil {
			return f, err
		}
	}
	var ok bool
	if f.Secret, ok = r.opener.open(secret); !ok {
		return f, errSealedFactor
	}
	if sealedLook(codes) {
		if codes, ok = r.opener.open(codes); !ok {
			return f, errSealedFactor
		}
	}
	if codes != "" && json.Unmarshal([]byte(codes), &f.Codes) != nil {
		return f, errors.New("the backup codes are no list of texts")
	}
	return f, nil
}

// readFactors learns before anything else whose second factor can be taken over.
func (r *run) readFactors(ctx context.Context) error {
	if r.factors == nil || r.o.DropFactors {
		return nil
	}
	return r.src.rowsOf(ctx, tableFactor, func(row *row) error {
		f, err := r.factorOf(row)
		switch {
		case f.UserID == "":
		case err != nil:
			r.unread[digestOf(f.UserID)] = err.Error()
		}
		return nil
	})
}

// lacks says why somebody's second factor cannot be taken over, "" when it can:
// who has no app had codes sent.
func (r *run) lacks(u *core.User) (what, do string) {
	if r.factors == nil {
		return "there is a second factor, and two_factor is off here: the password alone would let them in",
			"turn two_factor on, take these people over without it with --drop-second-factors, or leave them out with --skip-problems"
	}
	if what = r.unread[digestOf(u.ID)]; what == "" {
		return "", ""
	}
	return what, "name the file with better-auth's secret with --secret-file, take these people over without their second factor with --drop-second-factors, or leave them out with --skip-problems"
}

// judgeFactor takes the apps of people who are new here.
func (r *run) judgeFactor(_ context.Context, row *row) (bool, error) {
	t := r.report.table(tableFactor)
	t.Rows++
	f, err := r.factorOf(row)
	switch {
	case r.o.DropFactors:
		t.leaveOut("given up with --drop-second-factors")
	case r.people[digestOf(f.UserID)] == isPresent:
		t.Present++
	case r.people[digestOf(f.UserID)] != isNew:
		t.leaveOut("of people who are not imported")
	case err != nil || !f.Verified:
		t.leaveOut("set up, and never used")
	case r.factors == nil:
		t.leaveOut("two_factor is off")
	case r.twice("factor", f.UserID):
		t.leaveOut("second ones of a person")
	default:
		t.Add++
		return true, nil
	}
	return false, nil
}

func (r *run) writeFactor(ctx context.Context, tx *store.Tx, row *row) error {
	f, err := r.factorOf(row)
	if err != nil {
		return err
	}
	return r.factors.Adopt(ctx, tx, f.UserID, f.Secret, f.Codes)
}
