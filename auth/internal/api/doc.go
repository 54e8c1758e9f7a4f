// Package api turns endpoints, which are values, into an HTTP server.
//
// An [Endpoint] declares all about itself: method, path, id, what it is for,
// accepted media types, guards, errors, limit, origin rule. From that one
// declaration come routing, the 415 and 400 answers, the origin check, the
// rate limit, validation with the contract's texts, the guards, the OpenAPI
// document and the metrics label.
//
// The order on the wire is the contract's: rate limit, 404, 415 or bad JSON
// 400, origin 403, validation 400, guard 401/403, handler.
//
// The package knows nothing of users or sessions: guards and the session key
// of the limiter are handed in.
package api
