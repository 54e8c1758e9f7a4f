// openid-client, a certified relying party, through code and PKCE, with a person in a browser
// that has no JavaScript.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, title } from "../lib/browser.mjs";
import { arrived, callback, discover, go, receive, request, signIn, walk } from "../lib/relying-party.mjs";

const ada = { email: "ada@example.com", password: "correct-horse-battery" };
const secret = "a-client-secret-of-more-than-32-characters";
const client = (id, more) => `[[client]]\nclient_id = "${id}"\nname = "${id} app"\nredirect_uris = ["${callback}"]\n${more}\n`;
const toml = [
  client("basic", `client_secret = "${secret}"`),
  client("post", `client_secret = "${secret}"\ntoken_endpoint_auth_method = "client_secret_post"`),
  client("ES256", `client_secret = "${secret}"\nid_token_signed_response_alg = "ES256"`),
  client("EdDSA", `client_secret = "${secret}"\nid_token_signed_response_alg = "EdDSA"`),
  client("public", ""),
  client("trusted", `client_secret = "${secret}"\nskip_consent = true`),
  `[[client]]\nclient_id = "native"\nname = "native app"\ntype = "native"\nskip_consent = true\nredirect_uris = ["http://127.0.0.1/cb"]\n`,
].join("\n");

describe("OpenID Connect", () => {
  let server, browser;
  before(async () => {
    [server, browser] = [await start({ toml }), await launch()];
    await server.signUp(ada.email, ada.password, "Ada Lovelace");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visitor = async () => {
    const page = await open(browser);
    receive(page);
    return page;
  };
  const basic = () => discover(server, "basic", openid.ClientSecretBasic(secret));
  const refusedAs = (code) => (error) => {
    assert.equal(error.error ?? error.cause?.error ?? error.code, code, String(error));
    return true;
  };

  test("a confidential client gets tokens that verify", async () => {
    const page = await visitor();
    const config = await basic();
    const { url, checks } = await request(config);
    await go(page, url);
    assert.match(await page.getByRole("main").innerText(), /basic app/, "the sign-in page names the app");
    await accessible(page);
    await signIn(page, ada);
    assert.match(await title(page), /basic app/);
    assert.match(await page.getByRole("main").innerText(), /rp\.example/, "the consent page says where it leads");
    assert.match(await page.getByRole("main").innerText(), /ada@example\.com/, "the consent page says as whom");
    await accessible(page);
    await press(page, "Allow");
    const tokens = await openid.authorizationCodeGrant(config, await arrived(page), checks);
    const claims = tokens.claims();
    assert.equal(claims.iss, server.url);
    assert.equal(claims.aud, "basic");
    assert.ok(tokens.refresh_token && tokens.expires_in > 0);
    const info = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.deepEqual([info.email, info.name, info.email_verified], [ada.email, "Ada Lovelace", false]);
    const state = await openid.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([state.active, state.client_id, state.sub], [true, "basic", claims.sub]);
  });

  test("a person who said yes is not asked again, and is with prompt=consent", async () => {
    const page = await visitor();
    const config = await discover(server, "post", openid.ClientSecretPost(secret));
    await walk(page, config, ada);
    const again = await request(config);
    await go(page, again.url);
    await openid.authorizationCodeGrant(config, await arrived(page), again.checks);
    await go(page, (await request(config, { prompt: "consent" })).url);
    assert.match(await title(page), /post app/);
  });

  test("a person who says no is sent back with access_denied", async () => {
    const page = await visitor();
    const config = await discover(server, "ES256", openid.ClientSecretBasic(secret));
    const { url, checks } = await request(config);
    await go(page, url);
    await signIn(page, ada);
    await press(page, "Deny");
    await assert.rejects(openid.authorizationCodeGrant(config, await arrived(page), checks), refusedAs("access_denied"));
  });

  for (const [id, alg] of [["public", "RS256"], ["ES256", "ES256"], ["EdDSA", "EdDSA"]]) {
    test(`ID tokens for ${id} are signed with ${alg}`, async () => {
      const auth = id === "public" ? openid.None() : openid.ClientSecretBasic(secret);
      const config = await openid.discovery(new URL(server.url), id, { id_token_signed_response_alg: alg }, auth, {
        execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
      });
      const tokens = await walk(await visitor(), config, ada);
      const header = JSON.parse(Buffer.from(tokens.id_token.split(".")[0], "base64url").toString());
      assert.equal(header.alg, alg);
      assert.equal(tokens.claims().aud, id);
    });
  }

  test("refresh tokens rotate, and a used one ends the whole family", async () => {
    const config = await discover(server, "public", openid.None());
    const page = await visitor();
    const first = await walk(page, config, ada, { prompt: "consent" });
    const second = await openid.refreshTokenGrant(config, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    await openid.fetchUserInfo(config, second.access_token, first.claims().sub);
    await assert.rejects(openid.refreshTokenGrant(config, first.refresh_token), refusedAs("invalid_grant"));
    await assert.rejects(openid.refreshTokenGrant(config, second.refresh_token), refusedAs("invalid_grant"));
    await assert.rejects(openid.fetchUserInfo(config, second.access_token, first.claims().sub), { code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE" });
  });

  test("a code that is used twice takes back what it gave", async () => {
    const page = await visitor();
    const config = await basic();
    const { url, checks } = await request(config, { prompt: "consent" });
    await go(page, url);
    await signIn(page, ada);
    await press(page, "Allow");
    const back = await arrived(page);
    const tokens = await openid.authorizationCodeGrant(config, back, checks);
    await assert.rejects(openid.authorizationCodeGrant(config, back, checks), refusedAs("invalid_grant"));
    assert.equal((await openid.tokenIntrospection(config, tokens.access_token)).active, false);
    await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token), refusedAs("invalid_grant"));
  });

  test("a wrong verifier is refused", async () => {
    const page = await visitor();
    const config = await basic();
    const { url, checks } = await request(config, { prompt: "consent" });
    await go(page, url);
    await signIn(page, ada);
    await press(page, "Allow");
    const wrong = { ...checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
    await assert.rejects(openid.authorizationCodeGrant(config, await arrived(page), wrong), refusedAs("invalid_grant"));
  });

  test("revocation ends the tokens", async () => {
    const page = await visitor();
    const config = await basic();
    const tokens = await walk(page, config, ada, { prompt: "consent" });
    await openid.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });
    await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token), refusedAs("invalid_grant"));
    assert.equal((await openid.tokenIntrospection(config, tokens.access_token)).active, false);
    await openid.tokenRevocation(config, "a-token-that-nobody-knows");
  });

  test("prompt=none never shows a page", async () => {
    const page = await visitor();
    const config = await basic();
    const stranger = await request(config, { prompt: "none" });
    await go(page, stranger.url);
    await assert.rejects(openid.authorizationCodeGrant(config, await arrived(page), stranger.checks), refusedAs("login_required"));
    await walk(page, config, ada, { prompt: "consent" });
    const known = await request(config, { prompt: "none" });
    await go(page, known.url);
    assert.ok((await openid.authorizationCodeGrant(config, await arrived(page), known.checks)).access_token);
  });

  test("prompt=login and max_age make the person sign in again", async () => {
    const page = await visitor();
    const config = await basic();
    const first = (await walk(page, config, ada, { prompt: "consent" })).claims().auth_time;
    assert.ok(first > 0, "auth_time");
    await new Promise((resolve) => setTimeout(resolve, 1100)); // auth_time counts whole seconds
    for (const parameters of [{ prompt: "login" }, { max_age: "0" }]) {
      const { url, checks } = await request(config, parameters);
      await go(page, url);
      await signIn(page, ada);
      const tokens = await openid.authorizationCodeGrant(config, await arrived(page), { ...checks, maxAge: 60 });
      assert.ok(tokens.claims().auth_time > first, `${JSON.stringify(parameters)}: auth_time is that of the old sign-in`);
    }
    const { url, checks } = await request(config, { max_age: "3600" });
    await go(page, url);
    await openid.authorizationCodeGrant(config, await arrived(page), { ...checks, maxAge: 3600 });
  });

  test("a trusted client with an https redirect is not asked about", async () => {
    const page = await visitor();
    const config = await discover(server, "trusted", openid.ClientSecretBasic(secret));
    const { url, checks } = await request(config);
    await go(page, url);
    await signIn(page, ada);
    assert.ok((await openid.authorizationCodeGrant(config, await arrived(page), checks)).access_token);
  });

  test("a native client is asked about every time, and any loopback port will do", async () => {
    const listener = http.createServer((req, res) => res.end("back")).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const redirect_uri = `http://127.0.0.1:${listener.address().port}/cb`;
    const page = await visitor();
    const config = await discover(server, "native", openid.None());
    for (const person of [ada, null]) {
      const { url, checks } = await request(config, { redirect_uri });
      await go(page, url);
      if (person) await signIn(page, person);
      assert.match(await page.getByRole("main").innerText(), /program on this device/);
      await press(page, "Allow");
      await page.waitForURL(`${redirect_uri}?*`);
      assert.ok((await openid.authorizationCodeGrant(config, new URL(page.url()), checks)).access_token);
    }
    listener.close();
  });

  test("a redirect that is not registered, or a client that is not known, stops at a page", async () => {
    const page = await visitor();
    const config = await basic();
    for (const parameters of [{ redirect_uri: "https://rp.example/cb/" }, { redirect_uri: "https://evil.example/cb" }, { client_id: "nobody" }, { redirect_uri: null }]) {
      await go(page, (await request(config, parameters)).url);
      assert.ok(page.url().startsWith(server.url), `${JSON.stringify(parameters)} led to ${page.url()}`);
      assert.equal(await title(page), "Something went wrong");
      await accessible(page);
    }
  });

  test("PKCE is required of everyone, and never plain", async () => {
    const page = await visitor();
    for (const [id, auth] of [["basic", openid.ClientSecretBasic(secret)], ["public", openid.None()]]) {
      const config = await discover(server, id, auth);
      for (const parameters of [{ code_challenge: null, code_challenge_method: null }, { code_challenge_method: "plain" }]) {
        const { url, checks } = await request(config, parameters);
        await go(page, url);
        await assert.rejects(openid.authorizationCodeGrant(config, await arrived(page), checks), refusedAs("invalid_request"));
      }
    }
  });

  test("a ban ends what was granted", async () => {
    const bob = { email: "bob@example.com", password: "correct-horse-battery" };
    await server.signUp(bob.email, bob.password, "Bob");
    const config = await basic();
    const tokens = await walk(await visitor(), config, bob, { prompt: "consent" });
    await server.authd("user", "ban", bob.email);
    await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token), refusedAs("invalid_grant"));
    assert.equal((await openid.tokenIntrospection(config, tokens.access_token)).active, false);
  });
});
