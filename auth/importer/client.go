package importer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"authd/auth/internal/store"
)

// Clients keeps OAuth clients.
type Clients interface {
	// AdoptClient checks a client and gives what writes it. raw is its metadata in
	// standard names (RFC 7591 §2) with client_id, client_secret_hash, user_id,
	// disabled, created_at and updated_at.
	AdoptClient(raw []byte) (write func(ctx context.Context, tx *store.Tx) error, err error)
	// HasClient tells whether there is a client with this id.
	HasClient(ctx context.Context, clientID string) (bool, error)
}

// The tables of clients: of the OAuth provider, and of the OpenID Connect plugin
// that was there before it.
const (
	tableClient      = "oauthclient"
	tableApplication = "oauthapplication"
)

// hashedSecret is the form in which the OAuth provider keeps secrets unless it is
// told otherwise: base64url of a SHA-256, which is authd's own.
var hashedSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// field is a column and the standard name of what it holds.
type field struct{ column, name string }

func textFields() []field {
	return []field{
		{"clientid", "client_id"},
		{"userid", "user_id"},
		{"name", "client_name"},
		{"uri", "client_uri"},
		{"icon", "logo_uri"},
		{"tos", "tos_uri"},
		{"policy", "policy_uri"},
		{"softwareid", "software_id"},
		{"softwareversion", "software_version"},
		{"tokenendpointauthmethod", "token_endpoint_auth_method"},
		{"applicationtype", "application_type"},
		{"subjecttype", "subject_type"},
		{"jwksuri", "jwks_uri"},
		{"backchannellogouturi", "backchannel_logout_uri"},
	}
}

func flagFields() []field {
	return []field{
		{"disabled", "disabled"},
		{"skipconsent", "skip_consent"},
		{"enableendsession", "enable_end_session"},
		{"requirepkce", "require_pkce"},
		{"backchannellogoutsessionrequired", "backchannel_logout_session_required"},
		{"dpopboundaccesstokens", "dpop_bound_access_tokens"},
	}
}

func listFields() []field {
	return []field{
		{"redirecturis", "redirect_uris"},
		{"redirecturls", "redirect_uris"},
		{"postlogoutredirecturis", "post_logout_redirect_uris"},
		{"contacts", "contacts"},
		{"granttypes", "grant_types"},
		{"clientcredentialsscopes", "client_credentials_scopes"},
	}
}

// clientOf reads a client: its id, and its metadata in standard names.
func (r *run) clientOf(row *row, table string) (id string, raw []byte, err error) {
	m := map[string]any{}
	for _, one := range textFields() {
		text, wrong := row.text(one.column, maxText)
		if err = errors.Join(err, wrong); text != "" {
			m[one.name] = text
		}
	}
	id, _ = m["client_id"].(string)
	for _, one := range flagFields() {
		flag, wrong := row.flag(one.column)
		if err = errors.Join(err, wrong); row.value(one.column) != nil {
			m[one.name] = flag
		}
	}
	for _, one := range listFields() {
		list, wrong := row.list(one.column)
		if err = errors.Join(err, wrong); len(list) > 0 {
			m[one.name] = list
		}
	}
	scopes, wrongScopes := row.list("scopes")
	if len(scopes) > 0 {
		m["scope"] = strings.Join(scopes, " ")
	}
	created, wrongCreated := row.time("createdat")
	updated, wrongUpdated := row.time("updatedat")
	m["created_at"], m["updated_at"] = times(created, updated)
	hash, wrongSecret := r.secretHash(row, table)
	m["client_secret_hash"] = hash
	if err := errors.Join(err, wrongScopes, wrongCreated, wrongUpdated, wrongSecret, extraOf(row, m), kindOf(row, table, m)); err != nil {
		return id, nil, err
	}
	if m["id_token_signed_response_alg"] == nil && r.alg != "" {
		m["id_token_signed_response_alg"] = r.alg
	}
	if _, mine := m["user_id"].(string); mine && r.people[digestOf(m["user_id"].(string))] == 0 {
		delete(m, "user_id") // of nobody in the file
	}
	raw, err = json.Marshal(m)
	return id, raw, err
}

// extraOf takes keys and metadata, which are objects.
func extraOf(row *row, m map[string]any) error {
	for _, column := range []string{"jwks", "metadata"} {
		var object map[string]any
		switch v := row.value(column).(type) {
		case nil:
			continue
		case map[string]any:
			object = v
		case string:
			if v != "" && json.Unmarshal([]byte(v), &object) != nil {
				return errValue(column, "is not an object")
			}
		default:
			return errValue(column, "is not an object")
		}
		if len(object) > 0 {
			m[column] = object
		}
	}
	return nil
}

// kindOf fills in what the older table says in one word.
func kindOf(row *row, table string, m map[string]any) error {
	if table != tableApplication {
		return nil
	}
	kind, err := row.text("type", maxID)
	switch kind {
	case "native":
		m["application_type"], m["token_endpoint_auth_method"] = "native", "none"
	case "public", "user-agent-based":
		m["token_endpoint_auth_method"] = "none"
	}
	return err
}

// secretHash is the hash of a client's secret, "" when there is none. The older
// plugin kept secrets in clear, both may have sealed them.
func (r *run) secretHash(row *row, table string) (string, error) {
	secret, err := row.text("clientsecret", maxText)
	switch {
	case err != nil || secret == "":
		return "", err
	case table == tableClient && hashedSecret.MatchString(secret):
		return secret, nil
	case sealedLook(secret):
		clear, ok := r.opener.open(secret)
		if !ok {
			return "", errors.New("the client's secret is sealed, and --secret-file does not open it")
		}
		secret = clear
	case table == tableApplication && hashedSecret.MatchString(secret):
		return secret, nil
	}
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

func (r *run) judgeClient(table string) func(ctx context.Context, row *row) (bool, error) {
	return func(ctx context.Context, row *row) (bool, error) {
		t := r.report.table(table)
		t.Rows++
		if discovered, _ := row.text("clientdiscoveryid", maxText); discovered != "" {
			t.leaveOut("clients whose id is the address of their metadata: authd reads it itself")
			return false, nil
		}
		if owner, err := row.text("userid", maxID); err == nil && owner != "" && r.people[digestOf(owner)] == isRefused {
			t.leaveOut("of people who are left out")
			return false, nil
		}
		id, raw, err := r.clientOf(row, table)
		refuse := func(what string) (bool, error) {
			r.report.problem(Problem{
				Table: table, Row: row.number, ID: id, What: what,
				Do: "correct the row or authd.toml (oauth_provider.scopes, for one), or leave it out with --skip-problems and make it with authd client create",
			})
			return false, nil
		}
		if err != nil {
			return refuse(err.Error())
		}
		if id != "" {
			here, err := r.clients.HasClient(ctx, id)
			if err != nil {
				return false, err
			}
			if here {
				t.Present++
				return false, nil
			}
			if r.twice("client", id) {
				return refuse("the id stands in the file twice")
			}
		}
		if _, err := r.clients.AdoptClient(raw); err != nil {
			return refuse(r.words(err))
		}
		t.Add++
		return true, nil
	}
}

func (r *run) writeClient(table string) func(ctx context.Context, tx *store.Tx, row *row) error {
	return func(ctx context.Context, tx *store.Tx, row *row) error {
		_, raw, err := r.clientOf(row, table)
		if err != nil {
			return err
		}
		write, err := r.clients.AdoptClient(raw)
		if err != nil {
			return err
		}
		return write(ctx, tx)
	}
}

// signingAlg is what better-auth signed ID tokens with, where authd can, too. Its
// clients expect no other; a key without an algorithm is Ed25519's.
func (r *run) signingAlg(ctx context.Context) error {
	newest := time.Time{}
	return r.src.rowsOf(ctx, "jwk", func(row *row) error {
		alg, wrong := row.text("alg", maxID)
		at, wrongTime := row.time("createdat")
		if wrong != nil || wrongTime != nil || at == nil || at.Before(newest) {
			return nil //nolint:nilerr // a key that cannot be read says nothing
		}
		newest = *at
		switch alg {
		case "", "EdDSA":
			r.alg = "EdDSA"
		case "RS256", "ES256", "PS256":
			r.alg = alg
		default:
			r.alg = ""
		}
		return nil
	})
}
