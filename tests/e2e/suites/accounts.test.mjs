// Sessions as docs/sessions.md has them, by better-auth's own clients.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";
import { example, folder } from "../lib/docs.mjs";
import { Jar } from "../lib/jar.mjs";

import { lastLoginMethodClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/client";

const run = promisify(execFile);
const password = "correct-horse-battery";
const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

describe("a bearer token", () => {
  let server;
  before(async () => { server = await start(); });
  after(() => server?.stop());

  test("is a session for better-auth's client without cookies, as the page has it", async () => {
    process.env.AUTHD_URL = server.url;
    const page = "sessions.md";
    const { auth } = await import(pathToFileURL(path.join(folder({ "client.mjs": example(page, "client.mjs") }), "client.mjs")));
    assert.equal(ok(await auth.getSession()), null);
    ok(await auth.signUp.email({ email: "ada@example.com", password, name: "Ada" }));
    assert.equal(ok(await auth.getSession()).user.email, "ada@example.com");
    assert.equal(ok(await auth.updateUser({ name: "Ada L." })).status, true);
    assert.equal(ok(await auth.getSession()).user.name, "Ada L.");

    const shell = await run("sh", ["-ec", example(page, "bearer.sh")], { env: { ...process.env, AUTHD_URL: server.url } });
    assert.equal(shell.stdout, "ada@example.com\n");

    ok(await auth.signOut());
    assert.equal(ok(await auth.getSession()), null);
  });
});

describe("several accounts in one browser", () => {
  const secret = "a-secret-of-more-than-thirty-two-characters";
  const toml = `[[client]]\nclient_id = "shop"\nname = "Shop"\nclient_secret = "${secret}"\nskip_consent = true\nredirect_uris = ["https://app.example/cb"]\n`;
  const people = ["ada@example.com", "bob@example.com"];
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([start({ toml }), launch()]);
    for (const email of people) await server.signUp(email, password, email.split("@")[0]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("multiSessionClient lists, switches and signs one out, as the page has it", async () => {
    process.env.AUTHD_URL = server.url;
    const { auth, switchTo } = await import(pathToFileURL(path.join(folder({ "accounts.mjs": example("sessions.md", "accounts.mjs") }), "accounts.mjs")));
    const jar = new Jar(server.url);
    const options = { customFetchImpl: jar.fetch };
    const who = async () => ok(await auth.getSession({ fetchOptions: options }))?.user.email;
    for (const email of people) ok(await auth.signIn.email({ email, password, fetchOptions: options }));
    assert.equal(await who(), "bob@example.com");
    assert.equal(await switchTo("ada@example.com", options), true);
    assert.equal(await who(), "ada@example.com");
    assert.equal(await switchTo("eve@example.com", options), false);
    const accounts = ok(await auth.multiSession.listDeviceSessions({ fetchOptions: options }));
    assert.deepEqual(accounts.map(({ user }) => user.email), ["bob@example.com", "ada@example.com"]);
    ok(await auth.multiSession.revoke({ sessionToken: accounts[1].session.token, fetchOptions: options }));
    assert.equal(await who(), "bob@example.com");
    ok(await auth.signOut({ fetchOptions: options }));
    assert.deepEqual([...jar.cookies.keys()].sort(), ["better-auth.known_device", "better-auth.last_used_login_method"]);
  });

  test("a person chooses one without JavaScript, for an app and without one", async () => {
    const page = await open(browser, { viewport: { width: 375, height: 800 } });
    const at = () => new URL(page.url()).pathname;
    for (const email of people) {
      await page.goto(`${server.url}/login?switch=1`);
      await submit(page, { "E-mail address": email, Password: password }, "Sign in");
    }
    await page.getByRole("link", { name: "Switch account" }).click();
    assert.equal(await title(page), "Choose an account");
    await accessible(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 375);
    assert.ok(width <= 375, `the page is ${width} wide`);
    await press(page, "Continue as ada@example.com");
    assert.equal(at(), "/account");
    await page.getByText("ada@example.com").first().waitFor();

    const query = new URLSearchParams({ client_id: "shop", redirect_uri: "https://app.example/cb", response_type: "code", scope: "openid email", prompt: "select_account", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" });
    await page.goto(`${server.url}/api/auth/oauth2/authorize?${query}`);
    assert.equal(await title(page), "Choose an account");
    await accessible(page);
    await page.route("https://app.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>App</title><h1>At the app</h1>" }));
    await press(page, "Continue as bob@example.com");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    const code = new URL(page.url()).searchParams.get("code");
    const tokens = await fetch(`${server.url}/api/auth/oauth2/token`, {
      method: "POST", headers: { authorization: `Basic ${Buffer.from(`shop:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: "https://app.example/cb", code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" }),
    }).then((res) => res.json());
    const info = await fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } }).then((res) => res.json());
    assert.equal(info.email, "bob@example.com");

    await page.goto(`${server.url}/select-account`);
    await press(page, "Sign out bob@example.com");
    assert.equal(await page.getByRole("button", { name: "Continue as bob@example.com" }).count(), 0);
    await press(page, "Sign out ada@example.com");
    assert.equal(at(), "/login");
  });
});

test("oneTimeTokenClient moves a session, as the page has it", async () => {
  const server = await start({ env: { AUTHD_ONE_TIME_TOKEN__ENABLED: "true" } });
  try {
    process.env.AUTHD_URL = server.url;
    const { auth, leave, arrive } = await import(pathToFileURL(path.join(folder({ "move.mjs": example("sessions.md", "move.mjs") }), "move.mjs")));
    const [here, there] = [new Jar(server.url), new Jar(server.url)].map((jar) => ({ customFetchImpl: jar.fetch }));
    ok(await auth.signUp.email({ email: "ada@example.com", password, name: "Ada", fetchOptions: here }));
    const { session } = ok(await auth.getSession({ fetchOptions: here }));
    const token = await leave(here);
    assert.equal((await arrive(token, there)).session.id, session.id);
    assert.equal(ok(await auth.getSession({ fetchOptions: there })).session.id, session.id);
    assert.equal(await arrive(token, there), null, "a token is used once");
    ok(await auth.signOut({ fetchOptions: there }));
    assert.equal(ok(await auth.getSession({ fetchOptions: here })), null);
  } finally {
    await server.stop();
  }
});

test("lastLoginMethodClient reads what was used last, and forgets it", async () => {
  const server = await start({ env: { AUTHD_LAST_LOGIN_METHOD__STORE_IN_DATABASE: "true" } });
  try {
    const jar = new Jar(server.url);
    const auth = createAuthClient({ baseURL: server.url, plugins: [lastLoginMethodClient()], fetchOptions: { customFetchImpl: jar.fetch } });
    globalThis.document = { get cookie() { return jar.header(); }, set cookie(line) { jar.cookies.delete(line.split("=")[0]); } };
    assert.equal(auth.getLastUsedLoginMethod(), null);
    const { user } = ok(await auth.signUp.email({ email: "ada@example.com", password, name: "Ada" }));
    assert.equal(user.lastLoginMethod, "email");
    ok(await auth.signOut());
    assert.equal(auth.getLastUsedLoginMethod(), "email");
    assert.equal(auth.isLastUsedLoginMethod("google"), false);
    auth.clearLastUsedLoginMethod();
    assert.equal(auth.getLastUsedLoginMethod(), null);
  } finally {
    delete globalThis.document;
    await server.stop();
  }
});
