// docs/apps/fastapi.md as written: a Python API that checks authd's tokens by itself.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import * as openid from "openid-client";
import { freePort, start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";
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
