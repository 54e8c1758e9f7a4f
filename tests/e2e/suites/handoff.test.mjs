// Sign-in and consent on pages of an app's own, by better-auth's signed query.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import { bundle, serveApp } from "../lib/app.mjs";
import { start } from "../lib/authd.mjs";
import { launch, open } from "../lib/browser.mjs";
import { arrived, callback, discover, go, receive, request } from "../lib/relying-party.mjs";

const secret = "a-client-secret-of-more-than-32-characters";
const toml = `[[client]]\nclient_id = "basic"\nclient_secret = "${secret}"\nredirect_uris = ["${callback}"]\n`;

describe("an app with pages of its own", () => {
  let app, server, browser;
  before(async () => {
    app = await serveApp();
    server = await start({
      toml, env: { AUTHD_TRUSTED_ORIGINS: app.origin, AUTHD_OAUTH_PROVIDER__LOGIN_PAGE: `${app.origin}/login`, AUTHD_OAUTH_PROVIDER__CONSENT_PAGE: `${app.origin}/consent` },
    });
    app.script = await bundle("pages.jsx", server.url);
    browser = await launch();
    await server.signUp("ada@example.com", "correct-horse-battery", "Ada");
  });
  after(async () => {
    await browser?.close();
    app?.close();
    await server?.stop();
  });

  const begin = async (parameters) => {
    const page = await open(browser, { javaScriptEnabled: true });
    receive(page);
    const config = await discover(server, "basic", openid.ClientSecretBasic(secret));
    const { url, checks } = await request(config, parameters);
    await go(page, url);
    return { page, config, checks };
  };
  const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

  test("signs people in, asks them, and sends them back with a code", async () => {
    const { page, config, checks } = await begin();
    assert.ok(page.url().startsWith(`${app.origin}/login?`), page.url());
    await press(page, "Sign in");
    await page.waitForURL(`${app.origin}/consent?*`);
    await press(page, "Yes");
    const tokens = await openid.authorizationCodeGrant(config, await arrived(page), checks);
    assert.equal(tokens.claims().aud, "basic");
    await page.context().close();
  });

  test("passes a no on", async () => {
    const { page, config, checks } = await begin({ prompt: "consent" });
    await press(page, "Sign in");
    await page.waitForURL(`${app.origin}/consent?*`);
    await press(page, "No");
    await assert.rejects(openid.authorizationCodeGrant(config, await arrived(page), checks), (error) => error.error === "access_denied");
    await page.context().close();
  });

  test("refuses a query that was changed on the way", async () => {
    const { page } = await begin();
    await page.goto(page.url().replace("scope=openid", "scope=openid+admin"));
    await press(page, "Sign in");
    await page.waitForFunction(() => document.title.startsWith("400"));
    assert.equal(await page.title(), "400 invalid_signature");
    await page.context().close();
  });
});
