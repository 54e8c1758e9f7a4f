package cli

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"authd/auth"
	"authd/auth/admin"
	"authd/auth/internal/core"
)

type userCommands struct {
	Create         userCreate         `cmd:"" help:"Make a user."`
	List           userList           `cmd:"" help:"List users."`
	Show           userShow           `cmd:"" help:"Show one user."`
	SetPassword    userSetPassword    `cmd:"" help:"Set a user's password, and end their sessions."`
	Recover        userRecover        `cmd:"" help:"Make a one-time link for somebody who has lost every way in."`
	ResetTwoFactor userResetTwoFactor `cmd:"" help:"Take a user's second factors and trusted browsers away."`
	SetRole        userSetRole        `cmd:"" help:"Set a user's role."`
	Ban            userBan            `cmd:"" help:"Shut a user out and end their sessions."`
	Unban          userUnban          `cmd:"" help:"Let a banned user in again."`
	Delete         userDelete         `cmd:"" help:"Delete a user and all that is theirs."`
	SignOut        userSignOut        `cmd:"" help:"End a user's sessions and grants."`
	Invite         userInvite         `cmd:"" help:"Make a link by which one person may sign up."`
	Invitations    userInvitations    `cmd:"" help:"List invitations that still work."`
	Uninvite       userUninvite       `cmd:"" help:"Withdraw an invitation."`
	Approve        userApprove        `cmd:"" help:"Let in a user who waits."`
	Refuse         userRefuse         `cmd:"" help:"Delete a user who waits."`
}

// userArgument names one user.
type userArgument struct {
	User string `arg:"" help:"E-mail address or id."`
}

// printUser shows what was done to whom.
func (p *program) printUser(user *core.User, done string) error {
	return p.print(core.UserJSON(user), "%s %s (%s).", done, clean(user.Email), user.ID)
}

type userCreate struct {
	Email      string `arg:"" help:"E-mail address."`
	Name       string `help:"Name; default: the address up to the @."`
	Role       string `help:"Role, such as admin; several are joined by commas." placeholder:"ROLE"`
	Username   string `help:"Name to sign in with, where usernames are on."`
	Phone      string `help:"Phone number that is known to be theirs, where phone numbers are on." placeholder:"NUMBER"`
	Verified   bool   `help:"The address is known to be theirs."`
	NoPassword bool   `help:"Without a password: they choose one with \"forgot password\"."`
}

// Run makes a user; the password comes from the terminal or standard input.
func (c *userCreate) Run(ctx context.Context, p *program) error {
	password := ""
	if !c.NoPassword {
		var err error
		if password, err = p.readPassword(); err != nil {
			return err
		}
		if password == "" {
			return &usageError{"no password: give one on standard input, or say --no-password"}
		}
	}
	name := c.Name
	if name == "" {
		name, _, _ = strings.Cut(c.Email, "@")
	}
	return p.with(ctx, func(s *auth.Server) error {
		data, err := c.data(s)
		if err != nil {
			return err
		}
		user, err := s.Admin.Create(ctx, admin.NewUser{Name: name, Email: c.Email, Password: password, Role: c.Role, EmailVerified: c.Verified, Data: data})
		if err != nil {
			return err
		}
		return p.printUser(user, "Made")
	})
}

// data are the fields that flags give.
func (c *userCreate) data(s *auth.Server) (map[string]any, error) {
	data := map[string]any{}
	if c.Username != "" {
		if !s.Core.Config.Username.Enabled {
			return nil, &usageError{"usernames are off: set username.enabled"}
		}
		data["username"] = c.Username
	}
	if c.Phone != "" {
		if !s.Core.Config.PhoneNumber.Enabled {
			return nil, &usageError{"phone numbers are off: set phone_number.enabled"}
		}
		data["phoneNumber"], data["phoneNumberVerified"] = c.Phone, true
	}
	return data, nil
}

type userList struct {
	Limit   int    `help:"At most so many." placeholder:"N"`
	After   string `help:"Only those made after the one with this id." placeholder:"ID"`
	Pending bool   `help:"Only those who wait to be let in."`
}

const userPage = 500

// Run lists users in the order of their making.
func (c *userList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		users, err := c.read(ctx, s)
		if err != nil {
			return err
		}
		if p.json {
			list := make([]json.RawMessage, len(users))
			for i, user := range users {
				list[i] = core.UserJSON(user)
			}
			return p.printJSON(list)
		}
		rows := make([][]string, len(users))
		for i, user := range users {
			rows[i] = []string{user.ID, user.Email, user.Name, role(user), yesNo(user.EmailVerified), bannedText(user), date(user.CreatedAt)}
		}
		return table(p.out, []string{"ID", "E-MAIL", "NAME", "ROLE", "VERIFIED", "BANNED", "CREATED"}, rows)
	})
}

func (c *userList) read(ctx context.Context, s *auth.Server) ([]*core.User, error) {
	var all []*core.User
	after, list := c.After, s.Admin.List
	if c.Pending {
		list = s.Access.Waiting
	}
	for {
		most := userPage
		if c.Limit > 0 {
			most = min(most, c.Limit-len(all))
		}
		page, err := list(ctx, after, most)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < most || c.Limit > 0 && len(all) >= c.Limit {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}

func role(user *core.User) string {
	if user.Role == "" {
		return "user"
	}
	return user.Role
}

func bannedText(user *core.User) string {
	switch {
	case !user.Banned:
		return "no"
	case user.BanExpires != nil:
		return "until " + date(*user.BanExpires)
	default:
		return "yes"
	}
}

type userShow struct{ userArgument }

// Run shows one user.
func (c *userShow) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.Find(ctx, c.User)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(core.UserJSON(user))
		}
		sessions, err := s.Core.Sessions(ctx, s.Core.DB, user.ID)
		if err != nil {
			return err
		}
		rows := [][]string{
			{"E-mail", user.Email},
			{"Name", user.Name},
			{"Role", role(user)},
			{"Verified", yesNo(user.EmailVerified)},
			{"Banned", bannedText(user)},
			{"Waits to be let in", yesNo(user.Pending)},
			{"Created", date(user.CreatedAt)},
		}
		if name := user.Extra.Known("username"); name != "" {
			rows = append(rows, []string{"Username", name})
		}
		if user.BanReason != nil {
			rows = append(rows, []string{"Ban reason", *user.BanReason})
		}
		for _, session := range sessions {
			rows = append(rows, []string{"Session", "since " + date(session.CreatedAt) + ", until " + date(session.ExpiresAt) + ", " + session.IPAddress})
		}
		return table(p.out, []string{"Id", user.ID}, rows)
	})
}

type userSetPassword struct{ userArgument }

// Run sets a password from the terminal or standard input.
func (c *userSetPassword) Run(ctx context.Context, p *program) error {
	password, err := p.readPassword()
	if err != nil {
		return err
	}
	if password == "" {
		return &usageError{"no password: give one on standard input"}
	}
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.Find(ctx, c.User)
		if err != nil {
			return err
		}
		if err := s.Admin.SetPassword(ctx, user.ID, password); err != nil {
			return err
		}
		return p.printUser(user, "Set the password of")
	})
}

type userSetRole struct {
	userArgument
	Role string `arg:"" help:"Role, such as admin or user; several are joined by commas."`
}

// Run sets the role.
func (c *userSetRole) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.SetRole(ctx, c.User, c.Role)
		if err != nil {
			return err
		}
		return p.printUser(user, "Set the role of")
	})
}

type userBan struct {
	userArgument
	Reason string `help:"Why; they are told." placeholder:"TEXT"`
	For    string `help:"For how long, such as 7d; default: for good." placeholder:"DURATION"`
}

// Run bans, for good or for a time.
func (c *userBan) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		var until *time.Time
		if c.For != "" {
			length, err := duration("--for", c.For)
			if err != nil {
				return err
			}
			end := s.Core.Now(ctx).Add(length)
			until = &end
		}
		user, err := s.Admin.Ban(ctx, c.User, c.Reason, until)
		if err != nil {
			return err
		}
		return p.printUser(user, "Banned")
	})
}

type userUnban struct{ userArgument }

// Run lets a user in again.
func (c *userUnban) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.Unban(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(user, "Unbanned")
	})
}

type userDelete struct{ userArgument }

// Run deletes.
func (c *userDelete) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.Delete(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(user, "Deleted")
	})
}

type userSignOut struct{ userArgument }

// Run ends all access of a user.
func (c *userSignOut) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Admin.SignOut(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(user, "Signed out")
	})
}
