// Passkeys after the first day: confirming who it is, a forgotten password, pages that stayed
// open for hours, and a second step before. What can be done by the keyboard is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, submit, title } from "../lib/browser.mjs";
import { keyboard } from "../lib/keyboard.mjs";

const [password, next] = ["correct-horse-battery", "another-horse-battery"];
const minute = 60_000, hour = 60 * minute;
const at = (page) => new URL(page.url()).pathname;
const arrives = (page, path) => page.waitForURL((url) => url.pathname === path);

// A request for the field waits in the browser; only then may an authenticator answer the button.
const watch = `if (navigator.credentials) {
  const { get } = navigator.credentials;
  navigator.credentials.get = (...args) => { const asked = get.apply(navigator.credentials, args); window.asked = true; return asked; };
}`;
const offered = (page) => page.waitForFunction(() => window.asked);

describe("passkeys later", () => {
  let server, browser;
  before(async () => { [server, browser] = await Promise.all([start(), launch({ whole: true })]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  // someone has an account with a password, a browser with an authenticator, and a time that they
  // tell the server (X-Authd-Clock).
  const someone = async (t, email) => {
    await server.signUp(email, password, "Ada Lovelace");
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    await page.addInitScript(watch);
    let now = Date.now();
    const pass = (ms) => page.context().setExtraHTTPHeaders({ "X-Authd-Clock": String(now += ms) });
    const devices = await authenticators(page);
    const laptop = await devices.add();
    await laptop.touches(false);
    return { page, keys: keyboard(page), devices, laptop, pass, now: () => now };
  };
  const signIn = async (page, email, secret = password) => {
    await page.goto(`${server.url}/login`);
    await page.waitForFunction(() => document.querySelector("[data-able]").value === "1");
    await submit(page, { "E-mail address": email, Password: secret }, "Sign in");
  };
  // withKey is someone who took the passkey that is offered after a password.
  const withKey = async (t, email) => {
    const one = await someone(t, email);
    await signIn(one.page, email);
    assert.equal(at(one.page), "/account/add-passkey");
    await one.laptop.touches(true);
    await one.keys.go("Add a passkey", "/account");
    await one.laptop.touches(false);
    return one;
  };

  test("who signed in long ago confirms with a passkey, by the keyboard", async (t) => {
    const { page, keys, laptop, pass } = await withKey(t, "later-passkey@example.com");
    await pass(3 * hour);
    await page.goto(`${server.url}/account/security`);
    await keys.go("Remove Passkey", "/account/security/passkeys/delete");
    assert.equal(await title(page), "Confirm that it is you");
    await accessible(page);
    await keys.to("Confirm with a passkey");
    await laptop.touches(true);
    await Promise.all([page.getByText("The passkey is removed.").waitFor(), keys.press("Enter")]);
    assert.equal((await laptop.credentials()).length, 0);
    await accessible(page);
  });

  test("or with the password, and what was begun goes on", async (t) => {
    const { page, keys, laptop, pass } = await withKey(t, "later-password@example.com");
    await pass(3 * hour);
    await page.goto(`${server.url}/account/security`);
    await keys.go("Remove Passkey", "/account/security/passkeys/delete");
    assert.equal((await keys.focus()).name, "Password", "the first field has not the focus");
    await keys.type("wrong-horse-battery");
    await keys.go("", "/confirm");
    assert.match(await page.getByRole("alert").innerText(), /not your current password/);
    await accessible(page);
    await keys.to("Password");
    await keys.type(password);
    await Promise.all([page.getByText("The passkey is removed.").waitFor(), keys.press("Enter")]);
    assert.equal((await laptop.credentials()).length, 0);
  });

  test("a forgotten password is replaced, and later the account deleted, with a passkey by the keyboard", async (t) => {
    const email = "later-forgotten@example.com";
    const { page, keys, laptop } = await withKey(t, email);
    await keys.go("Security", "/account/security");
    await keys.go("I do not know my password", "/account/security/new-password");
    await accessible(page);
    assert.equal((await keys.focus()).name, "New password", "the first field has not the focus");
    await keys.type(next);
    await laptop.touches(true);
    await Promise.all([arrives(page, "/account/security"), keys.press("Enter")]);
    await page.getByText("Your password is changed.").waitFor();
    await laptop.touches(false);
    assert.ok(server.lastMail("password-changed", email).subject);
    await keys.go("Sign out", "/sign-out");
    await signIn(page, email, next);
    await page.goto(`${server.url}/delete-account`);
    await accessible(page);
    await keys.to("Delete with a passkey");
    await laptop.touches(true);
    await Promise.all([page.getByRole("heading", { name: "Your account is deleted" }).waitFor(), keys.press("Enter")]);
    await accessible(page);
  });

  test("a tab that was open for long: the field asks anew, and the button works at once", async (t) => {
    const { page, keys, laptop, pass } = await withKey(t, "later-tab@example.com");
    await keys.go("Sign out", "/sign-out");
    await page.clock.install();
    const isOptions = (request) => request.url().includes("generate-authenticate-options");
    await page.goto(`${server.url}/login`);
    await offered(page);
    await pass(10 * minute); // what the field was asked with is over
    await laptop.touches(true);
    assert.equal(at(page), "/login");
    await Promise.all([page.waitForRequest(isOptions), arrives(page, "/account"), page.clock.fastForward(4 * minute)]); // the browser filled it in
    await laptop.touches(false);

    await keys.go("Sign out", "/sign-out");
    await page.goto(`${server.url}/login`);
    await offered(page);
    await pass(5 * hour);
    await keys.to("Sign in with a passkey");
    await laptop.touches(true);
    await Promise.all([page.waitForRequest(isOptions), arrives(page, "/account"), keys.press("Enter")]);
  });

  test("a device that slept asks once more, with a new challenge", async (t) => {
    const { page, keys, laptop, pass } = await withKey(t, "later-slept@example.com");
    await keys.go("Sign out", "/sign-out");
    await page.clock.install();
    await page.addInitScript(`const { get } = navigator.credentials;
      navigator.credentials.get = async (options) => {
        if (options.mediation) await new Promise((wake) => { window.wake = wake; });
        return get.call(navigator.credentials, options);
      };`); // the person comes when they come
    let asked = 0;
    page.on("request", (request) => { asked += request.url().includes("generate-authenticate-options"); });
    await page.goto(`${server.url}/login`);
    await page.waitForFunction(() => window.wake);
    assert.equal(asked, 1);
    await pass(5 * hour);
    await page.clock.setSystemTime(Date.now() + 5 * hour); // no timer has run
    await laptop.touches(true);
    await Promise.all([arrives(page, "/account"), page.evaluate(() => window.wake())]);
    assert.equal(asked, 2);
  });

  test("a page of the account that was open for hours asks who it is, and then for the passkey", async (t) => {
    const email = "later-page@example.com";
    const { page, keys, laptop, pass } = await someone(t, email);
    await signIn(page, email);
    await page.goto(`${server.url}/account/security`);
    await pass(25 * hour);
    await keys.go("Add a passkey", "/account/security/passkeys");
    assert.equal(await title(page), "Confirm that it is you");
    await keys.to("Password");
    await keys.type(password);
    await Promise.all([page.getByText("Now you can add the passkey.").waitFor(), keys.press("Enter")]);
    await laptop.touches(true);
    await keys.to("Add a passkey");
    await Promise.all([page.getByText("The passkey is added.").waitFor(), keys.press("Enter")]);
  });

  test("backup codes are copied and printed, and a passkey is offered after the second step", async (t) => {
    const email = "later-second-step@example.com";
    const { page, keys, laptop, pass, now } = await someone(t, email);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.addInitScript("window.print = () => { window.printed = true; };");
    await signIn(page, email);
    await page.goto(`${server.url}/account/security`);
    await keys.go("Set up an authenticator app", "/account/two-factor/app");
    const key = (await page.locator("code.user-code").innerText()).replace(/\s/g, "");
    const code = () => execFileSync("oathtool", ["--totp", "--base32", "--now", `@${Math.floor(now() / 1000)}`, key], { encoding: "utf8" }).trim();
    await pass(0);
    await keys.to("Code from the app");
    await keys.type(code());
    await keys.go("", "/account/two-factor/app/code");
    const codes = (await page.getByLabel("Your backup codes").innerText()).trim();
    await accessible(page);
    await keys.enter("Copy");
    await page.getByRole("status").getByText("Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes);
    await keys.enter("Print");
    assert.equal(await page.evaluate(() => window.printed), true);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("button").filter({ visible: true }).count() + await page.getByRole("link").filter({ visible: true }).count(), 0, "buttons are printed");
    assert.ok(await page.getByText(`Backup codes for ${email}`).isVisible() && await page.getByLabel("Your backup codes").isVisible());
    await page.emulateMedia({ media: "screen" });
    await keys.go("I have kept them", "/account/security");

    await page.context().clearCookies();
    await pass(15 * 24 * hour); // the offer of the first sign-in is two weeks old
    await signIn(page, email);
    assert.equal(at(page), "/two-factor");
    await keys.to("Code");
    await Promise.all([arrives(page, "/account/add-passkey"), keys.type(code())]);
    await accessible(page);
    await laptop.touches(true);
    await keys.go("Add a passkey", "/account");
  });

  test("a security key signs in, and a passkey of this device is offered", async (t) => {
    const email = "later-key@example.com";
    const { page, keys, devices, laptop } = await someone(t, email);
    await laptop.remove();
    const yubikey = await devices.add({ transport: "usb" });
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
    await page.goto(`${server.url}/account/security`);
    await keys.to("Add a passkey");
    await Promise.all([page.getByText("The passkey is added.").waitFor(), keys.press("Enter")]);
    await yubikey.touches(false);
    await keys.go("Sign out", "/sign-out");
    const here = await devices.add();
    await here.touches(false);
    await page.goto(`${server.url}/login`);
    await page.waitForFunction(() => document.querySelector("[data-able]").value === "1");
    await offered(page);
    await keys.to("Sign in with a passkey");
    await yubikey.touches(true);
    await Promise.all([arrives(page, "/account/add-passkey"), keys.press("Enter")]);
    assert.equal(await title(page), "Add a passkey on this device too");
  });

  test("at another name of the same server the browser refuses, and the page says where it works", async (t) => {
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    await authenticators(page).then((devices) => devices.add());
    await page.goto(`${server.url.replace("localhost", "127.0.0.1")}/login`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.locator("[data-said]").getByText("The passkeys of this server work only at localhost").waitFor();
    await page.getByText("Open it there").or(page.locator(".alert.warn a")).first().waitFor(); // and the page leads there
  });

  test("where a passkey is all that would do, a browser without them says so", async (t) => {
    const { page } = await someone(t, "later-none@example.com");
    await signIn(page, "later-none@example.com");
    for (const [name, init, want] of [
      ["an old browser", "delete window.PublicKeyCredential;", "This browser cannot use passkeys. Use a newer one."],
      ["a device that can keep none", `navigator.credentials.create = () => Promise.reject(new DOMException("", "ConstraintError"));`, "Nothing here can keep a passkey"],
      ["a closed dialog", `navigator.credentials.create = () => Promise.reject(new DOMException("", "NotAllowedError"));`, "No passkey was made. You can try again."],
    ]) {
      const other = await page.context().newPage();
      await other.addInitScript(init);
      await other.goto(`${server.url}/account/add-passkey`);
      if (name !== "an old browser") await other.getByRole("button", { name: "Add a passkey" }).click();
      await other.locator("[data-said]").getByText(want).waitFor();
      await accessible(other);
      await other.close();
    }
  });
});
