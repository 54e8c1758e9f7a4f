// Passkeys in the pages: a real Chromium with virtual authenticators, from sign-up to removal.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";

const password = "correct-horse-battery";
const toml = `[[client]]
client_id = "passkey-shop"
name = "Shop"
client_secret = "a-secret-of-more-than-thirty-two-characters"
skip_consent = true
redirect_uris = ["https://app.example/cb"]
`;
const challenge = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };

// totp is the code of now (RFC 6238).
function totp(secret) {
  const bits = [...secret].map((each) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(each).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((each) => parseInt(each, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", bytes).update(count).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const at = (page) => new URL(page.url()).pathname;
const arrives = (page, path) => page.waitForURL((url) => url.pathname === path);
const said = (page) => page.locator("[data-said]");

// The field offers passkeys from the start, and a virtual authenticator may answer that request
// in the moment it is touched for the button. Where the button is the matter, the pages after
// this have a browser that cannot offer them in a field.
const buttonOnly = (page) => page.addInitScript("if (self.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false");

describe("passkeys in the pages", () => {
  let server, browser;
  before(async () => { [server, browser] = await Promise.all([start({ toml }), launch({ whole: true })]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  // someone has a browser with one authenticator; what they leave open is closed after the test.
  const someone = async (t, device = {}, options = {}) => {
    const page = await open(browser, { javaScriptEnabled: true, ...options });
    t.after(() => page.context().close());
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (line) => line.type() === "error" && /Content Security Policy|Refused/.test(line.text()) && problems.push(line.text()));
    t.after(() => assert.deepEqual(problems, []));
    const devices = await authenticators(page);
    return { page, devices, laptop: await devices.add(device) };
  };

  const signUp = async (page, email) => {
    await page.goto(`${server.url}/signup`);
    await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Create account with a passkey" }).click();
    await arrives(page, "/account");
  };
  const signOut = async (page) => {
    await page.goto(`${server.url}/account`);
    await press(page, "Sign out");
  };
  const byPassword = async (page, email, path = "/login") => {
    await page.goto(server.url + path);
    await page.waitForFunction(() => document.querySelector("[data-able]").value === "1");
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
  };

  for (const [name, device] of Object.entries({ "without PRF": { hasPrf: false }, "with PRF": { hasPrf: true }, "that syncs": { defaultBackupEligibility: true, defaultBackupState: true } })) {
    test(`somebody signs up with a passkey alone, and in by the field and by the button: an authenticator ${name}`, async (t) => {
      const email = `pk-${name.replaceAll(" ", "-").toLowerCase()}@example.com`;
      const { page, laptop } = await someone(t, device);
      await page.goto(`${server.url}/signup`);
      await accessible(page);
      await signUp(page, email);
      const [key] = await laptop.credentials();
      assert.deepEqual([key.isResidentCredential, key.userName, key.rpId], [true, email, "localhost"]);
      await page.goto(`${server.url}/account/security`);
      const panel = page.locator("#passkeys");
      await panel.getByText("Only way in").waitFor();
      await panel.getByText(device.defaultBackupState ? "Synced" : "On one device only").waitFor();
      assert.equal(await panel.getByRole("button", { name: /^Remove/ }).count(), 0);
      await accessible(page);

      await signOut(page);
      await page.goto(`${server.url}/login`);
      await arrives(page, "/account"); // the browser filled it in

      await signOut(page);
      await buttonOnly(page);
      await page.goto(`${server.url}/login`);
      assert.equal(await page.getByLabel("E-mail address").getAttribute("autocomplete"), "username webauthn");
      const button = page.getByRole("button", { name: "Sign in with a passkey" });
      await accessible(page);
      await button.click();
      await arrives(page, "/account");
      assert.equal((await laptop.credentials()).length, 1);
    });
  }

  test("a dialog that is closed is no error, and the next try works", async (t) => {
    const { page, laptop } = await someone(t);
    await signUp(page, "pk-closed@example.com");
    await signOut(page);
    await laptop.verifies(false);
    await page.goto(`${server.url}/login`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await said(page).getByText("No passkey was used.").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    assert.equal(await said(page).getAttribute("role"), "status");
    await accessible(page);
    await laptop.verifies(true);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await arrives(page, "/account");
  });

  test("a second passkey on another device, each named, renamed and removed, and the authenticators are told", async (t) => {
    const { page, devices, laptop } = await someone(t);
    await signUp(page, "pk-second@example.com");
    await page.goto(`${server.url}/account/security`);
    const add = page.getByRole("button", { name: "Add another passkey" });
    await add.click();
    await said(page).getByText("There is a passkey for your account here already.").waitFor();
    await accessible(page);

    await laptop.touches(false);
    const yubikey = await devices.add({ transport: "usb" });
    await add.click();
    await page.getByText("The passkey is added.").waitFor();
    assert.equal((await yubikey.credentials()).length, 1);
    await page.getByRole("button", { name: "Remove Security key" }).waitFor();
    await accessible(page);

    await page.getByText("Rename", { exact: true }).last().click();
    await page.getByLabel("Name", { exact: true }).last().fill("The blue one");
    await page.getByRole("button", { name: "Save" }).last().click();
    await page.getByText("The passkey has its new name.").waitFor();
    await page.getByText("The blue one", { exact: true }).waitFor();

    const forgotten = new Promise((resolve) => devices.on("credentialDeleted", resolve));
    await page.getByRole("button", { name: "Remove The blue one" }).click();
    await page.getByText("The passkey is removed.").waitFor();
    await forgotten;
    assert.deepEqual([(await yubikey.credentials()).length, (await laptop.credentials()).length], [0, 1]);
    await page.getByText("Only way in").waitFor();
    await accessible(page);
  });

  test("a new name or address of the account reaches the authenticator", async (t) => {
    const { page, devices, laptop } = await someone(t);
    await signUp(page, "pk-details@example.com");
    const [{ credentialId }] = await laptop.credentials();
    const key = (await laptop.credentials())[0];
    await laptop.forget(credentialId);
    await laptop.put({ ...key, userName: "old@example.com", userDisplayName: "Old" });
    const updated = new Promise((resolve) => devices.on("credentialUpdated", resolve));
    await page.goto(`${server.url}/account/security`);
    await updated;
    assert.equal((await laptop.credentials())[0].userName, "pk-details@example.com");
  });

  test("a passkey that is nobody's any more is said to be, and forgotten by the authenticator", async (t) => {
    const { page, devices, laptop } = await someone(t);
    await server.signUp("pk-unknown@example.com", password, "Ada");
    await laptop.touches(false);
    await byPassword(page, "pk-unknown@example.com");
    assert.equal(at(page), "/account/add-passkey");
    await laptop.touches(true);
    await press(page, "Add a passkey");
    await arrives(page, "/account");
    const [key] = await laptop.credentials();
    await laptop.forget(key.credentialId);
    await page.goto(`${server.url}/account/security`);
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByText("The passkey is removed.").waitFor();
    await laptop.put(key);
    await signOut(page);
    await buttonOnly(page);
    await page.goto(`${server.url}/login`);
    const forgotten = new Promise((resolve) => devices.on("credentialDeleted", resolve));
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("This passkey belongs to no account here.").waitFor();
    await forgotten;
    assert.deepEqual(await laptop.credentials(), []);
    await accessible(page);
  });

  test("a passkey is offered after a password: later, never, and by an app's request once", async (t) => {
    const { page, laptop } = await someone(t);
    await server.signUp("pk-offer@example.com", password, "Ada");
    await page.route("https://app.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>App</title><h1>At the app</h1>" }));
    const query = new URLSearchParams({ client_id: "passkey-shop", redirect_uri: "https://app.example/cb", response_type: "code", scope: "openid", ...challenge });
    const authorize = `/api/auth/oauth2/authorize?${query}`;
    await byPassword(page, "pk-offer@example.com", authorize);
    assert.equal(await title(page), "Sign in faster next time");
    await page.getByText("You go on to Shop afterwards.").waitFor();
    await accessible(page);
    await page.getByRole("button", { name: "Not now" }).click();
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    assert.ok(new URL(page.url()).searchParams.get("code"));

    await signOut(page);
    await byPassword(page, "pk-offer@example.com", authorize);
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    await signOut(page);
    await byPassword(page, "pk-offer@example.com");
    assert.equal(at(page), "/account", "offered again within two weeks");

    await page.goto(`${server.url}/account/add-passkey`);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await arrives(page, "/account");
    await page.getByText("The passkey is added.").waitFor();
    await laptop.touches(false);
    await signOut(page);
    await byPassword(page, "pk-offer@example.com");
    assert.equal(await title(page), "Add a passkey on this device too");
    await accessible(page);
    await page.getByRole("button", { name: "Don’t ask again" }).click();
    await arrives(page, "/account");
  });

  test("an app's request is answered after a passkey, with the code", async (t) => {
    const { page } = await someone(t);
    await signUp(page, "pk-flow@example.com");
    await signOut(page);
    await buttonOnly(page);
    await page.route("https://app.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>App</title><h1>At the app</h1>" }));
    const query = new URLSearchParams({ client_id: "passkey-shop", redirect_uri: "https://app.example/cb", response_type: "code", scope: "openid", state: "s1", ...challenge });
    await page.goto(`${server.url}/api/auth/oauth2/authorize?${query}`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    const answer = new URL(page.url()).searchParams;
    assert.equal(answer.get("state"), "s1");
    const tokens = await fetch(`${server.url}/api/auth/oauth2/token`, {
      method: "POST", headers: { authorization: `Basic ${Buffer.from("passkey-shop:a-secret-of-more-than-thirty-two-characters").toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri: "https://app.example/cb", code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" }),
    }).then((res) => res.json());
    const claims = JSON.parse(Buffer.from(tokens.id_token.split(".")[1], "base64url"));
    assert.ok(claims.amr.includes("mfa"), `amr is ${claims.amr}`);
  });

  test("after a passkey that verified its person no second factor is asked for", async (t) => {
    const { page, laptop } = await someone(t);
    const email = "pk-two-steps@example.com";
    await server.signUp(email, password, "Ada");
    await laptop.touches(false);
    await byPassword(page, email);
    await page.goto(`${server.url}/account/security`);
    await laptop.touches(true);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("The passkey is added.").waitFor();
    await laptop.touches(false);
    const api = (path, body) => page.evaluate(async ([at, sent]) => {
      const res = await fetch(`/api/auth/two-factor/${at}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(sent) });
      return { status: res.status, body: await res.json() };
    }, [path, body]);
    const { status, body } = await api("enable", { password });
    assert.equal(status, 200, JSON.stringify(body));
    const code = totp(new URL(body.totpURI).searchParams.get("secret"));
    assert.equal((await api("verify-totp", { code })).status, 200);

    await page.context().clearCookies();
    await byPassword(page, email);
    assert.equal(at(page), "/two-factor");
    await page.context().clearCookies();
    await buttonOnly(page);
    await laptop.touches(true);
    await page.goto(`${server.url}/login`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await arrives(page, "/account");
  });

  test("by keyboard alone: in by passkey, and a second one added", async (t) => {
    const { page, devices, laptop } = await someone(t);
    await signUp(page, "pk-keyboard@example.com");
    await signOut(page);
    await buttonOnly(page);
    const tab = async (name) => {
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press("Tab");
        const focus = await page.evaluate(() => document.activeElement.ariaLabel || document.activeElement.innerText || "");
        if (focus.trim().startsWith(name)) return page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      }
      throw new Error(`no ${name} is reached by Tab`);
    };
    await page.goto(`${server.url}/login`);
    assert.notEqual(await tab("Sign in with a passkey"), "none");
    await page.keyboard.press("Enter");
    await arrives(page, "/account");
    await tab("Security");
    await page.keyboard.press("Enter");
    await arrives(page, "/account/security");
    await laptop.touches(false);
    await devices.add({ transport: "usb" });
    await page.getByRole("button", { name: "Add another passkey" }).waitFor();
    assert.notEqual(await tab("Add another passkey"), "none");
    await page.keyboard.press("Space");
    await page.getByText("The passkey is added.").waitFor();
    await tab("Rename Security key");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Key ring");
    await page.keyboard.press("Enter");
    await page.getByText("Key ring", { exact: true }).waitFor();
  });

  // The browser's own doing is put in its place, to be asked for words.
  const fails = (name) => `navigator.credentials.get = () => Promise.reject(new DOMException("", "${name}")); PublicKeyCredential.isConditionalMediationAvailable = async () => false;`;
  for (const [name, { init, options, press: pressed = true, want, language = "en-US" }] of Object.entries({
    "another host": { init: fails("SecurityError"), want: "The passkeys of this server work only at localhost" },
    "another host, in German": { init: fails("SecurityError"), language: "de-DE", want: "Die Passkeys dieses Servers gehen nur unter localhost" },
    "an unknown failure": { init: fails("UnknownError"), want: "The passkey could not be used." },
    "what only the other ceremony fails with": { init: fails("ConstraintError"), want: "The passkey could not be used." },
    "too many tries": { init: `const { fetch } = window; window.fetch = (url, ...rest) => String(url).includes("passkey") ? Promise.resolve(new Response("", { status: 429 })) : fetch(url, ...rest);`, want: "Too many tries." },
    "a dialog that nobody answers": {
      init: `${fails("NotAllowedError")} const { fetch } = window; window.fetch = async (...args) => Response.json({ ...(await (await fetch(...args)).json()), timeout: 1 });`, want: "That took too long.",
    },
    "a browser inside an app": { init: "delete window.PublicKeyCredential;", options: { userAgent: "Mozilla/5.0 (Linux; Android 16; Pixel 9; wv) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36 Instagram 380.0" }, press: false, want: "The browser inside this app cannot use passkeys." },
  })) {
    test(`words for ${name}`, async (t) => {
      const { page } = await someone(t, {}, { locale: language, ...options });
      await page.addInitScript(init);
      await page.goto(`${server.url}/login`);
      if (pressed) await page.locator("[data-go]").click();
      await said(page).getByText(want).waitFor();
      if (!pressed) assert.equal(await page.locator("[data-go]").isVisible(), false);
      await accessible(page);
    });
  }

  test("over http a passkey cannot work, and the page says so", async (t) => {
    const { page } = await someone(t);
    const copy = async (route) => {
      const { pathname } = new URL(route.request().url());
      const res = await fetch(server.url + pathname);
      await route.fulfill({ status: res.status, contentType: res.headers.get("content-type"), body: Buffer.from(await res.arrayBuffer()) });
    };
    await page.route("http://plain.example/**", copy);
    await page.goto("http://plain.example/login");
    await said(page).getByText("Passkeys do not work on this page, because it was not opened over https.").waitFor();
    assert.equal(await page.locator("[data-go]").isVisible(), false);
    assert.equal(await page.getByLabel("Password").isVisible(), true);
  });

  test("a browser that knows no passkeys, and one without JavaScript, see nothing of them", async (t) => {
    for (const options of [{ javaScriptEnabled: true, gone: true }, {}]) {
      const page = await open(browser, { javaScriptEnabled: Boolean(options.javaScriptEnabled) });
      t.after(() => page.context().close());
      if (options.gone) await page.addInitScript("delete window.PublicKeyCredential;");
      await page.goto(`${server.url}/login`);
      await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
      assert.equal(await page.getByText("passkey").filter({ visible: true }).count(), 0);
      assert.equal(await page.getByText("or", { exact: true }).filter({ visible: true }).count(), 0);
    }
  });

  test("the sign-in page is one style, one script and at most 30 kB", async () => {
    const wire = (path) => new Promise((resolve, reject) => {
      http.get(server.url + path, { headers: { "accept-encoding": "gzip" } }, (res) => {
        const parts = [];
        res.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts)));
      }).on("error", reject);
    });
    const page = String(await wire("/login"));
    const files = [...page.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map((each) => each[1]);
    assert.deepEqual([files.filter((file) => file.endsWith(".css")).length, files.filter((file) => file.endsWith(".js")).length], [1, 1]);
    let size = Buffer.byteLength(page);
    for (const file of files) size += (await wire(file)).length;
    assert.ok(size <= 30_000, `${size} bytes`);
  });
});
