// docs/apps/proxy.md as written: Apache's mod_auth_openidc in front of an app that knows nothing of it.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { startApache } from "../lib/proxies.mjs";
import { freePort, start } from "../lib/authd.mjs";
import { launch, open, press, submit } from "../lib/browser.mjs";
import { example } from "../lib/docs.mjs";
import { Person } from "../lib/person.mjs";

const ada = { email: "ada@example.com", password: "correct-horse-battery" };
const page = "apps/proxy.md";

describe("Apache with mod_auth_openidc", () => {
  let server, browser, apache, app, user, url;
  before(async () => {
    app = http.createServer((req, res) => res.end(`${req.url} ${req.headers.oidc_claim_sub} ${req.headers.oidc_claim_email}`)).listen(0, "127.0.0.1");
    await once(app, "listening");
    const port = await freePort();
    url = `http://localhost:${port}`;
    server = await start({ toml: example(page, "client.toml", { "https://app.example.com": url }) });
    apache = await startApache(port, example(page, "app.conf", {
      "https://auth.example.com": server.url, "https://app.example.com": url, "http://127.0.0.1:3000": `http://127.0.0.1:${app.address().port}`,
    }));
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await apache?.stop();
    app?.close();
    await server?.stop();
  });

  test("lets nobody through who is not signed in, whatever headers they send", async () => {
    const headers = { OIDC_CLAIM_email: ada.email, OIDC_CLAIM_sub: user.id };
    const stranger = new Person(server, ada);
    const res = await stranger.fetch(`${url}/secret`, { headers });
    assert.equal(res.status, 302, apache.log());
    const request = new URL(res.location);
    assert.equal(request.origin + request.pathname, `${server.url}/api/auth/oauth2/authorize`);
    assert.equal(request.searchParams.get("code_challenge_method"), "S256");
    assert.equal((await fetch(`${url}/secret`, { headers })).status, 401, "a script is not sent to sign in");
    assert.equal((await stranger.fetch(`${url}/goodbye`, { headers })).body, "/goodbye undefined undefined");
  });

  test("signs a person in, tells the app who it is, and signs out", async () => {
    const tab = await open(browser);
    await tab.goto(`${url}/page`);
    await submit(tab, { "E-mail address": ada.email, Password: ada.password }, "Sign in");
    if (new URL(tab.url()).pathname === "/consent") await press(tab, "Allow");
    await tab.waitForURL(`${url}/page`);
    assert.equal(await tab.locator("body").innerText(), `/page ${user.id} ${ada.email}`, apache.log());
    await tab.goto(`${url}/again`);
    assert.equal(await tab.locator("body").innerText(), `/again ${user.id} ${ada.email}`);
    await tab.goto(`${url}/oidc/callback?logout=${encodeURIComponent(`${url}/goodbye`)}`);
    await tab.waitForURL(`${url}/goodbye*`);
    assert.deepEqual((await tab.context().cookies(url)).filter((each) => each.name.startsWith("mod_auth_openidc")), []);
    await tab.context().close();
  });
});
