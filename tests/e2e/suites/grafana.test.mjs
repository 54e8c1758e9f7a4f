// docs/apps/grafana.md as written: a relying party that knows nothing but the settings of that page.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { AuthorizationCode } from "simple-oauth2";
import { start } from "../lib/authd.mjs";
import { example } from "../lib/docs.mjs";
import { Person } from "../lib/person.mjs";

const page = "apps/grafana.md";
const people = [
  { email: "ada@example.com", password: "correct-horse-battery", name: "Ada Lovelace", groups: ["admin"], role: "Admin" },
  { email: "bob@example.com", password: "correct-horse-battery", name: "Bob", groups: ["user"], role: "Viewer" },
];
const host = { "https://grafana.example.com": "https://grafana.example" }; // where Person stops

// read is an ini file by section and key.
function read(text) {
  const sections = {};
  let section;
  for (const line of text.split("\n")) {
    const [, head] = line.match(/^\[(.*)\]$/) ?? [];
    if (head) section = sections[head] = {};
    const [, key, value] = line.match(/^(\w+) = (.*)$/) ?? [];
    if (key) section[key] = value;
  }
  return sections;
}

describe("a program with a form for generic OAuth", () => {
  let server, settings, redirect;
  before(async () => {
    server = await start({ toml: example(page, "authd.toml", host) });
    for (const each of people) {
      await server.signUp(each.email, each.password, each.name);
      if (each.role === "Admin") await server.authd("user", "set-role", each.email, "admin");
    }
    const ini = read(example(page, "grafana.ini", { ...host, "https%3A%2F%2Fgrafana.example.com": "https%3A%2F%2Fgrafana.example", "https://auth.example.com": server.url }));
    settings = { ...ini["auth.generic_oauth"], signout: ini.auth.signout_redirect_url };
    redirect = `${ini.server.root_url}login/generic_oauth`; // as Grafana makes it
  });
  after(() => server?.stop());

  for (const { groups, role, ...person } of people) {
    test(`${person.name} comes in as ${role}`, async () => {
      const client = new AuthorizationCode({
        client: { id: settings.client_id, secret: settings.client_secret },
        auth: { tokenHost: new URL(settings.token_url).origin, tokenPath: new URL(settings.token_url).pathname, authorizeHost: new URL(settings.auth_url).origin, authorizePath: new URL(settings.auth_url).pathname },
        options: { authorizationMethod: settings.auth_style === "InHeader" ? "header" : "body" },
      });
      assert.equal(settings.use_pkce, "true");
      const code_verifier = openid.randomPKCECodeVerifier();
      const asked = client.authorizeURL({
        redirect_uri: redirect, scope: settings.scopes, state: "st4te",
        code_challenge: await openid.calculatePKCECodeChallenge(code_verifier), code_challenge_method: "S256",
      });
      const browser = new Person(server, person);
      const { url, body } = await browser.visit(asked);
      assert.equal(url.origin + url.pathname, redirect, body?.slice(0, 500));
      assert.equal(url.searchParams.get("state"), "st4te");
      const token = await client.getToken({ code: url.searchParams.get("code"), redirect_uri: redirect, code_verifier });

      const profile = async (bearer) => {
        const res = await fetch(settings.api_url, { headers: { authorization: `Bearer ${bearer}` } });
        assert.equal(res.status, 200, await res.clone().text());
        return res.json();
      };
      const info = await profile(token.token.access_token);
      assert.equal(info[settings.login_attribute_path], person.email);
      assert.equal(info[settings.email_attribute_path], person.email);
      assert.equal(info[settings.name_attribute_path], person.name);
      assert.deepEqual(info[settings.groups_attribute_path], groups);
      const [, list, wanted, yes, no] = settings.role_attribute_path.match(/^contains\((\w+)\[\*\], '(\w+)'\) && '(\w+)' \|\| '(\w+)'$/);
      assert.equal(info[list].includes(wanted) ? yes : no, role);

      assert.equal(settings.use_refresh_token, "true");
      const refreshed = await token.refresh();
      assert.notEqual(refreshed.token.access_token, token.token.access_token);
      assert.equal((await profile(refreshed.token.access_token)).sub, info.sub);

      const out = await browser.fetch(settings.signout);
      assert.equal(out.status, 200, "who comes without a hint is asked");
      assert.match(out.body, /Grafana/);
    });
  }

  test("the addresses of the page are those of the discovery document", async () => {
    const document = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    const text = fs.readFileSync(path.resolve(import.meta.dirname, "../../../docs", page), "utf8");
    for (const name of ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]) {
      const address = document[name].replace(server.url, "https://auth.example.com");
      assert.ok(text.includes(`| \`${address}\` |`), `${name} is ${address}`);
    }
  });

  test("a program that is content with the issuer finds the same by itself", async () => {
    const config = await openid.discovery(new URL(server.url), settings.client_id, settings.client_secret, openid.ClientSecretBasic(settings.client_secret), { execute: [openid.allowInsecureRequests] });
    const metadata = config.serverMetadata();
    assert.equal(metadata.authorization_endpoint, settings.auth_url);
    assert.equal(metadata.token_endpoint, settings.token_url);
    assert.equal(metadata.userinfo_endpoint, settings.api_url);
    assert.ok(metadata.scopes_supported.includes("groups"));
  });
});
