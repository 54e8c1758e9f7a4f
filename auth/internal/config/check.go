package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resolve fills in the defaults that depend on other keys.
func (c *Config) resolve() {
	if c.URL == "" {
		c.URL = "http://localhost"
		if _, port, err := net.SplitHostPort(c.Addr); err == nil && port != "80" {
			c.URL += ":" + port
		}
	}
	if !c.IsSet("email_and_password.require_email_verification") {
		c.EmailAndPassword.RequireEmailVerification = c.Mail.SMTPURL != ""
	}
	if !c.IsSet("email_verification.send_on_sign_up") {
		c.EmailVerification.SendOnSignUp = c.EmailAndPassword.RequireEmailVerification
	}
	if c.JWT.Issuer == "" {
		c.JWT.Issuer = c.URL
	}
	if c.JWT.Audience == "" {
		c.JWT.Audience = c.URL
	}
	if c.DeviceAuthorization.VerificationURI == "" {
		c.DeviceAuthorization.VerificationURI = "/device"
	}
	if strings.HasPrefix(c.DeviceAuthorization.VerificationURI, "/") {
		c.DeviceAuthorization.VerificationURI = c.URL + c.DeviceAuthorization.VerificationURI
	}
	if !c.IsSet("advanced.use_secure_cookies") {
		c.Advanced.UseSecureCookies = strings.HasPrefix(c.URL, "https://")
	}
	if !c.IsSet("advanced.default_cookie_attributes.secure") {
		c.Advanced.DefaultCookieAttributes.Secure = c.Advanced.UseSecureCookies
	}
	if c.SIWE.Domain == "" {
		c.SIWE.Domain = strings.TrimPrefix(strings.TrimPrefix(c.URL, "https://"), "http://")
	}
	host := c.host()
	if c.Advanced.CrossSubDomainCookies.Enabled && c.Advanced.CrossSubDomainCookies.Domain == "" {
		c.Advanced.CrossSubDomainCookies.Domain = host
	}
	if c.Mail.From == "" {
		c.Mail.From = "no-reply@" + host
	}
	if c.PhoneNumber.Enabled && !c.IsSet("oauth_provider.scopes") {
		c.OauthProvider.Scopes = append(c.OauthProvider.Scopes, "phone")
	}
	if !c.IsSet("session.cookie_cache.secret") && len(c.Secrets) > 0 {
		c.Session.CookieCache.Secret = c.Secrets[0]
	}
}

func (c *Config) host() string { return hostOf(c.URL) }

func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}

// refuse builds the complaint about a resolved value.
func (c *Config) refuse(key string, given any, allowed string) error {
	found, _ := find(Keys(), key)
	return &complaint{key: key, source: c.Source(key), given: found.show(given), allowed: allowed}
}

// check looks at the values that a kind and a range do not tell all about.
func (c *Config) check() error {
	for _, check := range []func() error{
		c.checkAddresses, c.checkSecrets, c.checkOrigins, c.checkPasskey, c.checkPasswords,
		c.checkAccount, c.checkSession, c.checkCookies, c.checkProvider, c.checkMail, c.checkPolicy, c.checkSignUp, c.checkGuards, c.checkCaptcha, c.checkPlaceholders, c.checkUsername, c.checkSMS,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkAddresses() error {
	if !listenAddress(c.Addr) {
		return c.refuse("addr", c.Addr, "an address to listen on, such as :8080 or 127.0.0.1:8080")
	}
	if c.Data == "" {
		return c.refuse("data", c.Data, "a directory")
	}
	if c.Metrics.Addr != "" && !listenAddress(c.Metrics.Addr) {
		return c.refuse("metrics.addr", c.Metrics.Addr, "an address to listen on, such as 127.0.0.1:9090")
	}
	if !origin(c.URL) {
		return c.refuse("url", c.URL, "http:// or https:// and a host in small letters, without path or trailing slash, such as https://auth.example.com")
	}
	if _, err := ParseProxies(c.TrustedProxies); err != nil {
		return &complaint{"trusted_proxies", c.Source("trusted_proxies"), err.Error(), "addresses, networks such as 10.0.0.0/8, loopback, private, cloudflare, fly, or none"}
	}
	return nil
}

// listenAddress: host and port, as net.Listen takes them.
func listenAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " /") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// origin: scheme, host and port and nothing else, in the one form browsers send (RFC 6454 section 6.2).
func origin(text string) bool {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || text != strings.ToLower(text) {
		return false
	}
	defaultPort := map[string]string{"http": "80", "https": "443"}[parsed.Scheme]
	return defaultPort != "" && text == parsed.Scheme+"://"+parsed.Host &&
		parsed.Port() != defaultPort && !strings.HasSuffix(parsed.Host, ":") && !strings.ContainsAny(text, "*? ")
}

func (c *Config) checkOrigins() error {
	for _, pattern := range c.TrustedOrigins {
		if !originPattern(pattern) {
			return c.refuse("trusted_origins", pattern, "origins such as https://app.example.com, with * for a part of the host (https://*.example.com), or a scheme of your own (myapp://)")
		}
	}
	return nil
}

// originPattern: an origin, maybe with wildcards, a host pattern, or an app's own scheme.
// A pattern that every site matches is refused: it would give the session to all of them.
func originPattern(pattern string) bool {
	if strings.ContainsAny(pattern, " \\#\"'<>") {
		return false
	}
	scheme, rest, hasScheme := strings.Cut(pattern, "://")
	if !hasScheme {
		scheme, rest = "https", pattern
	}
	if strings.ContainsAny(scheme, "*?") || scheme == "" {
		return false
	}
	if scheme != "http" && scheme != "https" {
		return true
	}
	named := strings.Trim(rest, "*?.:0123456789")
	return rest != "" && !strings.Contains(rest, "/") && (named != "" || !strings.ContainsAny(rest, "*?"))
}

func (c *Config) checkPasswords() error {
	if c.EmailAndPassword.MaxPasswordLength < c.EmailAndPassword.MinPasswordLength {
		return c.refuse("email_and_password.max_password_length", c.EmailAndPassword.MaxPasswordLength,
			fmt.Sprintf("at least email_and_password.min_password_length, %d", c.EmailAndPassword.MinPasswordLength))
	}
	return nil
}

func (c *Config) checkAccount() error {
	if !c.Account.EncryptOauthTokens {
		return c.refuse("account.encrypt_oauth_tokens", false, "true: providers' tokens are always sealed")
	}
	return nil
}

func (c *Config) checkSession() error {
	if c.Session.UpdateAge > c.Session.ExpiresIn {
		return c.refuse("session.update_age", c.Session.UpdateAge.String(), "no longer than session.expires_in, "+c.Session.ExpiresIn.String())
	}
	if secret := c.Session.CookieCache.Secret; c.IsSet("session.cookie_cache.secret") && len(secret) < minSecret {
		return &complaint{"session.cookie_cache.secret", c.Source("session.cookie_cache.secret"), fmt.Sprintf("%d characters long", len(secret)), fmt.Sprintf("at least %d characters", minSecret)}
	}
	if token := c.Operator.Token; c.IsSet("operator.token") && len(token) < minSecret {
		return &complaint{"operator.token", c.Source("operator.token"), fmt.Sprintf("%d characters long", len(token)), fmt.Sprintf("at least %d characters", minSecret)}
	}
	return nil
}

func (c *Config) checkCookies() error {
	prefix := c.Advanced.CookiePrefix
	if prefix == "" || strings.IndexFunc(prefix, func(r rune) bool { return !cookieNameRune(r) }) >= 0 {
		return c.refuse("advanced.cookie_prefix", prefix, "letters, digits, and -._")
	}
	attributes := c.Advanced.DefaultCookieAttributes
	if attributes.SameSite == "none" && !attributes.Secure {
		return c.refuse("advanced.default_cookie_attributes.same_site", "none", "lax or strict, unless url is https: browsers drop SameSite=None cookies that are not Secure")
	}
	if attributes.Partitioned && !attributes.Secure {
		return c.refuse("advanced.default_cookie_attributes.partitioned", true, "false, unless url is https: browsers drop Partitioned cookies that are not Secure")
	}
	if cross := c.Advanced.CrossSubDomainCookies; cross.Enabled {
		domain := strings.TrimPrefix(cross.Domain, ".")
		if host := c.host(); domain == "" || host != domain && !strings.HasSuffix(host, "."+domain) {
			return c.refuse("advanced.cross_sub_domain_cookies.domain", cross.Domain, "the host of url, "+host+", or a domain above it")
		}
	}
	return nil
}

func cookieNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r)
}

func (c *Config) checkProvider() error {
	const pages = "an http or https URL, or a path that starts with /"
	if page := c.OauthProvider.LoginPage; !pageURL(page) {
		return c.refuse("oauth_provider.login_page", page, pages)
	}
	if page := c.OauthProvider.ConsentPage; !pageURL(page) {
		return c.refuse("oauth_provider.consent_page", page, pages)
	}
	if err := c.checkJWT(); err != nil {
		return err
	}
	if page := c.DeviceAuthorization.VerificationURI; !pageURL(page) {
		return c.refuse("device_authorization.verification_uri", page, pages)
	}
	if secret := c.OauthProvider.PairwiseSecret; c.IsSet("oauth_provider.pairwise_secret") && len(secret) < minSecret {
		return &complaint{"oauth_provider.pairwise_secret", c.Source("oauth_provider.pairwise_secret"), fmt.Sprintf("%d characters long", len(secret)), fmt.Sprintf("at least %d characters", minSecret)}
	}
	for _, scope := range c.OauthProvider.Scopes {
		if strings.ContainsAny(scope, " \"\\") {
			return c.refuse("oauth_provider.scopes", scope, "scopes without spaces, quotes and backslashes (RFC 6749 section 3.3)")
		}
	}
	for _, list := range []struct {
		key    string
		scopes []string
	}{
		{"oauth_provider.client_registration_allowed_scopes", c.OauthProvider.ClientRegistrationAllowedScopes},
		{"oauth_provider.client_registration_default_scopes", c.OauthProvider.ClientRegistrationDefaultScopes},
	} {
		for _, scope := range list.scopes {
			if !slices.Contains(c.OauthProvider.Scopes, scope) {
				return c.refuse(list.key, scope, strings.Join(c.OauthProvider.Scopes, ", "))
			}
		}
	}
	for i, client := range c.Client {
		for _, scope := range client.Scopes {
			if !slices.Contains(c.OauthProvider.Scopes, scope) {
				return &complaint{fmt.Sprintf("client[%d].scopes", i), c.Source("client"), strconv.Quote(scope), strings.Join(c.OauthProvider.Scopes, ", ")}
			}
		}
	}
	return nil
}

func pageURL(text string) bool {
	local := strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.Contains(text, "\\")
	return text == "" || local || webURL(text)
}

func (c *Config) checkMail() error {
	if _, err := mail.ParseAddress(c.Mail.From); err != nil {
		return c.refuse("mail.from", c.Mail.From, "an address such as login@example.com, or Name <login@example.com>")
	}
	if c.Mail.SMTPURL == "" {
		return nil
	}
	parsed, err := url.Parse(c.Mail.SMTPURL)
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "smtp" && parsed.Scheme != "smtps" || strings.Trim(parsed.Path, "/") != "" {
		return c.refuse("mail.smtp_url", "", "smtp://user:pass@host:587 or smtps://user:pass@host:465, with special characters of the password percent-encoded")
	}
	_, isAddress := netip.ParseAddr(c.host())
	if !c.IsSet("mail.from") && (c.host() == "localhost" || isAddress == nil) {
		return c.refuse("mail.from", c.Mail.From, "an address of yours, set with AUTHD_MAIL_FROM, when mail.smtp_url is set")
	}
	return nil
}

func (c *Config) checkJWT() error {
	const key = "jwt.hs256_secret"
	secret := c.JWT.HS256Secret
	switch {
	case c.JWT.Alg == "HS256" && secret == "":
		return &complaint{key, c.Source(key), "not set, and jwt.alg is HS256", fmt.Sprintf("at least %d characters", minSecret)}
	case secret != "" && len(secret) < minSecret:
		return &complaint{key, c.Source(key), fmt.Sprintf("%d characters long", len(secret)), fmt.Sprintf("at least %d characters", minSecret)}
	case secret != "" && slices.Contains(c.Secrets, secret):
		return &complaint{key, c.Source(key), "the server's own secret", "one of its own: whoever checks these tokens has it"}
	case c.JWT.JWKS.RotationInterval != 0 && c.JWT.JWKS.RotationInterval < time.Hour:
		return c.refuse("jwt.jwks.rotation_interval", c.JWT.JWKS.RotationInterval.String(), "0s, or 1h and more")
	}
	return nil
}
