package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"authd/auth"
	"authd/auth/oidc"
)

type resourceCommands struct {
	Create resourceCreate `cmd:"" help:"Make a resource: an API that access tokens are asked for by its identifier (RFC 8707)."`
	List   resourceList   `cmd:"" help:"List the resources."`
	Show   resourceShow   `cmd:"" help:"Show one resource, the clients that may ask for it, and what its API answers to requests without a token."`
	Update resourceUpdate `cmd:"" help:"Change a resource; what no flag names stays."`
	Delete resourceDelete `cmd:"" help:"Delete a resource; tokens for it that are JWTs count until they end."`
	Link   resourceLink   `cmd:"" help:"Let a client ask for tokens for a resource, and introspect them."`
	Unlink resourceUnlink `cmd:"" help:"Take that back."`
}

// resourceArgument names one resource.
type resourceArgument struct {
	Resource string `arg:"" help:"Its identifier: an absolute URI without fragment." placeholder:"URI"`
}

// resourceFlags are what a resource asks of tokens for it.
type resourceFlags struct {
	Name             string `help:"Its name for people; default: the identifier."`
	Scope            string `help:"The only scopes that tokens for it have, separated by spaces; default: all." placeholder:"SCOPES"`
	AccessTokenLife  string `name:"access-token-expires-in" help:"Longest life of its access tokens, such as 5m." placeholder:"DURATION"`
	RefreshTokenLife string `name:"refresh-token-expires-in" help:"Longest life of refresh tokens for it, without use." placeholder:"DURATION"`
	SigningAlg       string `name:"signing-algorithm" help:"Signature of its access tokens: EdDSA, ES256 or RS256; default: EdDSA." placeholder:"ALG" enum:",EdDSA,ES256,RS256" default:""`
	DPoP             *bool  `name:"dpop-bound-access-tokens-required" help:"It takes only tokens that are bound to a key (RFC 9449)." negatable:""`
	Claims           string `help:"JSON object of claims that are added to its access tokens." placeholder:"JSON"`
}

// into lays the flags over a resource.
func (f *resourceFlags) into(r *oidc.Resource) error {
	if f.Name != "" {
		r.Name = f.Name
	}
	if f.Scope != "" {
		r.AllowedScopes = strings.Fields(f.Scope)
	}
	if f.SigningAlg != "" {
		r.SigningAlgorithm = f.SigningAlg
	}
	if f.DPoP != nil {
		r.DPoPBound = *f.DPoP
	}
	for _, one := range []struct {
		flag, text string
		field      *time.Duration
	}{
		{"--access-token-expires-in", f.AccessTokenLife, &r.AccessTokenExpiresIn},
		{"--refresh-token-expires-in", f.RefreshTokenLife, &r.RefreshTokenExpiresIn},
	} {
		life, err := duration(one.flag, one.text)
		if err != nil {
			return err
		}
		if life > 0 {
			*one.field = life.Truncate(time.Second)
		}
	}
	if f.Claims == "" {
		return nil
	}
	r.CustomClaims = nil
	if json.Unmarshal([]byte(f.Claims), &r.CustomClaims) != nil || r.CustomClaims == nil {
		return &usageError{"--claims is not a JSON object"}
	}
	return nil
}

type resourceCreate struct {
	resourceArgument
	resourceFlags
	Client []string `help:"Id of a client that may ask for it; several times for several." placeholder:"ID"`
}

// Run makes the resource and its links.
func (c *resourceCreate) Run(ctx context.Context, p *program) error {
	r := oidc.Resource{Identifier: c.Resource}
	if err := c.into(&r); err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		for _, id := range c.Client {
			if _, err := s.OIDC.Client(ctx, id); err != nil {
				return err
			}
		}
		made, err := s.OIDC.CreateResource(ctx, r)
		if err != nil {
			return err
		}
		for _, id := range c.Client {
			if err := s.OIDC.LinkResource(ctx, made.Identifier, id); err != nil {
				return err
			}
		}
		return p.print(made.Info(), "Made %s.", clean(made.Identifier))
	})
}

type resourceList struct{}

// Run lists the resources by the time of their making.
func (resourceList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		all, err := s.OIDC.Resources(ctx)
		if err != nil {
			return err
		}
		infos, rows := make([]oidc.ResourceInfo, len(all)), make([][]string, len(all))
		for i, one := range all {
			infos[i], rows[i] = one.Info(), []string{one.Identifier, one.Name, madeIn(one), yesNo(one.Disabled)}
		}
		if p.json {
			return p.printJSON(infos)
		}
		return table(p.out, []string{"IDENTIFIER", "NAME", "FROM", "DISABLED"}, rows)
	})
}

// madeIn says where a resource is looked after.
func madeIn(r *oidc.Resource) string {
	if r.Declared {
		return "authd.toml"
	}
	return "database"
}

type resourceShow struct{ resourceArgument }

// Run shows one resource.
func (c *resourceShow) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		one, err := s.OIDC.Resource(ctx, c.Resource)
		if err != nil {
			return err
		}
		clients, err := s.OIDC.ResourceClients(ctx, one.Identifier)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(struct {
				oidc.ResourceInfo
				Clients []string `json:"clients"`
			}{one.Info(), clients})
		}
		scopes, signature := strings.Join(one.AllowedScopes, " "), one.SigningAlgorithm
		if one.AllowedScopes == nil {
			scopes = "all"
		}
		if signature == "" {
			signature = "EdDSA"
		}
		claims, err := json.Marshal(one.CustomClaims)
		if err != nil {
			return err
		}
		return table(p.out, []string{"Identifier", one.Identifier}, [][]string{
			{"Name", one.Name},
			{"Scopes", scopes},
			{"Clients", strings.Join(clients, " ")},
			{"Access tokens", lifeOf(one.AccessTokenExpiresIn)},
			{"Refresh tokens", lifeOf(one.RefreshTokenExpiresIn)},
			{"Signature", signature},
			{"Claims", strings.TrimPrefix(string(claims), "null")},
			{"Bound to a key", yesNo(one.DPoPBound)},
			{"Challenge", one.Info().Challenge},
			{"From", madeIn(one)},
			{"Disabled", yesNo(one.Disabled)},
			{"Created", date(one.CreatedAt)},
		})
	})
}

func lifeOf(life time.Duration) string {
	if life == 0 {
		return "as long as the client's"
	}
	return "at most " + life.String()
}

// resourceUpdate changes what its flags name.
type resourceUpdate struct {
	resourceArgument
	resourceFlags
	Disable bool     `help:"Refuse new tokens for it, for a while." xor:"able"`
	Enable  bool     `help:"Let it go on." xor:"able"`
	Unset   []string `help:"Take a value away: scope, access-token-expires-in, refresh-token-expires-in, signing-algorithm or claims." enum:"scope,access-token-expires-in,refresh-token-expires-in,signing-algorithm,claims" placeholder:"FLAG"`
}

// Run changes the resource.
func (c *resourceUpdate) Run(ctx context.Context, p *program) error {
	if c.resourceFlags == (resourceFlags{}) && !c.Disable && !c.Enable && len(c.Unset) == 0 {
		return &usageError{"nothing to change; authd resource update --help lists the flags"}
	}
	if err := c.into(&oidc.Resource{}); err != nil {
		return err
	}
	return p.with(ctx, func(s *auth.Server) error {
		changed, err := s.OIDC.UpdateResource(ctx, c.Resource, func(r *oidc.Resource) error {
			c.unset(r)
			if c.Disable || c.Enable {
				r.Disabled = c.Disable
			}
			return c.into(r)
		})
		if err != nil {
			return err
		}
		return p.print(changed.Info(), "Changed %s.", clean(changed.Identifier))
	})
}

func (c *resourceUpdate) unset(r *oidc.Resource) {
	for name, take := range map[string]func(){
		"scope":                    func() { r.AllowedScopes = nil },
		"access-token-expires-in":  func() { r.AccessTokenExpiresIn = 0 },
		"refresh-token-expires-in": func() { r.RefreshTokenExpiresIn = 0 },
		"signing-algorithm":        func() { r.SigningAlgorithm = "" },
		"claims":                   func() { r.CustomClaims = nil },
	} {
		if slices.Contains(c.Unset, name) {
			take()
		}
	}
}

type resourceDelete struct{ resourceArgument }

// Run deletes.
func (c *resourceDelete) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		if err := s.OIDC.DeleteResource(ctx, c.Resource); err != nil {
			return err
		}
		return p.print(map[string]any{"identifier": c.Resource, "deleted": true}, "Deleted %s.", clean(c.Resource))
	})
}

type resourceLink struct {
	resourceArgument
	clientArgument
}

// Run links.
func (c *resourceLink) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		if err := s.OIDC.LinkResource(ctx, c.Resource, c.Client); err != nil {
			return err
		}
		return p.print(map[string]any{"identifier": c.Resource, "client_id": c.Client, "linked": true}, "%s may ask for %s.", clean(c.Client), clean(c.Resource))
	})
}

type resourceUnlink struct {
	resourceArgument
	clientArgument
}

// Run takes the link away.
func (c *resourceUnlink) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		was, err := s.OIDC.UnlinkResource(ctx, c.Resource, c.Client)
		if err != nil {
			return err
		}
		told := "%s may no longer ask for %s."
		if !was {
			told = "%s was not linked to %s."
		}
		return p.print(map[string]any{"identifier": c.Resource, "client_id": c.Client, "unlinked": was}, told, clean(c.Client), clean(c.Resource))
	})
}
