// better-auth's client plugins for the provider, devices and session tokens, unchanged, against authd.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, before, describe, test } from "node:test";
import { oauthDeviceAuthorizationClient, oauthProviderClient } from "@better-auth/oauth-provider/client";
import { oauthProviderResourceClient } from "@better-auth/oauth-provider/resource-client";
import { createAuthClient } from "better-auth/client";
import { deviceAuthorizationClient, jwtClient } from "better-auth/client/plugins";
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { start } from "../lib/authd.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";
const secret = "a-client-secret-of-more-than-32-characters";
const redirect = "https://rp.example/cb";
const api = "https://api.example";
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

const toml = `
[oauth_provider]
login_page = "https://app.example/login"
consent_page = "https://app.example/consent"
allow_public_client_prelogin = true
allow_dynamic_client_registration = true

[[oauth_provider.resources]]
identifier = "${api}"
clients = ["tv", "shop", "the-api"]

[[client]]
client_id = "tv"
name = "Television"
grant_types = ["${deviceGrant}", "refresh_token"]

[[client]]
client_id = "shop"
client_secret = "${secret}"
redirect_uris = ["${redirect}"]
skip_consent = true
enable_end_session = true

[[client]]
client_id = "the-api"
client_secret = "${secret}"
token_endpoint_auth_method = "client_secret_post"
grant_types = ["client_credentials"]
`;

// who is a visitor with better-auth's client and a cookie jar of their own.
function visitor(server, plugins) {
  const jar = new Jar(server.url);
  const client = createAuthClient({ baseURL: server.url, plugins, fetchOptions: { customFetchImpl: jar.fetch } });
  return { jar, client };
}

const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

// refused tells what went wrong, by status and code.
const refused = async (answer, status, code) => {
  const { data, error } = await answer;
  assert.equal(data, null);
  assert.deepEqual({ status: error?.status, code: error?.error ?? error?.code }, { status, code });
};

async function person(server, name, plugins) {
  const who = visitor(server, plugins);
  who.user = ok(await who.client.signUp.email({ email: `${name}@example.com`, password, name })).user;
  return who;
}

const verifier = crypto.randomBytes(32).toString("base64url");
const authorizeURL = (server, id, more = {}) => `${server.url}/api/auth/oauth2/authorize?${new URLSearchParams({
  response_type: "code", client_id: id, redirect_uri: redirect, scope: "openid email offline_access", state: "st4te",
  code_challenge: crypto.createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256", ...more,
})}`;

// authorize is where the browser is sent by the provider.
async function authorize(server, { jar }, id, more) {
  const res = await jar.fetch(authorizeURL(server, id, more)); // Node says that it is a program's request: the address comes as JSON
  assert.equal(res.status, 200);
  return new URL((await res.json()).url);
}

// token asks the token endpoint, as a client's back end does.
async function token(server, form, headers = {}) {
  const res = await fetch(`${server.url}/api/auth/oauth2/token`, { method: "POST", headers, body: new URLSearchParams(form) });
  return { status: res.status, ...(await res.json()) };
}

describe("oauthProviderClient", () => {
  let server;
  before(async () => { server = await start({ toml }); });
  after(() => server?.stop());
  const plugins = [oauthProviderClient()];

  test("makes a client, reads it, changes it, gives it another secret and deletes it", async () => {
    const ada = await person(server, "maker", plugins);
    const { oauth2 } = ada.client;
    const made = ok(await oauth2.createClient({ client_name: "Notes", redirect_uris: [redirect], client_uri: "https://notes.example" }));
    assert.equal(made.user_id, ada.user.id);
    assert.equal(made.client_secret_expires_at, 0);
    const query = { client_id: made.client_id };

    const { client_secret: _, ...kept } = made;
    assert.deepEqual(ok(await oauth2.getClient({ query })), kept, "all but the secret, which is shown once");
    assert.deepEqual(ok(await oauth2.getClients()), [kept]);

    const changed = ok(await oauth2.updateClient({ ...query, update: { client_name: "Better notes", redirect_uris: [redirect, "https://rp.example/two"] } }));
    assert.deepEqual(changed, { ...kept, client_name: "Better notes", redirect_uris: [redirect, "https://rp.example/two"] });
    assert.deepEqual(ok(await oauth2.getClient({ query })), changed);
    await refused(oauth2.updateClient({ ...query, update: { redirect_uris: ["javascript:alert(1)"] } }), 400, "invalid_redirect_uri");
    assert.deepEqual(ok(await oauth2.getClient({ query })), changed, "a refused change changes nothing");

    const rotated = ok(await oauth2.client.rotateSecret(query));
    assert.notEqual(rotated.client_secret, made.client_secret);
    const grant = { grant_type: "authorization_code", code: "none", redirect_uri: redirect, code_verifier: verifier };
    const by = (value) => ({ authorization: `Basic ${Buffer.from(`${made.client_id}:${value}`).toString("base64")}` });
    assert.equal((await token(server, grant, by(made.client_secret))).error, "invalid_client");
    assert.equal((await token(server, grant, by(rotated.client_secret))).error, "invalid_grant", "the new secret counts, the code does not");

    const eve = await person(server, "eve", plugins);
    assert.deepEqual(ok(await eve.client.oauth2.getClients()), []);
    for (const answer of [
      eve.client.oauth2.getClient({ query }), eve.client.oauth2.updateClient({ ...query, update: { client_name: "Mine" } }),
      eve.client.oauth2.client.rotateSecret(query), eve.client.oauth2.deleteClient(query),
    ]) assert.equal((await answer).error?.status, 401);
    for (const answer of [visitor(server, plugins).client.oauth2.getClients(), visitor(server, plugins).client.oauth2.createClient({ redirect_uris: [redirect] })]) {
      assert.equal((await answer).error?.status, 401);
    }

    ok(await oauth2.deleteClient(query));
    await refused(oauth2.getClient({ query }), 404, "not_found");
    assert.deepEqual(ok(await oauth2.getClients()), []);
  });

  test("registers a client for who is signed in", async () => {
    const ada = await person(server, "registrar", plugins);
    const made = ok(await ada.client.oauth2.register({ redirect_uris: [redirect], client_name: "Registered", token_endpoint_auth_method: "none" }));
    assert.equal(made.token_endpoint_auth_method, "none");
    assert.equal(made.client_secret, undefined);
    assert.equal(ok(await ada.client.oauth2.publicClient({ query: { client_id: made.client_id } })).client_name, "Registered");
    assert.equal((await visitor(server, plugins).client.oauth2.register({ redirect_uris: [redirect] })).error?.status, 401);
  });

  test("shows a client's face, before signing in only with the signed query", async () => {
    const ada = await person(server, "faces", plugins);
    const face = ok(await ada.client.oauth2.publicClient({ query: { client_id: "shop" } }));
    assert.equal(face.client_id, "shop");
    assert.equal(face.client_secret, undefined);
    const stranger = visitor(server, plugins);
    await refused(stranger.client.oauth2.publicClient({ query: { client_id: "shop" } }), 401, "UNAUTHORIZED");
    const page = await authorize(server, stranger, "shop");
    assert.equal(page.origin + page.pathname, "https://app.example/login");
    const asked = { client_id: "shop", oauth_query: page.search.slice(1) };
    assert.deepEqual(ok(await stranger.client.oauth2.publicClientPrelogin(asked)), face);
    await refused(stranger.client.oauth2.publicClientPrelogin({ ...asked, oauth_query: `${asked.oauth_query}x` }), 400, "invalid_signature");
  });

  test("signs in, consents, reads the consent, narrows it and takes it back", async () => {
    const ada = await person(server, "consenting", plugins);
    const { oauth2 } = ada.client;
    const made = ok(await oauth2.createClient({ client_name: "Asks", redirect_uris: [redirect], scope: "openid email offline_access", token_endpoint_auth_method: "none" }));
    ok(await ada.client.signOut());

    const login = await authorize(server, ada, made.client_id);
    const signedIn = ok(await ada.client.signIn.email({ email: "consenting@example.com", password, oauth_query: login.search.slice(1) }));
    const page = new URL(signedIn.url);
    assert.equal(page.origin + page.pathname, "https://app.example/consent");
    const oauth_query = page.search.slice(1);
    await refused(oauth2.consent({ accept: true, oauth_query: `${oauth_query}&scope=profile` }), 400, "invalid_signature");
    const back = new URL(ok(await oauth2.consent({ accept: true, oauth_query })).url);
    assert.equal(back.searchParams.get("state"), "st4te");
    assert.equal(back.searchParams.get("iss"), server.url);
    const tokens = await token(server, { grant_type: "authorization_code", client_id: made.client_id, code: back.searchParams.get("code"), redirect_uri: redirect, code_verifier: verifier });
    assert.equal(tokens.scope, "openid email offline_access");

    const [consent, ...others] = ok(await oauth2.getConsents());
    assert.deepEqual(others, []);
    assert.equal(consent.clientId, made.client_id);
    assert.deepEqual(consent.scopes, ["openid", "email", "offline_access"]);
    const query = { id: consent.id };
    assert.deepEqual(ok(await oauth2.getConsent({ query })), consent);

    const narrowed = ok(await oauth2.updateConsent({ ...query, update: { scopes: ["openid"] } }));
    assert.deepEqual(narrowed.scopes, ["openid"]);
    assert.deepEqual(ok(await oauth2.getConsent({ query })).scopes, ["openid"]);
    const refresh = { grant_type: "refresh_token", client_id: made.client_id, refresh_token: tokens.refresh_token };
    assert.equal((await token(server, refresh)).error, "invalid_grant", "what reached further has ended");

    const eve = await person(server, "curious", plugins);
    for (const answer of [eve.client.oauth2.getConsent({ query }), eve.client.oauth2.updateConsent({ ...query, update: { scopes: [] } }), eve.client.oauth2.deleteConsent(query)]) {
      assert.ok([401, 404].includes((await answer).error?.status));
    }
    assert.deepEqual(ok(await oauth2.getConsent({ query })).scopes, ["openid"]);

    ok(await oauth2.deleteConsent(query));
    assert.deepEqual(ok(await oauth2.getConsents()), []);
    await refused(oauth2.getConsent({ query }), 404, "not_found");
    const again = await authorize(server, ada, made.client_id);
    assert.equal(again.pathname, "/consent", "asked anew");
    const denied = new URL(ok(await oauth2.consent({ accept: false, oauth_query: again.search.slice(1) })).url);
    assert.equal(denied.searchParams.get("error"), "access_denied");
  });

  test("goes on after an account was chosen", async () => {
    const ada = await person(server, "choosing", plugins);
    const page = await authorize(server, ada, "shop", { prompt: "select_account" });
    assert.equal(page.pathname, "/login");
    const { url } = ok(await ada.client.oauth2.continue({ selected: true, oauth_query: page.search.slice(1) }));
    assert.ok(new URL(url).searchParams.get("code"), url);
    await refused(ada.client.oauth2.continue({ selected: true }), 400, "invalid_request");
  });

  test("ends the session of who comes with a hint, and of nobody else", async () => {
    const ada = await person(server, "leaving", plugins);
    const code = (await authorize(server, ada, "shop")).searchParams.get("code");
    const basic = { authorization: `Basic ${Buffer.from(`shop:${secret}`).toString("base64")}` };
    const tokens = await token(server, { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier }, basic);
    assert.ok(tokens.id_token);
    const forged = await ada.client.oauth2.endSession({ query: { id_token_hint: tokens.id_token.slice(0, -8) + "AAAAAAAA" } });
    assert.ok(forged.error, "a forged hint is refused");
    assert.equal(ok(await ada.client.getSession()).user.id, ada.user.id);
    ok(await ada.client.oauth2.endSession({ query: { id_token_hint: tokens.id_token } }));
    assert.equal(ok(await ada.client.getSession()), null);
  });

  test("better-auth's resource client takes the tokens for its API, and no others", async () => {
    const { verifyBearerToken } = oauthProviderResourceClient().getActions();
    const ada = await person(server, "api", plugins);
    const exchange = async (more) => {
      const code = (await authorize(server, ada, "shop", more)).searchParams.get("code");
      const basic = { authorization: `Basic ${Buffer.from(`shop:${secret}`).toString("base64")}` };
      return token(server, { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier, ...more }, basic);
    };
    const options = { jwksUrl: `${server.url}/api/auth/jwks`, verifyOptions: { audience: api, issuer: server.url } };
    const [forAPI, forNobody] = [await exchange({ resource: api }), await exchange({})];
    const claims = await verifyBearerToken(forAPI.access_token, options);
    assert.equal(claims.sub, ada.user.id);
    assert.equal(claims.client_id, "shop");
    for (const wrong of [forNobody.access_token, forAPI.id_token, "nonsense"]) await assert.rejects(verifyBearerToken(wrong, options));
    await assert.rejects(verifyBearerToken(forAPI.access_token, { ...options, verifyOptions: { ...options.verifyOptions, audience: "https://other.example" } }));

    const remote = { ...options, jwksUrl: undefined, remoteVerify: { introspectUrl: `${server.url}/api/auth/oauth2/introspect`, clientId: "the-api", clientSecret: secret, force: true } };
    assert.equal((await verifyBearerToken(forAPI.access_token, remote)).sub, ada.user.id);
  });
});

describe("deviceAuthorizationClient", () => {
  let server;
  before(async () => { server = await start({ toml }); });
  after(() => server?.stop());

  // later is a request some seconds on: nobody waits here.
  const later = (seconds) => ({ fetchOptions: { headers: { "x-authd-clock": String(Date.now() + seconds * 1000) } } });

  test("gives an app that is no registered client a session of who approves", async () => {
    const plugins = [deviceAuthorizationClient()];
    const [tv, ada] = [visitor(server, plugins), await person(server, "viewer", plugins)];
    const codes = ok(await tv.client.device.code({ client_id: "my-tv", scope: "watch" }));
    assert.match(codes.user_code, /^[B-Z]{4}-[B-Z]{4}$/);
    assert.equal(codes.verification_uri, `${server.url}/device`);
    assert.equal(codes.verification_uri_complete, `${server.url}/device?user_code=${codes.user_code}`);
    const poll = (device_code, at) => tv.client.device.token({ grant_type: deviceGrant, device_code, client_id: "my-tv", ...later(at) });
    await refused(poll(codes.device_code, 0), 400, "authorization_pending");
    await refused(poll(codes.device_code, 1), 400, "slow_down");

    const query = { user_code: codes.user_code.toLowerCase().replace("-", " ") };
    assert.deepEqual(ok(await tv.client.device({ query })), { user_code: query.user_code, status: "pending" });
    assert.deepEqual(ok(await ada.client.device({ query })), { user_code: query.user_code, status: "pending", client_id: "my-tv", scope: "watch" });
    await refused(tv.client.device.approve({ userCode: codes.user_code }), 401, "unauthorized");
    const eve = await person(server, "onlooker", plugins);
    await refused(eve.client.device.approve({ userCode: codes.user_code }), 403, "access_denied");
    await refused(ada.client.device.approve({ userCode: "BBBB-BBBB" }), 400, "invalid_request");
    assert.equal(ok(await ada.client.device.approve({ userCode: codes.user_code })).success, true);
    await refused(ada.client.device.deny({ userCode: codes.user_code }), 400, "invalid_request");

    const session = ok(await poll(codes.device_code, 20));
    assert.equal(session.token_type, "Bearer");
    assert.equal(session.scope, "watch");
    const cookie = await fetch(`${server.url}/api/auth/list-sessions`, { headers: { cookie: ada.jar.header() } });
    assert.equal((await cookie.json()).length, 2, "the device's session stands beside the person's own");
    await refused(poll(codes.device_code, 40), 400, "invalid_grant");
  });

  test("tells the device that it was refused, or that it is too late", async () => {
    const plugins = [deviceAuthorizationClient()];
    const [tv, ada] = [visitor(server, plugins), await person(server, "refuser", plugins)];
    const ask = async () => ok(await tv.client.device.code({ client_id: "my-tv" }));
    const poll = (codes, at) => tv.client.device.token({ grant_type: deviceGrant, device_code: codes.device_code, client_id: "my-tv", ...later(at) });
    const denied = await ask();
    ok(await ada.client.device({ query: { user_code: denied.user_code } }));
    assert.equal(ok(await ada.client.device.deny({ userCode: denied.user_code })).success, true);
    await refused(poll(denied, 0), 400, "access_denied");
    const late = await ask();
    await refused(poll(late, late.expires_in + 1), 400, "expired_token");
    await refused(ada.client.device({ query: { user_code: "BCDF-GHJK" } }), 400, "invalid_request");
  });

  test("gives a registered client OAuth tokens", async () => {
    const plugins = [oauthProviderClient(), oauthDeviceAuthorizationClient()];
    const [tv, ada] = [visitor(server, plugins), await person(server, "subscriber", plugins)];
    const codes = ok(await tv.client.device.code({ client_id: "tv", scope: "openid email offline_access", resource: api }));
    const poll = (seconds, device_code = codes.device_code) => token(server, { grant_type: deviceGrant, device_code, client_id: "tv" }, { "x-authd-clock": String(Date.now() + seconds * 1000) });
    assert.equal((await poll(0)).error, "authorization_pending");
    await refused(tv.client.device.token({ grant_type: deviceGrant, device_code: codes.device_code, client_id: "tv", ...later(20) }), 400, "invalid_grant");
    ok(await ada.client.device({ query: { user_code: codes.user_code } }));
    ok(await ada.client.device.approve({ userCode: codes.user_code }));
    const tokens = await poll(40);
    assert.equal(tokens.status, 200, JSON.stringify(tokens));
    assert.equal(tokens.scope, "openid email offline_access");
    const info = await fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal((await info.json()).email, "subscriber@example.com");
    const refreshed = await token(server, { grant_type: "refresh_token", refresh_token: tokens.refresh_token, client_id: "tv" });
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed));
    assert.equal((await poll(80)).error, "invalid_grant");
  });
});

describe("jwtClient", () => {
  const plugins = [jwtClient()];
  const setHeader = async (client) => {
    let header;
    ok(await client.getSession({ fetchOptions: { onSuccess: ({ response }) => { header = response.headers.get("set-auth-jwt"); } } }));
    return header;
  };
  const settings = [
    { alg: "EdDSA", env: {} },
    { alg: "ES256", env: { AUTHD_JWT__ALG: "ES256", AUTHD_JWT__SET_JWT_HEADER: "true", AUTHD_JWT__EXPIRATION_TIME: "1h", AUTHD_JWT__AUDIENCE: "https://api.example" } },
    { alg: "PS256", env: { AUTHD_JWT__ALG: "PS256" } },
    { alg: "HS256", env: { AUTHD_JWT__ALG: "HS256", AUTHD_JWT__HS256_SECRET: secret } },
  ];
  for (const { alg, env } of settings) {
    test(`tells services of one's own who is signed in, with ${alg}`, async () => {
      const server = await start({ env });
      try {
        const { client, user } = await person(server, "ada", plugins);
        const { token: jwt } = ok(await client.token());
        assert.equal(decodeProtectedHeader(jwt).typ, "session+jwt");
        const set = ok(await client.jwks());
        assert.ok(set.keys.length >= 3 && set.keys.every((key) => key.kid && key.alg && !key.d), JSON.stringify(set));
        const keys = alg === "HS256" ? new TextEncoder().encode(secret) : createLocalJWKSet(set);
        const expected = { algorithms: [alg], issuer: server.url, audience: env.AUTHD_JWT__AUDIENCE ?? server.url, typ: "session+jwt" };
        const { payload } = await jwtVerify(jwt, keys, expected);
        assert.equal(payload.sub, user.id);
        assert.equal(payload.email, "ada@example.com");
        assert.equal(payload.exp - payload.iat, alg === "ES256" ? 3600 : 900);
        if (alg === "HS256") await assert.rejects(jwtVerify(jwt, createLocalJWKSet(set)), "the shared secret stands in no key set");
        else await jwtVerify(jwt, createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`)), expected);

        const header = await setHeader(client);
        if (env.AUTHD_JWT__SET_JWT_HEADER) assert.equal((await jwtVerify(header, keys, expected)).payload.sub, user.id);
        else assert.equal(header, null);

        await refused(visitor(server, plugins).client.token(), 401, "UNAUTHORIZED");
        const info = await fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${jwt}` } });
        assert.equal(info.status, 401, "it is no access token");
      } finally {
        await server.stop();
      }
    });
  }
});
