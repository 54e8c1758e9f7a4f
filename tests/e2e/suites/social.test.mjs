// Signing in with an account at another server: a real OpenID provider, and a second authd.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import * as openid from "openid-client";
import { freePort, start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit } from "../lib/browser.mjs";
import { Jar } from "../lib/jar.mjs";
import { arrived, callback, go, receive } from "../lib/relying-party.mjs";
import { answerFor, client, signInThere, startUpstream } from "../lib/upstream.mjs";

const password = "correct-horse-battery";
const generic = (id, name, issuer, more = "") => `[[generic_oauth.config]]
provider_id = "${id}"
name = "${name}"
discovery_url = "${issuer}/.well-known/openid-configuration"
client_id = "${client.id}"
client_secret = "${client.secret}"
scopes = ["email", "profile"]
${more}`;

// session is what a page's browser says of itself.
async function session(page, server) {
  const cookies = await page.context().cookies(server.url);
  const res = await fetch(`${server.url}/api/auth/get-session`, { headers: { cookie: cookies.map((each) => `${each.name}=${each.value}`).join("; ") } });
  return res.json();
}

describe("an OpenID provider as upstream", () => {
  let server, upstream, browser;
  before(async () => {
    const port = await freePort();
    server = await start({ toml: generic("elsewhere", "Elsewhere", `http://localhost:${port}`) });
    upstream = await startUpstream(port, [`${server.url}/api/auth/callback/elsewhere`, callback]);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    upstream?.stop();
    await server?.stop();
  });

  // enter goes from /login through the provider and back.
  const enter = async (page, name) => {
    await page.goto(`${server.url}/login`);
    await press(page, "Continue with Elsewhere");
    await signInThere(page, name);
    await page.waitForURL(`${server.url}/account`);
  };

  test("signs people up, and in the next time, without JavaScript", async () => {
    const page = await open(browser);
    await page.goto(`${server.url}/signup`);
    await accessible(page);
    await page.goto(`${server.url}/login`);
    await accessible(page);
    await enter(page, "ada");
    const first = await session(page, server);
    assert.deepEqual([first.user.email, first.user.name, first.user.emailVerified], ["ada@example.com", "ada from elsewhere", true]);
    const again = await open(browser);
    await enter(again, "ada");
    assert.equal((await session(again, server)).user.id, first.user.id);
    for (const each of [page, again]) await each.context().close();
  });

  test("comes back when the person says no there, and says so", async () => {
    const page = await open(browser);
    await page.goto(`${server.url}/login?return_to=%2Faccount%2Fapps`);
    await press(page, "Continue with Elsewhere");
    await page.waitForURL(/\/interaction\//);
    await page.getByRole("link", { name: /Cancel/ }).click();
    await page.waitForURL(/\/login\?/);
    assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");
    assert.match(await page.getByRole("alert").innerText(), /Access was denied/);
    await accessible(page);
    assert.equal(await session(page, server), null);
    await press(page, "Continue with Elsewhere");
    await signInThere(page, "grace");
    await page.waitForURL(`${server.url}/account/apps`);
    await page.context().close();
  });

  test("takes no address over that it did not prove", async () => {
    await server.signUp("unproven-eve@example.com", password, "Whoever has the address");
    const page = await open(browser);
    await page.goto(`${server.url}/login`);
    await press(page, "Continue with Elsewhere");
    await signInThere(page, "unproven-eve");
    await page.waitForURL(/error=account_not_linked/);
    assert.match(await page.getByRole("alert").innerText(), /There is an account with this e-mail address already/);
    assert.equal(await session(page, server), null);
    await page.context().close();
  });

  test("an answer that another browser gets is of no use", async () => {
    const [page, thief] = [await open(browser), await open(browser)];
    await page.goto(`${server.url}/login`);
    await press(page, "Continue with Elsewhere");
    const stolen = await answerFor(page, "victim", server.url);
    assert.match(stolen, /\/api\/auth\/callback\/elsewhere\?.*code=/);
    await thief.goto(stolen);
    assert.equal(thief.url(), `${server.url}/login?error=state_mismatch`);
    assert.match(await thief.getByRole("alert").innerText(), /started in another browser/);
    assert.equal(await session(thief, server), null);
    await page.goto(stolen);
    assert.equal((await session(page, server)).user.email, "victim@example.com", "and it still works where it belongs");
    for (const each of [page, thief]) await each.context().close();
  });

  test("better-auth's client begins, links and signs in with an ID token", async () => {
    const jar = new Jar(server.url);
    const app = createAuthClient({ baseURL: server.url, fetchOptions: { customFetchImpl: jar.fetch } });
    const begun = await app.signIn.social({ provider: "elsewhere", callbackURL: "/account", disableRedirect: true });
    assert.equal(begun.error, null);
    assert.ok(begun.data.url.startsWith(`${upstream.issuer}/auth?`), begun.data.url);
    assert.equal(begun.data.redirect, false);

    const { token, nonce } = await idToken("lovelace");
    const wrong = await app.signIn.social({ provider: "elsewhere", idToken: { token, nonce: "another" } });
    assert.deepEqual([wrong.error.status, wrong.error.code], [401, "INVALID_TOKEN"]);
    const entered = await app.signIn.social({ provider: "elsewhere", idToken: { token, nonce } });
    assert.equal(entered.error, null, JSON.stringify(entered.error));
    assert.equal(entered.data.user.email, "lovelace@example.com");
    assert.equal((await app.getSession()).data.user.id, entered.data.user.id);
    const linked = await app.linkSocial({ provider: "elsewhere", idToken: { token, nonce } });
    assert.deepEqual(linked.data, { url: "", status: true, redirect: false });
  });

  // idToken is one that an app got from the provider by itself.
  async function idToken(name) {
    const config = await openid.discovery(new URL(upstream.issuer), client.id, client.secret, undefined, { execute: [openid.allowInsecureRequests] });
    const [verifier, nonce, state] = [openid.randomPKCECodeVerifier(), openid.randomNonce(), openid.randomState()];
    const page = await open(browser);
    receive(page);
    await go(page, openid.buildAuthorizationUrl(config, {
      redirect_uri: callback, scope: "openid email profile", nonce, state, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    }));
    await signInThere(page, name);
    const tokens = await openid.authorizationCodeGrant(config, await arrived(page), { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state });
    await page.context().close();
    return { token: tokens.id_token, nonce };
  }
});

describe("a second authd as upstream", () => {
  let server, upstream, browser;
  before(async () => {
    const port = await freePort();
    upstream = await start();
    const made = JSON.parse(await upstream.authd("client", "create", "Downstream", "--json", "--redirect-uri", `http://localhost:${port}/api/auth/callback/home`));
    server = await start({
      port, toml: `[advanced]\ncookie_prefix = "downstream"\n${generic("home", "Home", upstream.url, 'authentication = "basic"\n').replace(client.id, made.client_id).replace(client.secret, made.client_secret)}`,
    });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await upstream?.stop();
  });

  test("signs people in at one with their account at the other", async () => {
    const there = await upstream.signUp("ada@example.com", password, "Ada Lovelace");
    const page = await open(browser);
    await page.goto(`${server.url}/login`);
    await press(page, "Continue with Home");
    await page.waitForURL(`${upstream.url}/login*`);
    await submit(page, { "E-mail address": "ada@example.com", Password: password }, "Sign in");
    await press(page, "Allow");
    await page.waitForURL(`${server.url}/account`);
    const here = await session(page, server);
    assert.deepEqual([here.user.email, here.user.name], [there.email, there.name]);
    assert.notEqual(here.user.id, there.id);
    await page.context().close();
  });
});
