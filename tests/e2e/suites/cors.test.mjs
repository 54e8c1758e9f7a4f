// An app on another origin, in a real browser: better-auth's React client over CORS.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bundle, serveApp } from "../lib/app.mjs";
import { start } from "../lib/authd.mjs";
import { launch, open } from "../lib/browser.mjs";

describe("the React client on another origin", () => {
  let app, stranger, server, browser;
  before(async () => {
    [app, stranger] = [await serveApp(), await serveApp()];
    server = await start({ env: { AUTHD_TRUSTED_ORIGINS: app.origin } });
    app.script = stranger.script = await bundle("app.jsx", server.url);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    app?.close();
    stranger?.close();
    await server?.stop();
  });

  const state = (page) => page.getByTestId("state");
  async function shows(page, text) {
    await page.waitForFunction((want) => document.querySelector("[data-testid=state]")?.textContent === want, text).catch(async () => {
      assert.equal(await state(page).textContent(), text);
    });
  }

  test("useSession follows sign-up, a change, sign-out and sign-in", async () => {
    const page = await open(browser, { javaScriptEnabled: true });
    await page.goto(app.origin);
    await shows(page, "signed out");
    await page.getByRole("button", { name: "Sign up" }).click();
    await shows(page, "Ada <ada@example.com>");
    await page.getByRole("button", { name: "Rename" }).click();
    await shows(page, "Ada Lovelace <ada@example.com>");
    await page.reload();
    await shows(page, "Ada Lovelace <ada@example.com>");
    await page.getByRole("button", { name: "Sign out" }).click();
    await shows(page, "signed out");
    await page.getByRole("button", { name: "Sign in" }).click();
    await shows(page, "Ada Lovelace <ada@example.com>");
    await page.context().close();
  });

  test("the app reads the error of a refused sign-in", async () => {
    const page = await open(browser, { javaScriptEnabled: true });
    await page.goto(app.origin);
    await shows(page, "signed out");
    await page.getByRole("button", { name: "Wrong password" }).click();
    await page.getByText("401 INVALID_EMAIL_OR_PASSWORD").waitFor();
    await page.context().close();
  });

  test("a page of an origin that is not trusted reads nothing and changes nothing", async () => {
    const page = await open(browser, { javaScriptEnabled: true });
    await page.goto(app.origin);
    await shows(page, "signed out");
    await page.getByRole("button", { name: "Sign in" }).click();
    await shows(page, "Ada Lovelace <ada@example.com>");
    await page.goto(stranger.origin);
    const read = await page.evaluate(async (url) => fetch(`${url}/api/auth/get-session`, { credentials: "include" }).then((res) => res.text(), (error) => error.name), server.url);
    assert.equal(read, "TypeError", "the browser hands the answer over");
    await page.evaluate(async (url) => fetch(`${url}/api/auth/sign-out`, { method: "POST", credentials: "include", mode: "no-cors", body: "{}" }).catch(() => {}), server.url);
    await page.goto(app.origin);
    await shows(page, "Ada Lovelace <ada@example.com>");
    await page.context().close();
  });

  test("the preflight names the origin, credentials and what may be sent", async () => {
    const ask = (origin) => fetch(`${server.url}/api/auth/sign-in/email`, {
      method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
    const yes = await ask(app.origin);
    assert.ok(yes.ok, `status ${yes.status}`);
    assert.equal(yes.headers.get("access-control-allow-origin"), app.origin);
    assert.equal(yes.headers.get("access-control-allow-credentials"), "true");
    assert.match(yes.headers.get("access-control-allow-methods"), /POST/);
    assert.match(yes.headers.get("access-control-allow-headers"), /content-type/i);
    assert.match(yes.headers.get("vary"), /origin/i);
    const no = await ask("https://evil.example");
    assert.equal(no.headers.get("access-control-allow-origin"), null);
    const answer = await fetch(`${server.url}/api/auth/get-session`, { headers: { origin: app.origin } });
    assert.equal(answer.headers.get("access-control-allow-origin"), app.origin);
    assert.match(answer.headers.get("vary"), /origin/i);
    assert.equal((await fetch(`${server.url}/api/auth/get-session`, { headers: { origin: "https://evil.example" } })).headers.get("access-control-allow-origin"), null);
  });
});
