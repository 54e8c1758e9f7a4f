package cli

import (
	"context"
	"fmt"
	"strings"

	"authd/auth"
	"authd/auth/oidc"
)

type clientCommands struct {
	Create       clientCreate       `cmd:"" help:"Make an OAuth client and print its secret, this once."`
	List         clientList         `cmd:"" help:"List the clients."`
	Show         clientShow         `cmd:"" help:"Show one client."`
	RotateSecret clientRotateSecret `cmd:"" help:"Give a client a new secret; the old one ends at once."`
	Delete       clientDelete       `cmd:"" help:"Delete a client and all that it was given."`

	RegistrationToken registrationTokens `cmd:"" help:"Look after the tokens that let others register clients (RFC 7591)."`
}

// clientCreate has the keys of a [[client]] in authd.toml as its flags.
type clientCreate struct {
	Name                  string   `arg:"" help:"Name that people see when they are asked for consent."`
	ID                    string   `name:"id" help:"Its id; default: a random one." placeholder:"ID"`
	RedirectURI           []string `help:"Where the browser may be sent back to; several times for several." placeholder:"URI" sep:"none"`
	PostLogoutRedirectURI []string `help:"Where the browser may be sent after signing out." placeholder:"URI" sep:"none"`
	Public                bool     `help:"It cannot keep a secret: an app in the browser, on a phone, a command line."`
	Native                bool     `help:"It runs on the person's computer or phone: loopback and custom-scheme redirects (RFC 8252). Public, unless --auth-method says otherwise."`
	AuthMethod            string   `help:"How it proves itself: none, client_secret_basic or client_secret_post." placeholder:"METHOD" enum:",none,client_secret_basic,client_secret_post" default:""`
	Scope                 string   `help:"Scopes it may ask for, separated by spaces; default: all." placeholder:"SCOPES"`
	RequirePKCE           bool     `name:"require-pkce" help:"PKCE is required; only a client with a secret may do without." default:"true" negatable:""`
	SkipConsent           bool     `help:"A client of your own: people are not asked for consent where the redirect is https."`
	IDTokenAlg            string   `name:"id-token-signed-response-alg" help:"Signature of its ID tokens: RS256, ES256 or EdDSA." enum:"RS256,ES256,EdDSA" default:"RS256"`
	URI                   string   `name:"uri" help:"Its home page." placeholder:"URL"`
	Icon                  string   `help:"Its picture." placeholder:"URL"`
	AccessTokenExpiresIn  string   `help:"How long its access tokens work, such as 15m." placeholder:"DURATION"`
	RefreshTokenExpiresIn string   `help:"How long its refresh tokens work without use, such as 30d." placeholder:"DURATION"`
}

// Run makes the client.
func (c *clientCreate) Run(ctx context.Context, p *program) error {
	wanted, err := c.client()
	if err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		client, secret, err := s.OIDC.CreateClient(ctx, *wanted, "")
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(client.Info(secret))
		}
		_, err = fmt.Fprintf(p.out, "client_id      %s\n", client.ID)
		if err == nil && secret != "" {
			_, err = fmt.Fprintf(p.out, "client_secret  %s\n", secret)
			_, _ = fmt.Fprintln(p.errOut, "The secret is shown this once.")
		}
		return err
	})
}

func (c *clientCreate) client() (*oidc.Client, error) {
	client := &oidc.Client{
		ID: c.ID, Name: c.Name, RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogoutRedirectURI,
		EnableEndSession: len(c.PostLogoutRedirectURI) > 0, Scopes: strings.Fields(c.Scope), PKCEOptional: !c.RequirePKCE,
		SkipConsent: c.SkipConsent, IDTokenSignedResponseAlg: c.IDTokenAlg, URI: c.URI, Icon: c.Icon, TokenEndpointAuthMethod: c.AuthMethod,
	}
	if c.Native {
		client.ApplicationType = "native"
	}
	if c.AuthMethod == "" && (c.Public || c.Native) {
		client.TokenEndpointAuthMethod = "none"
	}
	if c.Public && client.TokenEndpointAuthMethod != "none" {
		return nil, &usageError{"--public and --auth-method " + c.AuthMethod + " exclude each other"}
	}
	var err error
	if client.AccessTokenExpiresIn, err = duration("--access-token-expires-in", c.AccessTokenExpiresIn); err != nil {
		return nil, err
	}
	client.RefreshTokenExpiresIn, err = duration("--refresh-token-expires-in", c.RefreshTokenExpiresIn)
	return client, err
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
		return table(p.out, []string{"Id", client.ID}, rows)
	})
}

type clientRotateSecret struct{ clientArgument }

// Run prints the new secret alone.
func (c *clientRotateSecret) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		secret, err := s.OIDC.RotateSecret(ctx, c.Client, 0)
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
