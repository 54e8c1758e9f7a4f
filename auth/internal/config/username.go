package config

import "strings"

// Username is signing in with a name of one's own choice.
type Username struct {
	Enabled           bool     `toml:"enabled" default:"false" doc:"People may have a username and sign in with it in place of their address; docs/usernames.md."`
	MinUsernameLength int      `toml:"min_username_length" default:"3" min:"1" max:"255" doc:"Shortest username, in characters."`
	MaxUsernameLength int      `toml:"max_username_length" default:"30" min:"1" max:"255" doc:"Longest username, in characters."`
	DisplayUsername   bool     `toml:"display_username" default:"true" doc:"Keeps beside the username how its owner writes it."`
	ImmutableUsername bool     `toml:"immutable_username" default:"false" doc:"Who has a username keeps it; only you change it."`
	Reserved          []string `toml:"reserved" default:"admin,administrator,root,system,support,security,abuse,postmaster,hostmaster,webmaster,noreply" doc:"Names, and what looks like them, that nobody gives themselves: they count as taken."`
}

// checkUsername looks at [username].
func (c *Config) checkUsername() error {
	u := c.Username
	if u.MaxUsernameLength < u.MinUsernameLength {
		return c.refuse("username.max_username_length", u.MaxUsernameLength, "at least username.min_username_length")
	}
	for _, name := range u.Reserved {
		if name == "" || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
			return c.refuse("username.reserved", name, "names of letters, digits, _ and .")
		}
	}
	return nil
}
