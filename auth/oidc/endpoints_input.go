package oidc

// What the endpoints of OAuth take. The fields are declared for the router and the
// reference; the provider reads the form itself, because OAuth has rules and
// errors of its own for what is missing or there twice. So nothing is refused here.

type authorizeQuery struct {
	ResponseType        any `query:"response_type,optional" doc:"code"`
	ResponseMode        any `query:"response_mode,optional" doc:"query, fragment or form_post."`
	ClientID            any `query:"client_id,optional"`
	RedirectURI         any `query:"redirect_uri,optional" doc:"One that the client registered; the port of a loopback redirect is free."`
	Scope               any `query:"scope,optional" doc:"Separated by spaces."`
	State               any `query:"state,optional" doc:"Comes back as it is."`
	CodeChallenge       any `query:"code_challenge,optional" doc:"PKCE: base64url of the SHA-256 of the verifier."`
	CodeChallengeMethod any `query:"code_challenge_method,optional" doc:"S256"`
	Nonce               any `query:"nonce,optional" doc:"Comes back in the ID token."`
	Prompt              any `query:"prompt,optional" doc:"none, or some of login, consent, select_account, create."`
	MaxAge              any `query:"max_age,optional" doc:"Seconds since the person signed in, at most."`
	LoginHint           any `query:"login_hint,optional"`
	IDTokenHint         any `query:"id_token_hint,optional" doc:"An ID token of the person who is expected; it may have expired."`
	ACRValues           any `query:"acr_values,optional" doc:"How sure the sign-in should be, the best first."`
	Claims              any `query:"claims,optional" doc:"JSON: claims by name (OpenID Connect Core §5.5)."`
	UILocales           any `query:"ui_locales,optional"`
	Request             any `query:"request,optional" doc:"A signed request object with the parameters in it (RFC 9101)."`
	RequestURI          any `query:"request_uri,optional" doc:"Of a request that was pushed before (RFC 9126)."`
	Resource            any `query:"resource,optional" doc:"Where access tokens are to count (RFC 8707); may be repeated."`
}

type authorizeForm struct {
	ResponseType        any `body:"response_type,optional"`
	ResponseMode        any `body:"response_mode,optional"`
	ClientID            any `body:"client_id,optional"`
	RedirectURI         any `body:"redirect_uri,optional"`
	Scope               any `body:"scope,optional"`
	State               any `body:"state,optional"`
	CodeChallenge       any `body:"code_challenge,optional"`
	CodeChallengeMethod any `body:"code_challenge_method,optional"`
	Nonce               any `body:"nonce,optional"`
	Prompt              any `body:"prompt,optional"`
	MaxAge              any `body:"max_age,optional"`
	LoginHint           any `body:"login_hint,optional"`
	IDTokenHint         any `body:"id_token_hint,optional"`
	ACRValues           any `body:"acr_values,optional"`
	Claims              any `body:"claims,optional"`
	UILocales           any `body:"ui_locales,optional"`
	Request             any `body:"request,optional" doc:"A signed request object with the parameters in it (RFC 9101)."`
	RequestURI          any `body:"request_uri,optional" doc:"Of a request that was pushed before (RFC 9126)."`
	Resource            any `body:"resource,optional"`
}

type tokenForm struct {
	GrantType    any `body:"grant_type,optional" doc:"authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code or urn:ietf:params:oauth:grant-type:token-exchange"`
	ClientID     any `body:"client_id,optional" doc:"Of a public client, or with client_secret."`
	ClientSecret any `body:"client_secret,optional" doc:"Of a client registered for client_secret_post."`
	Code         any `body:"code,optional"`
	CodeVerifier any `body:"code_verifier,optional"`
	RedirectURI  any `body:"redirect_uri,optional" doc:"The one of the authorization request."`
	RefreshToken any `body:"refresh_token,optional"`
	DeviceCode   any `body:"device_code,optional" doc:"Of a device that the person has let in (RFC 8628)."`
	Scope        any `body:"scope,optional" doc:"On refresh: some of what was granted."`

	ClientAssertion     any `body:"client_assertion,optional" doc:"Of a client registered for private_key_jwt (RFC 7523)."`
	ClientAssertionType any `body:"client_assertion_type,optional" doc:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"`
	Resource            any `body:"resource,optional" doc:"Where the access token is to count (RFC 8707); may be repeated."`

	Audience           any `body:"audience,optional" doc:"Token exchange (RFC 8693): the same, by name."`
	SubjectToken       any `body:"subject_token,optional" doc:"Token exchange: the person's access token."`
	SubjectTokenType   any `body:"subject_token_type,optional"`
	ActorToken         any `body:"actor_token,optional" doc:"Token exchange: an access token of the client's own that says who acts."`
	ActorTokenType     any `body:"actor_token_type,optional"`
	RequestedTokenType any `body:"requested_token_type,optional"`
}

type aboutTokenForm struct {
	Token               any `body:"token,optional"`
	TokenTypeHint       any `body:"token_type_hint,optional"`
	ClientID            any `body:"client_id,optional"`
	ClientSecret        any `body:"client_secret,optional"`
	ClientAssertion     any `body:"client_assertion,optional" doc:"Of a client registered for private_key_jwt (RFC 7523)."`
	ClientAssertionType any `body:"client_assertion_type,optional" doc:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"`
}

type userinfoForm struct {
	AccessToken any `body:"access_token,optional" doc:"In place of the Authorization header."`
}
