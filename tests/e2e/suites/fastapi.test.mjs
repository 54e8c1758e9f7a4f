// docs/apps/fastapi.md as written: Python APIs that check authd's tokens by themselves, by the key set and by a shared secret.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";
import { SignJWT } from "jose";
import * as openid from "openid-client";
import { freePort, start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";
import { Jar } from "../lib/jar.mjs";
import { Person } from "../lib/person.mjs";
import { run } from "../lib/programs.mjs";
import { callback, request } from "../lib/relying-party.mjs";

const python = path.resolve(import.meta.dirname, "../.venv/bin/python");
const page = "apps/fastapi.md";
const ada = { email: "ada@example.com", password: "correct-horse-battery" };
const resource = "https://notes.example.com";

describe("FastAPI", () => {
  let server, api, user, dir, secret;
  before(async () => {
    const toml = example(page, "api.toml", { 'clients = ["notes-job"]': 'clients = ["notes-job", "app"]' });
    secret = toml.match(/client_secret = "(.*)"/)[1];
    server = await start({ toml: `${toml}\n[[client]]\nclient_id = "app"\nredirect_uris = ["${callback}"]\n` });
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
    dir = folder({ "app.py": example(page, "app.py"), "ask.sh": example(page, "ask.sh") });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = ["-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "warning"];
    api = await run(python, args, { cwd: dir, env: { ISSUER: server.url, PYTHONDONTWRITEBYTECODE: "1" }, url });
    api.url = url;
  });
  after(async () => {
    await api?.stop();
    await server?.stop();
  });

  // ask calls the API and gives its status, error and answer.
  async function ask(token, method = "GET") {
    const res = await fetch(`${api.url}/notes`, { method, headers: token ? { authorization: `Bearer ${token}` } : {} });
    const error = res.headers.get("www-authenticate")?.match(/^Bearer(?: error="(\w+)")?$/);
    return { status: res.status, error: error?.[1], body: await res.json() };
  }

  // personal takes the person through the flow of a public client.
  async function personal(parameters) {
    const config = await openid.discovery(new URL(server.url), "app", undefined, openid.None(), { execute: [openid.allowInsecureRequests] });
    const { url, checks } = await request(config, parameters);
    const back = await new Person(server, ada).visit(url);
    return openid.authorizationCodeGrant(config, back.url, checks, parameters.resource && { resource: parameters.resource });
  }

  test("the page's script gets a token and an answer", async () => {
    const env = { ...process.env, ISSUER: server.url, API: api.url, SECRET: secret };
    const { stdout } = await promisify(execFile)("sh", ["-e", "ask.sh"], { cwd: dir, env });
    assert.deepEqual(JSON.parse(stdout), { of: "notes-job", by: "notes-job" });
  });

  test("takes a person's token for it, within its scopes", async () => {
    const tokens = await personal({ resource, scope: "openid notes:read" });
    assert.deepEqual(await ask(tokens.access_token), { status: 200, error: undefined, body: { of: user.id, by: "app" } }, api.log);
    assert.deepEqual(await ask(tokens.access_token, "POST"), { status: 403, error: "insufficient_scope", body: { detail: "insufficient_scope" } });
    assert.equal((await ask(tokens.id_token)).error, "invalid_token", "an ID token is no access token");
    const [head, claims, signature] = tokens.access_token.split(".");
    const more = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, "base64url")), scope: "notes:write" })).toString("base64url");
    assert.equal((await ask([head, more, signature].join("."), "POST")).error, "invalid_token", "a token that was changed");
    const none = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(head, "base64url")), alg: "none" })).toString("base64url");
    assert.equal((await ask([none, claims, ""].join("."))).error, "invalid_token", "a token without a signature");
  });

  test("refuses what is not for it", async () => {
    assert.deepEqual(await ask(), { status: 401, error: undefined, body: { detail: "a token is needed" } });
    const tokens = await personal({ scope: "openid notes:read" });
    assert.equal((await ask(tokens.access_token)).error, "invalid_token", "a token for no API in particular");
  });
});

describe("FastAPI with a shared secret", () => {
  let server, api, user, auth, secret;
  before(async () => {
    const toml = example(page, "session.toml");
    secret = toml.match(/hs256_secret = "(.*)"/)[1];
    server = await start({ toml });
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
    auth = createAuthClient({ baseURL: server.url, plugins: [jwtClient()], fetchOptions: { customFetchImpl: new Jar(server.url).fetch } });
    assert.equal((await auth.signIn.email(ada)).error, null);
    const dir = folder({ "session_app.py": example(page, "session_app.py") });
    const url = `http://127.0.0.1:${await freePort()}`;
    const args = ["-m", "uvicorn", "session_app:app", "--port", new URL(url).port, "--log-level", "warning"];
    api = await run(python, args, { cwd: dir, env: { ISSUER: server.url, JWT_SECRET: secret, PYTHONDONTWRITEBYTECODE: "1" }, url });
    api.url = url;
  });
  after(async () => {
    await api?.stop();
    await server?.stop();
  });

  const ask = async (token) => {
    const res = await fetch(`${api.url}/me`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    return { status: res.status, ...(res.status === 200 ? await res.json() : {}) };
  };

  test("knows who is signed in", async () => {
    const { data } = await auth.token();
    assert.deepEqual(await ask(data.token), { status: 200, id: user.id, email: ada.email, admin: false }, api.log);
    await server.authd("user", "set-role", ada.email, "admin");
    assert.equal((await ask((await auth.token()).data.token)).admin, true);
  });

  test("takes no other token", async () => {
    const { data } = await auth.token();
    const [header, claims] = data.token.split(".");
    const now = Math.floor(Date.now() / 1000);
    const good = JSON.parse(Buffer.from(claims, "base64url"));
    const signed = (typ, payload, key = secret, alg = "HS256") => new SignJWT(payload).setProtectedHeader({ alg, typ }).sign(new TextEncoder().encode(key));
    assert.equal((await ask(await signed("session+jwt", good))).status, 200, "what is as authd has it is taken, so that the rest is refused for what it differs in");
    const { exp: _, ...endless } = good;
    for (const [what, token] of Object.entries({
      nothing: "", nonsense: "x", "no signature": `${header}.${claims}.`,
      "another key": await signed("session+jwt", good, "0123456789abcdef0123456789abcdef"),
      "another type": await signed("at+jwt", good), "another algorithm": await signed("session+jwt", good, secret, "HS512"),
      "for another service": await signed("session+jwt", { ...good, aud: "https://other.example" }),
      "of another server": await signed("session+jwt", { ...good, iss: "https://other.example" }),
      expired: await signed("session+jwt", { ...good, exp: now - 60 }), "without an end": await signed("session+jwt", endless),
    })) assert.equal((await ask(token)).status, 401, what);
  });
});
