// better-auth's passkeyClient in a page on another origin, with a virtual authenticator.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bundle, serveApp } from "../lib/app.mjs";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { launch, open } from "../lib/browser.mjs";

const password = "correct-horse-battery";

describe("better-auth's passkeyClient", () => {
  let app, server, browser;
  before(async () => {
    app = await serveApp();
    server = await start({ env: { AUTHD_TRUSTED_ORIGINS: app.origin, AUTHD_PASSKEY__REGISTRATION__REQUIRE_SESSION: "false" } });
    [app.script, browser] = [await bundle("passkeys.jsx", server.url), await launch({ whole: true })];
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    app?.close();
  });

  const visit = async (t, device) => {
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    const laptop = await (await authenticators(page)).add(device);
    await page.goto(app.origin);
    const call = (path, ...args) => page.evaluate(([names, given]) => names.split(".").reduce((at, name) => at[name], window.auth)(...given), [path, args]);
    return { page, laptop, call, ok: async (...all) => {
      const { data, error } = await call(...all);
      assert.equal(error, null, JSON.stringify(error));
      return data;
    } };
  };

  test("adds, lists, renames, uses and deletes a passkey", async (t) => {
    const { page, ok, call, laptop } = await visit(t);
    await ok("signUp.email", { email: "pkc-ada@example.com", password, name: "Ada" });
    const made = await ok("passkey.addPasskey", { name: "Laptop" });
    assert.deepEqual([made.name, made.deviceType, made.backedUp], ["Laptop", "singleDevice", false]);
    assert.equal((await laptop.credentials()).length, 1);
    assert.equal((await call("passkey.addPasskey", {})).error.code, "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED");
    const [listed] = await ok("passkey.listUserPasskeys");
    assert.equal(listed.id, made.id);
    assert.equal((await ok("passkey.updatePasskey", { id: made.id, name: "Desk" })).passkey.name, "Desk");

    await ok("signOut");
    assert.equal(await ok("getSession"), null);
    const { user } = await ok("signIn.passkey");
    assert.equal(user.email, "pkc-ada@example.com");
    assert.equal((await ok("getSession")).user.id, user.id);
    await ok("signOut");
    await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<input aria-label="Name" autocomplete="username webauthn">'));
    assert.equal((await ok("signIn.passkey", { autoFill: true })).user.id, user.id);

    await ok("passkey.deletePasskey", { id: made.id });
    assert.deepEqual(await ok("passkey.listUserPasskeys"), []);
    await ok("signOut");
    assert.equal((await call("signIn.passkey")).error.code, "PASSKEY_NOT_FOUND");
    assert.equal(await ok("getSession"), null);
  });

  test("signs somebody up whose only way in it is, and keeps that", async (t) => {
    const { ok, call } = await visit(t);
    const made = await ok("passkey.addPasskey", { context: JSON.stringify({ name: "Grace", email: "pkc-grace@example.com" }), createSession: true });
    assert.equal(made.user.email, "pkc-grace@example.com");
    assert.equal((await ok("getSession")).user.name, "Grace");
    assert.equal((await call("passkey.deletePasskey", { id: made.id })).error.code, "LAST_WAY_IN");
    assert.equal((await ok("passkey.listUserPasskeys")).length, 1);
  });

  test("a dialog that is closed tells the app so, and changes nothing", async (t) => {
    const { ok, call, laptop } = await visit(t);
    await ok("signUp.email", { email: "pkc-closed@example.com", password, name: "Ada" });
    await ok("passkey.addPasskey", {});
    await ok("signOut");
    await laptop.verifies(false);
    assert.ok((await call("signIn.passkey")).error);
    assert.equal(await ok("getSession"), null);
  });
});
