// Other people's OAuth libraries as relying parties: each signs the same person in.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";
import * as oauth from "oauth4webapi";
import { AuthorizationCode } from "simple-oauth2";
import { start, freePort } from "../lib/authd.mjs";
import { Person } from "../lib/person.mjs";

const ada = { email: "ada@example.com", password: "correct-horse-battery" };
const secret = "a-client-secret-of-more-than-32-characters";
const callback = "https://rp.example/cb";

describe("relying parties", () => {
  let server, appURL, user;
  before(async () => {
    appURL = `http://localhost:${await freePort()}`;
    const client = (id, more = "", redirect = callback) => `[[client]]\nclient_id = "${id}"\nname = "${id}"\nredirect_uris = ["${redirect}"]\n${more}\n`;
    server = await start({ toml: [
      client("confidential", `client_secret = "${secret}"`),
      client("post", `client_secret = "${secret}"\ntoken_endpoint_auth_method = "client_secret_post"`),
      client("browser", 'id_token_signed_response_alg = "ES256"'),
      client("authjs", `client_secret = "${secret}"`, `${appURL}/auth/callback/authd`),
    ].join("\n") });
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
  });
  after(() => server?.stop());

  const insecure = { [oauth.allowInsecureRequests]: true }; // the issuer of the tests has no TLS

  // challenge makes the request of oauth4webapi and what must be true of its answer.
  async function challenge(as, client, scope) {
    const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(as.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: client.client_id, redirect_uri: callback, response_type: "code", scope, state, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    });
    return { url, verifier, state, nonce };
  }

  for (const [id, auth, alg] of [
    ["confidential", () => oauth.ClientSecretBasic(secret), "RS256"],
    ["post", () => oauth.ClientSecretPost(secret), "RS256"],
    ["browser", () => oauth.None(), "ES256"],
  ]) {
    test(`oauth4webapi: ${id}, from discovery to revocation`, async () => {
      const issuer = new URL(server.url);
      const discovered = {};
      for (const algorithm of ["oidc", "oauth2"]) { // OpenID Connect Discovery §4 and RFC 8414 §3
        discovered[algorithm] = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }));
      }
      assert.deepEqual(discovered.oauth2, discovered.oidc);
      const as = discovered.oidc;
      const client = { client_id: id, id_token_signed_response_alg: alg };
      const asked = await challenge(as, client, "openid email offline_access");
      const { url } = await new Person(server, ada).visit(asked.url);
      const parameters = oauth.validateAuthResponse(as, client, url, asked.state);
      const answer = await oauth.authorizationCodeGrantRequest(as, client, auth(), parameters, callback, asked.verifier, insecure);
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: asked.nonce, requireIdToken: true });
      await oauth.validateApplicationLevelSignature(as, answer, insecure);
      assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, user.id);
      const info = await oauth.processUserInfoResponse(as, client, user.id, await oauth.userInfoRequest(as, client, tokens.access_token, insecure));
      assert.equal(info.email, ada.email);
      const refreshed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth(), tokens.refresh_token, insecure));
      assert.notEqual(refreshed.access_token, tokens.access_token);
      if (id !== "browser") {
        const state = await oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth(), refreshed.access_token, insecure));
        assert.deepEqual([state.active, state.sub], [true, user.id]);
      }
      await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth(), refreshed.refresh_token, insecure));
      await assert.rejects(async () => oauth.processUserInfoResponse(as, client, user.id, await oauth.userInfoRequest(as, client, refreshed.access_token, insecure)),
        (error) => error instanceof oauth.WWWAuthenticateChallengeError && error.cause[0].parameters.error === "invalid_token");
    });
  }

  for (const [id, authorizationMethod] of [["confidential", "header"], ["post", "body"]]) {
    test(`simple-oauth2: code, refresh and revocation with the secret in the ${authorizationMethod}`, async () => {
      const at = "/api/auth/oauth2";
      const client = new AuthorizationCode({
        client: { id, secret }, options: { authorizationMethod },
        auth: { tokenHost: server.url, tokenPath: `${at}/token`, authorizePath: `${at}/authorize`, revokePath: `${at}/revoke` },
      });
      const verifier = oauth.generateRandomCodeVerifier();
      const address = client.authorizeURL({
        redirect_uri: callback, scope: ["openid", "offline_access"], state: "the-state",
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      });
      const { url } = await new Person(server, ada).visit(address);
      assert.equal(url.searchParams.get("state"), "the-state");
      const token = await client.getToken({ code: url.searchParams.get("code"), redirect_uri: callback, code_verifier: verifier });
      assert.equal(token.token.token_type, "Bearer");
      assert.equal(token.expired(), false);
      const who = () => fetch(`${server.url}${at}/userinfo`, { headers: { authorization: `Bearer ${next.token.access_token}` } });
      const next = await token.refresh();
      assert.equal((await (await who()).json()).sub, user.id);
      await next.revokeAll();
      assert.equal((await who()).status, 401);
    });
  }

  test("Auth.js on Express signs a person in and out, checking state, nonce and PKCE", async () => {
    const config = {
      trustHost: true, secret: "the-app-signs-its-own-session-with-this",
      providers: [{
        id: "authd", name: "authd", type: "oidc", issuer: server.url, clientId: "authjs", clientSecret: secret,
        checks: ["pkce", "state", "nonce"], idToken: false, // the profile is at userinfo
      }],
      logger: { error: (error) => { throw error; }, warn() {}, debug() {} },
    };
    const app = express();
    app.use(/^\/auth\/(.*)/, ExpressAuth(config)); // its pattern for Express 4, "/auth/*", as Express 5 writes it
    app.get("/", async (req, res) => { res.json(await getSession(req, config)); });
    const listener = http.createServer(app).listen(new URL(appURL).port, "127.0.0.1");
    await once(listener, "listening");
    try {
      const person = new Person(server, ada);
      const session = async () => JSON.parse((await person.fetch(`${appURL}/`)).body);
      const post = async (path) => {
        const { csrfToken } = JSON.parse((await person.fetch(`${appURL}/auth/csrf`)).body);
        return person.visit(`${appURL}${path}`, { method: "POST", body: new URLSearchParams({ csrfToken, callbackUrl: `${appURL}/` }) });
      };
      assert.equal(await session(), null);
      const { url, body } = await post("/auth/signin/authd");
      assert.equal(url.href, `${appURL}/`, body);
      assert.equal((await session())?.user.email, ada.email);
      await post("/auth/signout");
      assert.equal(await session(), null);
    } finally {
      listener.closeAllConnections();
      listener.close();
    }
  });
});
