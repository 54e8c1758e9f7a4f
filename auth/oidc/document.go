package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/egress"
	"authd/auth/internal/store"
)

// A client id may be the https address of a document that describes the client
// (OAuth Client ID Metadata Document; MCP asks for it). Whoever holds the address is
// the client: nothing is registered, and nobody has looked at it. Until a person has
// allowed it something it is kept in memory only, so that who asks with made-up
// addresses fills no table.

const (
	documentMaxBody = 5 << 10         // §6.6
	documentTimeout = 5 * time.Second // people wait for it
	documentMinLife = 5 * time.Minute // however little the other side lets it be kept
	documentMaxLife = 24 * time.Hour  // and however much
	documentStale   = 24 * time.Hour  // how long one that was allowed something does without, when its address fails
	maxDocumentID   = 200
)

// documentError says why an id leads to no client, in words for whoever made the
// document. It tells nothing of the network that this server stands in.
type documentError string

func (e documentError) Error() string { return string(e) }

// Unwrap lets it pass for any unknown client.
func (documentError) Unwrap() error { return ErrClientNotFound }

// known is the client of an id: one that was registered, or one that its id leads to.
// Whoever asks for something finds out here who they are. Errors: ErrClientNotFound.
func (s *Service) known(ctx context.Context, id string) (*Client, error) {
	c, err := s.Client(ctx, id)
	switch {
	case err != nil && !errors.Is(err, ErrClientNotFound):
		return nil, err
	case err == nil && c.Registration != madeByDocument:
		return c, nil
	case !s.cfg.ClientIDMetadataDocuments || !strings.HasPrefix(id, "https://"):
		return nil, ErrClientNotFound
	case err == nil && (c.Disabled || s.now(ctx).Before(c.Settings.DocumentUntil)):
		return c, nil
	}
	if wrong := s.checkDocumentID(id); wrong != "" {
		return nil, documentError("client_id " + wrong)
	}
	next, err := s.byDocument.get(ctx, s, id)
	switch {
	case errors.Is(err, errDocumentAway) && c != nil && s.now(ctx).Sub(c.Settings.DocumentUntil) < documentStale:
		return c, nil
	case err != nil || c == nil:
		return next, err
	default:
		return s.renew(ctx, c, next)
	}
}

// renew replaces what is kept of a client that was allowed something. What the
// operator gave it stays.
func (s *Service) renew(ctx context.Context, c, next *Client) (*Client, error) {
	_, given := metadataOf(c)
	endSession := next.EnableEndSession
	given.into(next)
	next.EnableEndSession, next.PKCEOptional = endSession || c.EnableEndSession, c.PKCEOptional && !next.Public()
	next.UserID, next.CreatedAt, next.LastUsedAt = c.UserID, c.CreatedAt, c.LastUsedAt
	keepCheck(next, c)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := s.client(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.Disabled {
			next = now
			return nil
		}
		next.LastUsedAt = now.LastUsedAt
		return updateClient(ctx, tx, next)
	})
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, ErrClientNotFound) { // it is what its document says all the same
		return next, nil
	}
	return next, err
}

// keepDocumented keeps a client that is known by its document, before anything is
// kept that belongs to it. It is bounded as those are that register themselves.
func (s *Service) keepDocumented(ctx context.Context, tx *store.Tx, c *Client) error {
	if c.Registration != madeByDocument {
		return nil
	}
	if _, err := s.client(ctx, tx, c.ID); !errors.Is(err, ErrClientNotFound) {
		return err
	}
	if err := s.makeRoom(ctx, tx); err != nil {
		return err
	}
	return insertClient(ctx, tx, c)
}

// checkDocumentID says what is wrong with an address as a client id, "" when nothing
// is (§3). It reads the text, so that nothing two parsers read differently slips through.
func (s *Service) checkDocumentID(id string) string {
	if len(id) > maxDocumentID {
		return "is too long: at most 200 characters"
	}
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"\\<>^`{|}", r) }) {
		return "has a character that no URI has"
	}
	u, err := url.Parse(id)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return "is not an https address"
	case u.User != nil:
		return "must not have a user name"
	case strings.Contains(id, "#"):
		return "must not have a fragment"
	case u.EscapedPath() == "" || u.EscapedPath() == "/":
		return "must have a path"
	case slices.ContainsFunc(strings.Split(u.EscapedPath(), "/"), dotSegment):
		return "must not have the path segments . and .."
	case s.isOurHost(u.Hostname()): // our own name is nobody's to show
		return "is an address of this server"
	}
	return ""
}

func (s *Service) isOurHost(host string) bool {
	us, err := url.Parse(s.issuer)
	return err == nil && strings.EqualFold(strings.TrimSuffix(host, "."), us.Hostname())
}

func dotSegment(segment string) bool {
	decoded, err := url.PathUnescape(segment)
	return err != nil || decoded == "." || decoded == ".."
}

// readDocument fetches the document of a client id. Errors: documentError.
func (s *Service) readDocument(ctx context.Context, id string) (*Client, time.Duration, error) {
	document, err := s.core.Egress.Fetch(ctx, id, egress.Want{MaxBody: documentMaxBody, Timeout: documentTimeout})
	switch {
	case errors.Is(err, egress.ErrTooLarge):
		return nil, 0, documentError("the metadata document at client_id has more than 5 kB")
	case err != nil: // the reason stays here: it tells about the network behind this server
		s.core.Log.InfoContext(ctx, "a client's metadata document was not read", "client", id, "error", err)
		return nil, 0, errDocumentAway
	}
	c, err := s.documented(id, document)
	if err != nil {
		return nil, 0, err
	}
	if err := s.checkSector(ctx, c); err != nil {
		return nil, 0, inDocument(err)
	}
	life := min(max(document.MaxAge, documentMinLife), documentMaxLife)
	c.CreatedAt, c.UpdatedAt = s.now(ctx), s.now(ctx)
	c.Settings.DocumentUntil = s.now(ctx).Add(life)
	return c, life, nil
}

// documented is the client that a document describes (§4). Errors: documentError.
func (s *Service) documented(id string, document egress.Document) (*Client, error) {
	extended := strings.HasPrefix(document.Type, "application/") && strings.HasSuffix(document.Type, "+json")
	if document.Type != api.MediaJSON && !extended {
		return nil, documentError("the metadata document at client_id must be application/json")
	}
	var said map[string]json.RawMessage
	if json.Unmarshal(document.Body, &said) != nil || said == nil {
		return nil, documentError("the metadata document at client_id must be a JSON object")
	}
	if textOf(said["client_id"]) != id {
		return nil, documentError("client_id in the metadata document is not the address of the document")
	}
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, there := said[name]; there {
			return nil, documentError("the metadata document must not have " + name)
		}
	}
	switch method := textOf(said["token_endpoint_auth_method"]); method {
	case "":
		said["token_endpoint_auth_method"] = json.RawMessage(`"` + authNone + `"`) // a secret cannot be meant
	case authNone, authPrivateKeyJWT:
	default:
		return nil, documentError("token_endpoint_auth_method in the metadata document must be none or private_key_jwt")
	}
	if textOf(said["client_name"]) == "" || said["redirect_uris"] == nil { // MCP, Client ID Metadata Documents
		return nil, documentError("the metadata document must have client_name and redirect_uris")
	}
	s.leaveOut(said)
	raw, err := json.Marshal(said)
	if err != nil {
		return nil, documentError("the metadata document at client_id must be a JSON object")
	}
	c, err := clientOf(raw, false)
	if err != nil {
		return nil, inDocument(err)
	}
	c.ID, c.Registration, c.Unverified = id, madeByDocument, true
	if err := s.bound(&c, raw); err != nil {
		return nil, inDocument(err)
	}
	if err := s.complete(&c); err != nil {
		return nil, inDocument(err)
	}
	return &c, nil
}

// leaveOut takes out what this server does not have: the document is the same for all
// servers, and its client can do without.
func (s *Service) leaveOut(said map[string]json.RawMessage) {
	var scope string
	if json.Unmarshal(said["scope"], &scope) == nil {
		known := slices.DeleteFunc(strings.Fields(scope), func(one string) bool { return !slices.Contains(s.strangersScopes(), one) })
		said["scope"], _ = json.Marshal(strings.Join(known, " "))
	}
	var resources, grants, responses []string
	if json.Unmarshal(said["resources"], &resources) == nil {
		said["resources"], _ = json.Marshal(slices.DeleteFunc(resources, func(one string) bool {
			return s.checkAsked(&Client{Settings: Settings{Resources: []string{one}}}) != nil
		}))
	}
	if json.Unmarshal(said["grant_types"], &grants) == nil {
		said["grant_types"], _ = json.Marshal(slices.DeleteFunc(grants, func(one string) bool {
			return !slices.Contains([]string{grantCode, grantRefresh, grantDeviceCode}, one)
		}))
	}
	if json.Unmarshal(said["response_types"], &responses) == nil {
		said["response_types"], _ = json.Marshal(slices.DeleteFunc(responses, func(one string) bool { return one != responseCode }))
	}
}

func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// inDocument says of what is wrong with a client that its document says so.
func inDocument(err error) error {
	var wrong *api.OAuthError
	if errors.As(err, &wrong) {
		return documentError("the metadata document at client_id: " + wrong.Description)
	}
	return err
}

// unknownClient is why there is no such client, where its id was an address to look at.
func unknownClient(err error, otherwise string) string {
	var why documentError
	if errors.As(err, &why) {
		return why.Error()
	}
	return otherwise
}
