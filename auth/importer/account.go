package importer

import (
	"context"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/hashing"
	"authd/auth/internal/store"
)

const (
	maxHash  = 512
	maxToken = 64 << 10
)

// accountOf reads one way in.
func accountOf(r *row) (*core.Account, error) {
	a := &core.Account{}
	var created, updated *time.Time
	err := errors.Join(
		into(&a.ID)(r.text("id", maxID)), into(&a.AccountID)(r.text("accountid", maxText)), into(&a.ProviderID)(r.text("providerid", maxID)),
		into(&a.UserID)(r.text("userid", maxID)), into(&created)(r.time("createdat")), into(&updated)(r.time("updatedat")),
	)
	if err == nil && (a.ID == "" || a.ProviderID == "") {
		err = errors.New("id or providerId is missing")
	}
	a.CreatedAt, a.UpdatedAt = times(created, updated)
	return a, err
}

// judgeAccount decides about a way in. Those of people who were here before are
// not added: somebody may have taken them away here, and with reason.
func (r *run) judgeAccount(ctx context.Context, row *row) (bool, error) {
	t := r.report.table("account")
	t.Rows++
	a, err := accountOf(row)
	switch r.people[digestOf(a.UserID)] {
	case isPresent:
		t.Present++
		return false, nil
	case isRefused:
		t.leaveOut("of people who are left out")
		return false, nil
	case isNew:
	default:
		t.leaveOut("of nobody in the file")
		return false, nil
	}
	if err != nil {
		return r.refuseAccount(row, a, err.Error(), "correct the row, or leave it out with --skip-problems"), nil
	}
	if r.twice("account id", a.ID) {
		return r.refuseAccount(row, a, "the id stands in the file twice", "delete one of the two, or leave this one out with --skip-problems"), nil
	}
	if a.ProviderID == core.CredentialProvider {
		return r.judgePassword(t, row, a)
	}
	return r.judgeIdentity(ctx, t, row, a)
}

// twice tells whether the file had this before.
func (r *run) twice(parts ...string) bool {
	d := digestOf(parts...)
	_, twice := r.identities[d]
	r.identities[d] = struct{}{}
	return twice
}

func (r *run) refuseAccount(row *row, a *core.Account, what, do string) bool {
	r.report.problem(Problem{Table: "account", Row: row.number, ID: a.ID, What: what, Do: do})
	return false
}

func (r *run) judgePassword(t *Table, row *row, a *core.Account) (bool, error) {
	hash, err := row.text("password", maxHash)
	switch {
	case err == nil && hash == "":
		t.leaveOut("without a password")
	case err != nil || !hashing.Known(hash):
		t.leaveOut("passwords of a kind that authd cannot check: these people use \"forgot password\"")
	case r.twice(core.CredentialProvider, a.UserID):
		t.leaveOut("second passwords of the same person")
	default:
		t.Add++
		return true, nil
	}
	return false, nil
}

// judgeIdentity decides about somebody at a provider.
func (r *run) judgeIdentity(ctx context.Context, t *Table, row *row, a *core.Account) (bool, error) {
	if a.AccountID == "" {
		return r.refuseAccount(row, a, "accountId is missing", "correct the row, or leave it out with --skip-problems"), nil
	}
	if r.twice("identity", a.ProviderID, a.AccountID) {
		return r.refuseAccount(row, a, "somebody at "+a.ProviderID+" stands in the file twice", "delete one of the two, or leave this one out with --skip-problems"), nil
	}
	if r.here {
		switch other, err := r.core.AccountOf(ctx, r.core.DB, a.ProviderID, a.AccountID); {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return false, err
		default:
			return r.refuseAccount(row, a, "the same person at "+a.ProviderID+" belongs to a user here, "+other.UserID,
				"unlink it there, or leave this one out with --skip-problems"), nil
		}
	}
	r.tokensOf(row, r.note)
	t.Add++
	return true, nil
}

// tokensOf reads what the provider gave, opened where it is sealed.
func (r *run) tokensOf(row *row, note func(string)) *core.Tokens {
	t := &core.Tokens{}
	for _, one := range []struct {
		column string
		to     *string
	}{{"accesstoken", &t.AccessToken}, {"refreshtoken", &t.RefreshToken}, {"idtoken", &t.IDToken}} {
		text, err := row.text(one.column, maxToken)
		if err != nil {
			note("tokens of providers are left out: too long, or no text")
			continue
		}
		if !sealedLook(text) {
			*one.to = text
			continue
		}
		clear, ok := r.opener.open(text)
		if !ok {
			note("tokens of providers are left out: they are sealed, and --secret-file does not open them")
		}
		*one.to = clear
	}
	if at, err := row.time("accesstokenexpiresat"); err == nil && at != nil {
		t.AccessExpires = *at
	}
	if at, err := row.time("refreshtokenexpiresat"); err == nil && at != nil {
		t.RefreshExpires = *at
	}
	if scope, err := row.text("scope", maxText); err == nil {
		t.Scopes = strings.FieldsFunc(scope, func(c rune) bool { return c == ',' || c == ' ' })
	}
	return t
}

func (r *run) writeAccount(ctx context.Context, tx *store.Tx, row *row) error {
	a, err := accountOf(row)
	if err != nil {
		return err
	}
	if a.ProviderID != core.CredentialProvider {
		return r.core.AdoptIdentity(ctx, tx, a, r.tokensOf(row, func(string) {}))
	}
	if a.Password, err = row.text("password", maxHash); err != nil {
		return err
	}
	return r.core.AdoptPassword(ctx, tx, a)
}
