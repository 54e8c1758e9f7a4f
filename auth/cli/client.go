package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"authd/auth"
	"authd/auth/oidc"
)

type clientCommands struct {
	Create       clientCreate       `cmd:"" help:"Make an OAuth client and print its secret, this once."`
	List         clientList         `cmd:"" help:"List the clients."`
	Show         clientShow         `cmd:"" help:"Show one client."`
	Update       clientUpdate       `cmd:"" help:"Change a client; what no flag names stays."`
	Doctor       clientDoctor       `cmd:"" help:"Look for mistakes in a client's configuration, and show its last requests that were refused."`
	RotateSecret clientRotateSecret `cmd:"" help:"Give a client a new secret; the old one ends at once, or after --overlap."`
	Delete       clientDelete       `cmd:"" help:"Delete a client and all that it was given."`

	RegistrationToken registrationTokens `cmd:"" help:"Look after the tokens that let others register clients (RFC 7591)."`
}

// clientCreate has the keys of a [[client]] in authd.toml as its flags.
type clientCreate struct {
	Name   string `arg:"" help:"Name that people see when they are asked for consent."`
	ID     string `name:"id" help:"Its id; default: a random one." placeholder:"ID"`
	Public bool   `help:"It cannot keep a secret: an app in the browser, on a phone, a command line."`
	Native bool   `help:"It runs on the person's computer or phone: loopback and custom-scheme redirects (RFC 8252). Public, unless --auth-method says otherwise."`
	clientFlags
}

// Run makes the client.
func (c *clientCreate) Run(ctx context.Context, p *program) error {
	metadata, err := c.metadata()
	if err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		client, secret, err := s.OIDC.AddClient(ctx, c.ID, metadata)
		if err != nil {
			return err
		}
		return p.printClient(client, secret)
	})
}

func (c *clientCreate) metadata() ([]byte, error) {
	if c.Public && c.AuthMethod != "" && c.AuthMethod != "none" {
		return nil, &usageError{"--public and --auth-method " + c.AuthMethod + " exclude each other"}
	}
	m, err := c.clientFlags.metadata()
	if err != nil {
		return nil, err
	}
	m["client_name"] = c.Name
	if c.Native {
		m["application_type"] = "native"
	}
	switch keys := len(c.JWKS) > 0 || c.JWKSURI != ""; {
	case c.AuthMethod != "":
	case c.Public || c.Native:
		m["token_endpoint_auth_method"] = "none"
	case keys:
		m["token_endpoint_auth_method"] = "private_key_jwt"
	}
	if c.EnableEndSession == nil && len(c.PostLogoutRedirectURI) > 0 {
		m["enable_end_session"] = true
	}
	return json.Marshal(m)
}

// printClient tells of a client that was made or changed, and its secret if it has a new one.
func (p *program) printClient(client *oidc.Client, secret string) error {
	if p.json {
		return p.printJSON(client.Info(secret))
	}
	_, err := fmt.Fprintf(p.out, "client_id      %s\n", client.ID)
	if err == nil && secret != "" {
		_, err = fmt.Fprintf(p.out, "client_secret  %s\n", secret)
		_, _ = fmt.Fprintln(p.errOut, "The secret is shown this once.")
	}
	return err
}

// clientUpdate changes what its flags name.
type clientUpdate struct {
	clientArgument
	Name    string   `help:"Name that people see when they are asked for consent."`
	Disable bool     `help:"End what it may do, for a while." xor:"able"`
	Enable  bool     `help:"Let it go on." xor:"able"`
	Checked *bool    `help:"You have looked at a client that registered itself: people are no longer warned of it." negatable:""`
	Unset   []string `help:"Take a value away, by its standard name, such as client_uri." placeholder:"FIELD"`
	clientFlags
}

// Run changes the client.
func (c *clientUpdate) Run(ctx context.Context, p *program) error {
	m, err := c.clientFlags.metadata()
	if err != nil {
		return err
	}
	if c.Name != "" {
		m["client_name"] = c.Name
	}
	for _, field := range c.Unset {
		if _, set := m[field]; set {
			return &usageError{"--unset " + clean(field) + " and the flag that sets it exclude each other"}
		}
		m[field] = nil
	}
	if len(m) == 0 && !c.Disable && !c.Enable && c.Checked == nil {
		return &usageError{"nothing to change; authd client update --help lists the flags"}
	}
	metadata, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		client, secret, err := s.OIDC.ChangeClient(ctx, c.Client, metadata)
		if err == nil && (c.Disable || c.Enable) {
			client, err = s.OIDC.SetClientDisabled(ctx, c.Client, c.Disable)
		}
		if err == nil && c.Checked != nil {
			client, err = s.OIDC.SetClientChecked(ctx, c.Client, *c.Checked)
		}
		if err != nil {
			return err
		}
		return p.printClient(client, secret)
	})
}

type clientList struct{}

// Run lists the clients by the time of their making.
func (clientList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		clients, err := s.OIDC.Clients(ctx)
		if err != nil {
			return err
		}
		if p.json {
			list := make([]oidc.ClientInfo, len(clients))
			for i, client := range clients {
				list[i] = client.Info("")
			}
			return p.printJSON(list)
		}
		rows := make([][]string, len(clients))
		for i, client := range clients {
			rows[i] = []string{client.ID, client.Name, client.ApplicationType, client.TokenEndpointAuthMethod, origin(client), yesNo(client.Disabled)}
		}
		return table(p.out, []string{"ID", "NAME", "TYPE", "AUTHENTICATION", "FROM", "DISABLED"}, rows)
	})
}

// origin says where a client is looked after.
func origin(client *oidc.Client) string {
	if client.Declared {
		return "authd.toml"
	}
	return "database"
}

// clientArgument names one client.
type clientArgument struct {
	Client string `arg:"" help:"Id of the client."`
}

type clientShow struct{ clientArgument }

// Run shows one client.
func (c *clientShow) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		client, err := s.OIDC.Client(ctx, c.Client)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(client.Info(""))
		}
		rows, err := describe(client)
		if err != nil {
			return err
		}
		return table(p.out, []string{"Id", client.ID}, rows)
	})
}

// describe says in words what people look for, and the rest under its standard names.
func describe(client *oidc.Client) ([][]string, error) {
	scopes := strings.Join(client.Scopes, " ")
	if scopes == "" {
		scopes = "all"
	}
	rows := [][]string{
		{"Name", client.Name},
		{"Type", client.ApplicationType},
		{"Authentication", client.TokenEndpointAuthMethod},
		{"Redirects", strings.Join(client.RedirectURIs, " ")},
		{"Scopes", scopes},
		{"Grants", strings.Join(client.GrantTypes, " ")},
		{"PKCE required", yesNo(!client.PKCEOptional)},
		{"Skips consent", yesNo(client.SkipConsent)},
		{"ID tokens", client.IDTokenSignedResponseAlg},
		{"From", origin(client)},
		{"Disabled", yesNo(client.Disabled)},
		{"Created", date(client.CreatedAt)},
	}
	info, err := json.Marshal(client.Info(""))
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(info, &fields); err != nil {
		return nil, err
	}
	for _, told := range []string{
		"client_id", "client_id_issued_at", "client_secret_expires_at", "client_name", "application_type", "token_endpoint_auth_method", "redirect_uris",
		"scope", "grant_types", "response_types", "require_pkce", "skip_consent", "id_token_signed_response_alg", "disabled",
	} {
		delete(fields, told)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := string(fields[name]); value != "false" {
			rows = append(rows, []string{name, strings.Trim(value, `"`)})
		}
	}
	return rows, nil
}

type clientRotateSecret struct {
	clientArgument
	Overlap string `help:"How long the secret of before still counts, such as 24h; default: not at all." placeholder:"DURATION"`
}

// Run prints the new secret alone.
func (c *clientRotateSecret) Run(ctx context.Context, p *program) error {
	overlap, err := duration("--overlap", c.Overlap)
	if err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		secret, err := s.OIDC.RotateSecret(ctx, c.Client, overlap)
		if err != nil {
			return err
		}
		if !p.json {
			_, _ = fmt.Fprintf(p.errOut, "The new secret of %s is shown this once:\n", clean(c.Client))
		}
		return p.print(map[string]any{"client_id": c.Client, "client_secret": secret}, "%s", secret)
	})
}

type clientDelete struct{ clientArgument }

// Run deletes.
func (c *clientDelete) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		if err := s.OIDC.DeleteClient(ctx, c.Client); err != nil {
			return err
		}
		return p.print(map[string]any{"client_id": c.Client, "deleted": true}, "Deleted %s.", clean(c.Client))
	})
}
