// What the provider shows people, in a browser without JavaScript: consent, devices, signing
// out, the apps with access, and what went wrong. Every page fits a narrow screen too.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";

const person = { email: "ada@example.com", password: "correct-horse-battery", name: "Ada Lovelace" };
const secret = "a-secret-of-more-than-thirty-two-characters";
const device = "urn:ietf:params:oauth:grant-type:device_code";
const challenge = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

// relyingParty notes what browsers and authd bring to it.
async function relyingParty() {
  const heard = [];
  const server = http.createServer(async (req, res) => {
    const url = new URL(req.url, "http://localhost");
    let body = "";
    for await (const chunk of req) body += chunk;
    heard.push({ path: url.pathname, method: req.method, params: new URLSearchParams(req.method === "POST" ? body : url.search) });
    res.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>App</title><h1>At the app</h1>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${server.address().port}`,
    take: (path) => heard.splice(0).findLast((each) => each.path === path),
    close: () => { server.closeAllConnections(); server.close(); },
  };
}

describe("what the provider shows", () => {
  let app, server, browser;
  before(async () => {
    app = await relyingParty();
    const client = (id, name, more = "") => `[[client]]\nclient_id = "${id}"\nname = "${name}"\nclient_secret = "${secret}"\nredirect_uris = ["${app.url}/cb"]\n${more}\n`;
    [server, browser] = await Promise.all([start({
      env: { AUTHD_OAUTH_PROVIDER__ALLOW_DYNAMIC_CLIENT_REGISTRATION: "true", AUTHD_OAUTH_PROVIDER__ALLOW_UNAUTHENTICATED_CLIENT_REGISTRATION: "true" },
      toml: [
        client("shop", "Shop & Söhne", 'uri = "https://shop.example"'),
        client("wiki", "Wiki", `post_logout_redirect_uris = ["${app.url}/bye"]\nbackchannel_logout_uri = "${app.url}/told"`),
        client("deaf", "Old thing"),
        `[[client]]\nclient_id = "tv"\nname = "Television"\ntoken_endpoint_auth_method = "none"\ngrant_types = ["${device}"]\n`,
        `[[oauth_provider.resources]]\nidentifier = "https://tickets.example/a/rather/long/path/to/the/interface"\nallowed_scopes = ["email"]\nclients = ["shop"]\n`,
      ].join("\n"),
    }), launch()]);
    await server.signUp(person.email, person.password, person.name);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    app?.close();
  });

  const at = (page) => new URL(page.url()).pathname;
  const said = (page) => page.getByRole("main").innerText();
  const authorize = (params) => `${server.url}/api/auth/oauth2/authorize?${new URLSearchParams({
    response_type: "code", redirect_uri: `${app.url}/cb`, scope: "openid", state: "st4te", nonce: "n0nce", ...challenge, ...params,
  })}`;
  const post = async (path, params, as) => {
    const headers = as ? { authorization: `Basic ${Buffer.from(`${as}:${secret}`).toString("base64")}` } : {};
    const res = await fetch(server.url + path, { method: "POST", headers, body: new URLSearchParams(params) });
    return { status: res.status, ...await res.json() };
  };
  const redeem = (id, code) => post("/api/auth/oauth2/token", { grant_type: "authorization_code", code, redirect_uri: `${app.url}/cb`, code_verifier: verifier }, id);
  const signIn = (page) => submit(page, { "E-mail address": person.email, Password: person.password }, "Sign in");

  // good: anybody can read and use the page, and nothing sticks out of a narrow screen.
  const good = async (page) => {
    await accessible(page);
    const size = page.viewportSize();
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= there, `${page.url()} is ${wide} wide on a screen of ${there}`);
    }
    await page.setViewportSize(size);
  };

  // signedIn is a page of a browser in which Ada is signed in.
  const signedIn = async (options) => {
    const page = await open(browser, options);
    await page.goto(`${server.url}/login`);
    await signIn(page);
    assert.equal(at(page), "/account");
    return page;
  };

  // enter takes a browser through consent to tokens.
  const enter = async (page, id, params = {}) => {
    await page.goto(authorize({ client_id: id, ...params }));
    await press(page, "Allow");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    return redeem(id, app.take("/cb").params.get("code"));
  };

  // tab gives the names of what the keyboard comes by, in order.
  const tabs = async (page) => {
    const names = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const it = document.activeElement;
        return it && it !== document.body ? (it.getAttribute("aria-label") ?? it.labels?.[0]?.innerText ?? it.innerText).trim().split("\n")[0] : null;
      });
      if (name === null || names.includes(name)) break;
      names.push(name);
    }
    return names;
  };

  test("consent says who asks for what, as whom and where it leads, and gives what is ticked", async () => {
    const page = await signedIn();
    await page.goto(authorize({ client_id: "shop", scope: "openid profile email offline_access", resource: "https://tickets.example/a/rather/long/path/to/the/interface" }));
    assert.equal(at(page), "/consent");
    assert.equal(await title(page), "Shop & Söhne asks for access");
    for (const text of ["https://shop.example", "Ada Lovelace", person.email, "Know who you are", "Stay connected", "https://tickets.example/a/rather/long/path/to/the/interface", "localhost", "until you end it"]) {
      assert.ok((await said(page)).includes(text), `the page does not say ${text}`);
    }
    await good(page);
    assert.deepEqual(await tabs(page), ["Use a different account", "See your profile", "See your e-mail address", "Stay connected", "Deny", "Allow", "English", "Deutsch"]);
    await page.getByRole("checkbox", { name: "See your profile" }).press("Space");
    await page.getByRole("checkbox", { name: "Stay connected" }).uncheck();
    assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 1);
    await page.getByRole("button", { name: "Allow" }).press("Enter");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    const { params } = app.take("/cb");
    assert.equal(params.get("iss"), server.url);
    const tokens = await redeem("shop", params.get("code"));
    assert.equal(tokens.refresh_token, undefined, "it stays connected");
    assert.equal(tokens.scope, "email", "what the API takes of what was ticked");
    // What was allowed is not asked for again; what was not is marked.
    await page.goto(authorize({ client_id: "shop", scope: "openid email" }));
    assert.ok(app.take("/cb").params.get("code"), "asked again");
    await page.goto(authorize({ client_id: "shop", scope: "openid profile email" }));
    const marked = page.getByRole("listitem").filter({ hasText: "New" });
    assert.equal(await marked.count(), 1);
    assert.match(await marked.innerText(), /See your profile/);
    await good(page);
    await press(page, "Deny");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    assert.equal(app.take("/cb").params.get("error"), "access_denied");
  });

  test("an app that registered itself is shown as one that nobody has looked at", async () => {
    const made = await fetch(`${server.url}/api/auth/oauth2/register`, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Your bank", redirect_uris: [`${app.url}/cb`], token_endpoint_auth_method: "none", application_type: "native" }),
    }).then((res) => res.json());
    const page = await signedIn();
    await page.goto(authorize({ client_id: made.client_id }));
    assert.match(await said(page), /gave itself the name Your bank\. Nobody has checked it/);
    assert.match(await said(page), /Allow this only if you started Your bank yourself/);
    await good(page);
    const german = await open(browser, { locale: "de-DE" });
    await german.goto(authorize({ client_id: made.client_id }));
    await submit(german, { "E-Mail-Adresse": person.email, Passwort: person.password }, "Anmelden");
    assert.equal(await title(german), "Your bank bittet um Zugriff");
    await good(german);
  });

  test("one chooses the account to go on with", async () => {
    const page = await signedIn();
    await page.goto(authorize({ client_id: "shop", prompt: "select_account" }));
    assert.equal(await title(page), "Choose an account");
    await good(page);
    await press(page, "Use a different account");
    assert.equal(await page.getByLabel("Password", { exact: true }).count(), 1);
    await good(page);
    await page.goBack();
    await press(page, `Continue as ${person.email}`);
    if (at(page) === "/consent") await press(page, "Allow");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    assert.ok(app.take("/cb").params.get("code"));
  });

  test("the answer comes as a form: by a button, and by itself where scripts run", async () => {
    for (const javaScriptEnabled of [false, true]) {
      const page = await signedIn({ javaScriptEnabled });
      const wanted = { client_id: "shop", response_mode: "form_post", prompt: "consent" };
      await page.goto(authorize(wanted));
      if (javaScriptEnabled) {
        await page.getByRole("button", { name: "Allow" }).click();
      } else {
        await press(page, "Allow");
        await page.getByRole("heading", { name: "Continue to Shop & Söhne" }).waitFor();
        await good(page);
        assert.equal(await page.locator(":focus").innerText(), "Continue");
        assert.equal(app.take("/cb"), undefined);
        await press(page, "Continue");
      }
      await page.getByRole("heading", { name: "At the app" }).waitFor();
      const { method, params } = app.take("/cb");
      assert.equal(method, "POST");
      assert.equal(params.get("state"), "st4te");
      assert.ok((await redeem("shop", params.get("code"))).access_token);
    }
  });

  test("a device of a registered app is let in by its code, or not", async () => {
    for (const [button, heading, outcome] of [["Allow", "The device is in", "access_token"], ["Deny", "The device stays out", "access_denied"]]) {
      const asked = await post("/api/auth/device/code", { client_id: "tv", scope: "openid email" });
      const page = await open(browser);
      await page.goto(`${server.url}/device`);
      assert.equal(at(page), "/login");
      await signIn(page);
      assert.equal(await title(page), "Let a device in");
      assert.match(await said(page), /Ada Lovelace/);
      assert.equal(await page.locator(":focus").getAttribute("name"), "user_code");
      await good(page);
      await submit(page, { Code: "BBBB-BBBB" }, "Next");
      assert.match(await page.getByRole("alert").innerText(), /No device shows this code/);
      await good(page);
      await submit(page, { Code: asked.user_code.toLowerCase().replace("-", " ") }, "Next");
      assert.equal(await title(page), "Let Television in?");
      for (const text of [asked.user_code, "127.0.0.1", "See your e-mail address", "UTC"]) assert.ok((await said(page)).includes(text), text);
      await good(page);
      await press(page, button);
      assert.equal(await title(page), heading);
      await good(page);
      const told = await post("/api/auth/oauth2/token", { grant_type: device, device_code: asked.device_code, client_id: "tv" });
      assert.ok(told[outcome] || told.error === outcome, JSON.stringify(told));
    }
  });

  test("a device in the plain mode gets a session, and says what it calls itself", async () => {
    const asked = await post("/api/auth/device/code", { client_id: "Kitchen radio" });
    const page = await signedIn();
    await page.goto(asked.verification_uri_complete);
    assert.equal(await page.getByLabel("Code", { exact: true }).inputValue(), asked.user_code, "it is still the person who sends it");
    await press(page, "Next");
    assert.match(await said(page), /The device calls itself Kitchen radio\. Nobody has checked that name/);
    assert.match(await said(page), /all that you can do here/);
    await good(page);
    await press(page, "Allow");
    const told = await fetch(`${server.url}/api/auth/device/token`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ grant_type: device, device_code: asked.device_code, client_id: "Kitchen radio" }),
    }).then((res) => res.json());
    assert.ok(told.access_token, JSON.stringify(told));
    await page.goto(asked.verification_uri_complete);
    await press(page, "Next");
    assert.match(await page.getByRole("alert").innerText(), /answered already|No device/);
    await good(page);
  });

  test("a code that is too old says so", async () => {
    const asked = await post("/api/auth/device/code", { client_id: "tv" });
    const page = await signedIn();
    await page.goto(asked.verification_uri_complete);
    await page.setExtraHTTPHeaders({ "x-authd-clock": String(Date.now() + 31 * 60_000) });
    await press(page, "Next");
    assert.match(await page.getByRole("alert").innerText(), /expired|No device/);
    await good(page);
    const late = await open(browser);
    await late.goto(authorize({ client_id: "shop" }));
    await late.setExtraHTTPHeaders({ "x-authd-clock": String(Date.now() + 2 * 3_600_000) });
    await late.reload();
    assert.equal(await title(late), "This took too long");
    await good(late);
  });

  test("signing out says of each app what became of it", async () => {
    const page = await signedIn();
    const tokens = await enter(page, "wiki");
    await enter(page, "deaf", { scope: "openid" });
    await page.goto(`${server.url}/api/auth/oauth2/end-session`);
    assert.equal(await title(page), "Sign out?");
    await good(page);
    await page.getByRole("link", { name: "Stay signed in" }).click();
    assert.equal(at(page), "/account");
    await page.goto(`${server.url}/api/auth/oauth2/end-session`);
    await press(page, "Sign out");
    assert.equal(await title(page), "You are signed out");
    const about = (name) => page.getByRole("listitem").filter({ hasText: name }).innerText();
    assert.match(await about("Wiki"), /Signed out/);
    assert.match(await about("Old thing"), /Cannot be told/);
    assert.ok(app.take("/told").params.get("logout_token"));
    await good(page);
    const again = await signedIn();
    const { id_token } = await enter(again, "wiki", { prompt: "consent" });
    await again.goto(`${server.url}/api/auth/oauth2/end-session?${new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: `${app.url}/bye`, state: "s" })}`);
    await again.getByRole("heading", { name: "At the app" }).waitFor();
    assert.equal(app.take("/bye").params.get("state"), "s");
    await again.goto(`${server.url}/account`);
    assert.equal(at(again), "/login");
    await again.goto(`${server.url}/api/auth/oauth2/end-session?${new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: "https://evil.example/" })}`);
    assert.equal(await title(again), "Not signed out");
    await good(again);
  });

  test("one sees the apps with access and takes it back", async () => {
    const page = await signedIn();
    const { access_token } = await enter(page, "shop", { scope: "openid email offline_access", prompt: "consent" });
    const userinfo = () => fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${access_token}` } }).then((res) => res.status);
    assert.equal(await userinfo(), 200);
    await page.goto(`${server.url}/account`);
    await page.getByRole("link", { name: "Apps with access" }).click();
    const item = page.getByRole("region", { name: "Apps with access" }).getByRole("listitem").filter({ hasText: "Shop & Söhne" });
    assert.match(await item.innerText(), /See your e-mail address[\s\S]*Stays connected until you remove it/);
    await good(page);
    await page.getByRole("button", { name: "Remove Shop & Söhne" }).click();
    await page.getByRole("status").filter({ hasText: "The app has no access any more." }).waitFor();
    assert.equal(await item.count(), 0);
    const lately = page.getByRole("region", { name: "Signed out lately" }).getByRole("listitem").filter({ hasText: "Shop & Söhne" });
    assert.match(await lately.innerText(), /Cannot be told/);
    await good(page);
    assert.equal(await userinfo(), 401);
  });

  test("a request that cannot be answered says what came and what was expected", async () => {
    const page = await open(browser);
    for (const [params, texts] of [
      [{ client_id: "shop", redirect_uri: `${app.url}/cb/` }, ["Shop & Söhne", `${app.url}/cb/`, "authd client doctor shop"]],
      [{ client_id: '<b>"nobody' }, ['<b>"nobody']],
    ]) {
      await page.goto(authorize(params));
      assert.equal(at(page), "/error");
      assert.equal(await title(page), "Something went wrong");
      for (const text of texts) assert.ok((await said(page)).includes(text), `${text} is not in: ${await said(page)}`);
      await good(page);
    }
    assert.equal(app.take("/cb"), undefined, "the browser was sent somewhere");
  });
});
