// Package auth is a self-hosted auth server: one binary, one SQLite file.
//
// # The map
//
//	main.go            hands over to auth/cli
//	auth/cli           one file a command
//	auth               New, Handler, Run, Close; modules.go is THE list of capabilities
//	auth/<capability>  one folder each: ways in (password, passkey, social), people (user, account, avatar, notice, confirm), who may
//	                   come in (setup, access), sessions (session, bearer, multisession, onetimetoken, lastlogin),
//	                   the provider (oidc, device, jwt), the operator's (admin, operator, webhook, importer),
//	                   and pages, openapi, health
//	auth/internal/core what they share: user, session, account, one-time values, secrets, cookies, sign-in
//	auth/internal/...  api (endpoints as values), event, store, config, outbox, mail, hashing, limit, clientip, egress, upstream, clock
//	views, static      pages as plain structs and templates; style and icons
//	migrations         one timeline of schema changes
//	tests              black box: wire, cli, e2e, bench, and arch_test.go
//
// Arrows point one way: main → cli → auth → capability → core → the rest of
// internal. A capability never imports another: it declares the small
// interface it needs, and modules.go passes the other one in.
// tests/arch_test.go keeps this.
//
// # The life of a request
//
// net/http's ServeMux finds the site of a path, the site the [api.Endpoint] of
// the method. Then, in the contract's order: the rate limit; 404; media type and
// JSON; the origin; targets of redirects; validation; guards; the handler. The
// handler calls a method of its capability's Service with values, that method
// reads from the database's readers or writes in one db.Write, and what comes
// back is a value, a page, a redirect or a declared error. One place writes it.
//
// A guard leaves a *core.Auth on the request; core.Caller reads it. get-session
// is the hot path: it reads one row, or nothing at all when the cookie cache is on.
//
// # What is written where
//
// Reads take a store.Querier, only a *store.Tx can write, and only db.Write makes
// one: signatures tell who writes. Nothing inside db.Write waits for a network,
// a hash or a file, and its function may run twice. What must happen outside
// (mail) is a row in the outbox, written in the same transaction.
//
// # Adding an endpoint
//
//  1. In the capability's errors.go declare the errors it may answer.
//  2. In NAME.go write the domain method: context, values, *store.Tx in; values
//     and declared errors out. SQL goes to store.go.
//  3. In endpoints.go add an api.Handle(api.Endpoint{…}, handler) to Endpoints().
//     The input struct's tags are the validation (`body:"email,email"`).
//  4. Run go generate ./... : the OpenAPI document and the tables follow.
//  5. In NAME_test.go call it through the testkit server, and assert also what
//     did not happen.
//
// A new capability is a folder with the same files, built in modules.go.
package auth
