// Authenticators that know their person and such that do not, that keep passkeys and such that do
// not, alone and several at once: what each is good for.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, submit, title } from "../lib/browser.mjs";

const password = "correct-horse-battery";
const hour = 60 * 60_000;
const at = (page) => new URL(page.url()).pathname;
const arrives = (page, path) => page.waitForURL((url) => url.pathname === path);
const said = (page) => page.locator("[data-said]").first();

// The button is the matter here, not the field.
const buttonOnly = "if (self.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false";

const blind = { hasUserVerification: false, isUserVerified: false }; // it does not know who touches it
const old = { protocol: "u2f", ctap2Version: undefined, transport: "usb", hasResidentKey: false, ...blind };

describe("security keys", () => {
  let server, browser;
  before(async () => { [server, browser] = await Promise.all([start(), launch({ whole: true })]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  // someone is signed in with a password, and has an authenticator app where they want one.
  const someone = async (t, email, { app = false } = {}) => {
    await server.signUp(email, password, "Ada Lovelace");
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    await page.addInitScript(buttonOnly);
    const devices = await authenticators(page);
    await signIn(page, email);
    await arrives(page, "/account");
    let backup = [];
    if (app) {
      const api = (path, body) => page.evaluate(async ([to, sent]) => {
        const res = await fetch(`/api/auth/two-factor/${to}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(sent) });
        if (!res.ok) throw new Error(`${to}: ${res.status} ${await res.text()}`);
        return res.json();
      }, [path, body]);
      const { totpURI, backupCodes } = await api("enable", { password });
      backup = backupCodes;
      const code = execFileSync("oathtool", ["--totp", "--base32", new URL(totpURI).searchParams.get("secret")], { encoding: "utf8" }).trim();
      await api("verify-totp", { code });
    }
    return { page, devices, backup };
  };
  const signIn = async (page, email) => {
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
  };
  const add = async (page, says = "The passkey is added.") => {
    await page.goto(`${server.url}/account/security`);
    await page.getByRole("button", { name: /^Add (a|another) passkey$/ }).click();
    await page.getByText(says).waitFor();
  };
  const byPasskey = async (page) => {
    await page.context().clearCookies();
    await page.goto(`${server.url}/login`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  };
  // named signs in anew, as an app does, with a passkey of who is signed in.
  const named = (page) => page.evaluate(async () => {
    const options = await (await fetch("/api/auth/passkey/generate-authenticate-options")).json();
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/auth/passkey/verify-authentication", { method: "POST", headers, body: JSON.stringify({ response: credential.toJSON() }) })).json();
  });
  const byBackupCode = async (page, code) => {
    assert.equal(await title(page), "One more step");
    await page.getByRole("link", { name: "Use a backup code" }).click();
    await submit(page, { "Backup code": code }, "Sign in");
  };

  test("after a passkey without PIN, finger or face the second factor is asked for, and after one with it is not", async (t) => {
    const { page, devices, backup } = await someone(t, "key-blind@example.com", { app: true });
    const touched = await devices.add(blind);
    await add(page, "The key is added.");
    assert.deepEqual((await touched.credentials()).map((each) => each.isResidentCredential), [true]);
    await page.getByText("does not sign you in alone").first().waitFor();
    assert.deepEqual(await named(page), { twoFactorRedirect: true, twoFactorMethods: ["totp", "otp"] });
    assert.equal(await page.evaluate(async () => (await fetch("/api/auth/get-session")).json()), null);
    await page.goto(`${server.url}/two-factor`);
    await byBackupCode(page, backup[0]);
    await arrives(page, "/account");
    await byPasskey(page); // Chromium asks for nobody's key without knowing who is there
    await said(page).getByText("No passkey was used.").waitFor();

    // The same key knows its person from now on. It did not when it was made: who found it may
    // have given it the PIN.
    const [key] = await touched.credentials();
    await touched.remove();
    const knows = await devices.add();
    await knows.put(key);
    await byPasskey(page);
    await arrives(page, "/two-factor");
    await byBackupCode(page, backup[1]);
    await arrives(page, "/account/add-passkey"); // this device could keep one
    await page.goto(`${server.url}/account/security`);
    assert.equal(await page.getByText("does not sign you in alone").count(), 0, "it has");

    // One that knew its person from the start, beside the other.
    await knows.touches(false);
    const other = await devices.add({ transport: "usb" });
    await add(page);
    await byPasskey(page);
    await arrives(page, "/account");
    assert.equal((await named(page)).user.email, "key-blind@example.com");
    assert.deepEqual([(await knows.credentials()).length, (await other.credentials()).length], [1, 1]);
  });

  test("a key that keeps no passkeys confirms who it is, and does not sign in alone", async (t) => {
    const { page, devices } = await someone(t, "key-old@example.com");
    const key = await devices.add(old);
    await add(page, "The key is added.");
    assert.deepEqual((await key.credentials()).map((each) => each.isResidentCredential), [false]);
    await page.getByText("Security key", { exact: true }).waitFor();
    await page.getByText("does not sign you in alone").first().waitFor();
    await accessible(page);

    const cookies = await page.context().cookies();
    await byPasskey(page);
    await said(page).getByText("No passkey was used.").waitFor();
    assert.equal(at(page), "/login");

    // Hours later, with another one there that is not theirs: the right one is asked.
    await page.context().addCookies(cookies);
    await devices.add();
    await page.context().setExtraHTTPHeaders({ "X-Authd-Clock": String(Date.now() + 3 * hour) });
    await page.goto(`${server.url}/account/security`);
    await page.getByRole("button", { name: "Remove Security key" }).click();
    await page.getByRole("button", { name: "Confirm with a passkey" }).click();
    await page.getByText("The passkey is removed.").waitFor();
  });

  test("what a browser makes no passkey with is said to make none, and nothing is kept", async (t) => {
    const { page, devices } = await someone(t, "key-none@example.com");
    for (const device of [
      { transport: "usb", ...blind }, // it would keep one, but only under a PIN, which it does not have
      { isUserVerified: false }, // the finger is another's
    ]) {
      const key = await devices.add(device);
      await page.goto(`${server.url}/account/security`);
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await said(page).getByText("No passkey was made.").waitFor();
      assert.deepEqual(await key.credentials(), []);
      await key.remove();
    }
    // Nor does any make an account that could not sign in to it alone.
    await page.context().clearCookies();
    await page.goto(`${server.url}/signup`);
    await page.getByLabel("Name", { exact: true }).fill("Eve");
    await page.getByLabel("E-mail address").fill("key-signup@example.com");
    for (const device of [old, blind]) {
      const key = await devices.add(device);
      await page.getByRole("button", { name: "Create account with a passkey" }).click();
      await said(page).getByText("No passkey was made.").waitFor();
      assert.equal(at(page), "/signup");
      assert.deepEqual(await key.credentials(), []);
      await key.remove();
    }
  });
});
