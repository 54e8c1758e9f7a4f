// Two-step sign-in and the page of one's ways in, with a real authenticator: oathtool. Time is
// the browser's to say (X-Authd-Clock), so that nobody waits for the next code.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";

const password = "correct-horse-battery";
const minute = 60_000, hour = 60 * minute;
const toml = `[[client]]\nclient_id = "shop"\nname = "Shop"\nclient_secret = "a-secret-of-more-than-thirty-two-characters"\nskip_consent = true\nredirect_uris = ["https://app.example/cb"]\n`;

const at = (page) => new URL(page.url()).pathname;
const alert = (page) => page.getByRole("alert").first().innerText();

// clock is the time of every browser that it was given to.
class Clock {
  now = Date.now();
  pages = [];

  async keep(page) {
    this.pages.push(page);
    await this.pass(0);
    return page;
  }

  async pass(ms) {
    this.now += ms;
    this.pages = this.pages.filter((page) => !page.isClosed());
    await Promise.all(this.pages.map((page) => page.context().setExtraHTTPHeaders({ "X-Authd-Clock": String(this.now) })));
  }

  // code is what an app shows that has the key; each call is a code later, for each counts once.
  async code(key) {
    await this.pass(minute);
    return execFileSync("oathtool", ["--totp", "--base32", "--now", `@${Math.floor(this.now / 1000)}`, key], { encoding: "utf8" }).trim();
  }

  // wrong is none of the codes around now.
  wrong(key) {
    const near = execFileSync("oathtool", ["--totp", "--base32", "--window", "6", "--now", `@${Math.floor(this.now / 1000) - 90}`, key], { encoding: "utf8" }).split("\n");
    return ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"].find((guess) => !near.includes(guess));
  }
}

// fits fails when the page is wider than a narrow screen.
const fits = async (page) => {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 700 });
  const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= there, `${page.url()} is ${wide} wide on a screen of ${there}`);
  await page.setViewportSize(size);
};

const good = async (page) => {
  await accessible(page);
  await fits(page);
};

const keyOn = async (page) => (await page.locator("code.user-code").innerText()).replace(/\s/g, "");

describe("two-step sign-in", () => {
  let server, browser;
  const clock = new Clock();
  before(async () => { [server, browser] = await Promise.all([start({ toml }), launch()]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visitor = async (options) => clock.keep(await open(browser, options));
  const signIn = async (page, email) => {
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
  };

  // protect signs somebody up who then turns two-step sign-in on; it gives the key and the backup codes.
  const protect = async (email) => {
    await server.signUp(email, password, "Ada Lovelace");
    const page = await visitor();
    await signIn(page, email);
    await page.goto(`${server.url}/account/security`);
    await press(page, "Set up an authenticator app");
    const key = await keyOn(page);
    await submit(page, { "Code from the app": await clock.code(key) }, "Turn on");
    const codes = (await page.getByLabel("Your backup codes").innerText()).trim().split(/\s+/);
    await page.getByRole("link", { name: "I have kept them" }).click();
    return { page, key, codes };
  };

  test("is turned on once the app has shown a code, without JavaScript", async () => {
    const email = "enrol@example.com";
    await server.signUp(email, password, "Ada Lovelace");
    const page = await visitor();
    await signIn(page, email);
    await page.getByRole("link", { name: "Security" }).click();
    await page.waitForURL(`${server.url}/account/security`);
    await good(page);
    await press(page, "Set up an authenticator app");
    assert.equal(await title(page), "Set up your authenticator app");
    await good(page);
    const key = await keyOn(page);
    const link = new URL(await page.getByRole("link", { name: "Open the app on this device" }).getAttribute("href"));
    assert.equal(link.searchParams.get("secret"), key);
    assert.ok(await page.getByRole("img", { name: /QR code/ }).evaluate((img) => img.naturalWidth > 100), "there is no picture");
    await submit(page, { "Code from the app": clock.wrong(key) }, "Turn on");
    assert.match(await alert(page), /This code is not right/);
    assert.equal(await keyOn(page), key, "a typing error makes another key");
    await good(page);
    await submit(page, { "Code from the app": await clock.code(key) }, "Turn on");
    assert.equal(await title(page), "Two-step sign-in is on");
    await good(page);
    const codes = (await page.getByLabel("Your backup codes").innerText()).trim().split(/\s+/);
    assert.equal(codes.length, 10);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save as a text file" }).click()]);
    assert.equal(download.suggestedFilename(), "backup-codes.txt");
    const file = fs.readFileSync(await download.path(), "utf8");
    assert.ok(file.includes(codes.join("\n")) && file.includes(email), file);
    await page.getByRole("link", { name: "I have kept them" }).click();
    await page.getByText("10 codes left").waitFor();
    await good(page);
    await page.context().close();
  });

  test("asks for the app's code, says how many tries are left, and takes a code once", async () => {
    const { key } = await protect("code@example.com");
    const page = await visitor();
    await signIn(page, "code@example.com");
    assert.equal(at(page), "/two-factor");
    await good(page);
    await submit(page, { Code: clock.wrong(key) }, "Sign in");
    assert.match(await alert(page), /You have 4 more tries/);
    assert.match(await page.title(), /^This code is not right/);
    await good(page);
    const code = await clock.code(key);
    await submit(page, { Code: `${code.slice(0, 3)} ${code.slice(3)}` }, "Sign in");
    assert.equal(at(page), "/account");
    const again = await visitor();
    await signIn(again, "code@example.com");
    await submit(again, { Code: code }, "Sign in");
    assert.match(await alert(again), /This code is not right/, "the code was taken twice");
    await clock.pass(11 * minute);
    await submit(again, { Code: await clock.code(key) }, "Sign in");
    assert.equal(await title(again), "This sign-in took too long");
    await good(again);
    await again.getByRole("link", { name: "Start again" }).click();
    assert.equal(at(again), "/login");
    for (const each of [page, again]) await each.context().close();
  });

  test("starts again where somebody says so, and forgets what was half done", async () => {
    const { key } = await protect("again@example.com");
    const page = await visitor();
    await page.goto(`${server.url}/login?return_to=%2Faccount%2Fapps`);
    await submit(page, { "E-mail address": "again@example.com", Password: password }, "Sign in");
    assert.equal(at(page), "/two-factor");
    await press(page, "Start again");
    assert.equal(page.url(), `${server.url}/login?return_to=%2Faccount%2Fapps`);
    await page.goto(`${server.url}/two-factor`);
    assert.equal(await title(page), "This sign-in took too long");
    await page.goto(`${server.url}/login?return_to=%2Faccount%2Fapps`);
    await submit(page, { "E-mail address": "again@example.com", Password: password }, "Sign in");
    await submit(page, { Code: await clock.code(key) }, "Sign in");
    assert.equal(at(page), "/account/apps");
    await page.context().close();
  });

  test("takes a backup code or a code by mail instead", async () => {
    const email = "other@example.com";
    const { page: owner, codes } = await protect(email);
    const page = await visitor();
    await signIn(page, email);
    await page.getByRole("link", { name: "Use a backup code" }).click();
    await good(page);
    await submit(page, { "Backup code": "aaaaa-aaaaa" }, "Sign in");
    assert.match(await alert(page), /none of your backup codes/);
    await submit(page, { "Backup code": codes[0] }, "Sign in");
    assert.equal(at(page), "/account");
    await owner.goto(`${server.url}/account/security`);
    await owner.getByText("9 codes left").waitFor();
    const other = await visitor();
    await signIn(other, email);
    await other.getByRole("link", { name: "Use a backup code" }).click();
    await submit(other, { "Backup code": codes[0] }, "Sign in");
    assert.match(await alert(other), /none of your backup codes/, "a backup code works twice");
    await other.getByRole("link", { name: "Have a code sent" }).click();
    await good(other);
    await press(other, "Send me a code by mail");
    await good(other);
    await submit(other, { Code: server.lastMail("two-factor-otp", email).payload.otp }, "Sign in");
    assert.equal(at(other), "/account");
    for (const each of [owner, page, other]) await each.context().close();
  });

  test("sends a pasted code by itself where there is JavaScript", async () => {
    const { page: owner, key } = await protect("paste@example.com");
    const page = await visitor({ javaScriptEnabled: true });
    await signIn(page, "paste@example.com");
    const code = await clock.code(key);
    await page.getByLabel("Code", { exact: true }).fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.waitForURL(`${server.url}/account`);
    for (const each of [owner, page]) await each.context().close();
  });

  test("asks a trusted browser no more, until somebody says otherwise", async () => {
    const email = "trust@example.com";
    const { page: owner, key } = await protect(email);
    const page = await visitor();
    await signIn(page, email);
    await page.getByLabel("Do not ask again in this browser for 30 days").check();
    await submit(page, { Code: await clock.code(key) }, "Sign in");
    await press(page, "Sign out");
    await signIn(page, email);
    assert.equal(at(page), "/account", "a trusted browser is asked");
    await press(page, "Sign out");
    await owner.goto(`${server.url}/account/security`);
    await owner.getByRole("heading", { name: "Browsers that are not asked" }).waitFor();
    await good(owner);
    await owner.getByRole("button", { name: /^Ask again in / }).click();
    await owner.getByText("From now on a second step is asked for there.").waitFor();
    await signIn(page, email);
    assert.equal(at(page), "/two-factor", "it is trusted still");
    for (const each of [owner, page]) await each.context().close();
  });

  test("asks who it is before it is turned off, and goes on by itself", async () => {
    const email = "prove@example.com";
    const { page, key } = await protect(email);
    await clock.pass(3 * hour);
    await page.goto(`${server.url}/account/security`);
    await press(page, "New backup codes");
    assert.equal(await title(page), "Confirm that it is you");
    await good(page);
    await page.getByLabel("Password", { exact: true }).fill("wrong-password");
    await page.getByRole("button", { name: "Confirm" }).first().click();
    assert.match(await alert(page), /not your current password/);
    await good(page);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Confirm" }).first().click();
    await page.getByLabel("Your backup codes").waitFor();
    await clock.pass(3 * hour);
    await page.goto(`${server.url}/account/security`);
    await press(page, "Turn off");
    await page.getByLabel("Code from your authenticator app, or a backup code").fill(await clock.code(key));
    await page.getByRole("button", { name: "Confirm" }).last().click();
    await page.getByText("Two-step sign-in is off.").waitFor();
    const other = await visitor();
    await signIn(other, email);
    assert.equal(at(other), "/account");
    await clock.pass(3 * hour);
    await page.goto(`${server.url}/account`);
    await page.getByLabel("New e-mail address").fill("later@example.com");
    await press(page, "Change address");
    await submit(page, { Password: password }, "Confirm");
    assert.equal(at(page), "/account");
    assert.equal(server.lastMail("verify-email", "later@example.com").to, "later@example.com", "what was typed is lost");
    for (const each of [page, other]) await each.context().close();
  });
});

describe("where everybody must have a second step", () => {
  let server, browser;
  const clock = new Clock();
  before(async () => {
    [server, browser] = await Promise.all([start({ toml: `${toml}[two_factor]\nrequire_two_factor = true\n` }), launch()]);
    for (const name of ["flow", "keys"]) await server.signUp(`${name}@example.com`, password, "Ada Lovelace");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("it is set up on the way to an app", async () => {
    const page = await clock.keep(await open(browser));
    const query = new URLSearchParams({ client_id: "shop", redirect_uri: "https://app.example/cb", response_type: "code", scope: "openid", state: "s", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" });
    await page.goto(`${server.url}/api/auth/oauth2/authorize?${query}`);
    await submit(page, { "E-mail address": "flow@example.com", Password: password }, "Sign in");
    assert.equal(await title(page), "Protect your account");
    await page.getByRole("button", { name: "Cancel and go back to Shop" }).waitFor();
    await good(page);
    await press(page, "Set up an authenticator app");
    await good(page);
    await submit(page, { "Code from the app": await clock.code(await keyOn(page)) }, "Turn on");
    await good(page);
    const arrives = page.waitForRequest(/^https:\/\/app\.example\/cb\?/);
    await page.getByRole("link", { name: "I have kept them" }).click();
    const arrival = new URL((await arrives).url());
    assert.ok(arrival.searchParams.get("code"), arrival.href);
    await page.context().close();
  });

  test("signing in, setting it up and the next sign-in go by keyboard alone", async () => {
    const page = await clock.keep(await open(browser));
    const to = async (name) => {
      for (let i = 0; i < 40; i++) {
        const here = await page.evaluate(() => {
          const it = document.activeElement;
          return it && it !== document.body ? (it.getAttribute("aria-label") ?? it.labels?.[0]?.innerText ?? it.innerText).trim() : "";
        });
        if (here === name) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`the keyboard does not come to ${name} on ${page.url()}`);
    };
    const enter = async () => {
      await Promise.all([page.waitForEvent("framenavigated"), page.keyboard.press("Enter")]);
      await page.waitForLoadState();
    };
    await page.goto(`${server.url}/login`);
    await to("E-mail address");
    await page.keyboard.type("keys@example.com");
    await to("Password");
    await page.keyboard.type(password);
    await enter();
    await to("Set up an authenticator app");
    await enter();
    const key = await keyOn(page);
    await to("Code from the app");
    await page.keyboard.type(await clock.code(key));
    await enter();
    await to("I have kept them");
    await enter();
    assert.equal(at(page), "/account");
    await to("Sign out");
    await enter();
    await page.goto(`${server.url}/login`);
    await to("E-mail address");
    await page.keyboard.type("keys@example.com");
    await to("Password");
    await page.keyboard.type(password);
    await enter();
    assert.equal(at(page), "/two-factor");
    assert.equal(await page.evaluate(() => document.activeElement.id), "code", "the field has not the focus");
    await page.keyboard.type(await clock.code(key));
    await enter();
    assert.equal(at(page), "/account");
    await page.context().close();
  });
});
