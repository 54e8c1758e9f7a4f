// better-auth's twoFactorClient, unchanged, against authd; oathtool is the authenticator app. Time
// is told to the server with each request, so that no code is waited for.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { twoFactorClient } from "better-auth/client/plugins";
import { start } from "../lib/authd.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";

describe("the two-factor client", () => {
  let server;
  let now = Date.now();
  before(async () => { server = await start(); });
  after(() => server?.stop());

  const later = (seconds) => { now += seconds * 1000; };
  const code = (key) => execFileSync("oathtool", ["--totp", "--base32", "--now", `@${Math.floor(now / 1000)}`, key], { encoding: "utf8" }).trim();
  const ok = ({ data, error }) => {
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };
  const refused = async (answer, status, wanted) => {
    const { data, error } = await answer;
    assert.equal(data, null);
    assert.deepEqual({ status: error?.status, code: error?.code }, { status, code: wanted });
  };
  const visitor = () => {
    const jar = new Jar(server.url);
    const seen = { redirects: 0 };
    const customFetchImpl = (input, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("x-authd-clock", String(now));
      return jar.fetch(input, { ...init, headers });
    };
    const client = createAuthClient({
      baseURL: server.url, fetchOptions: { customFetchImpl },
      plugins: [twoFactorClient({ onTwoFactorRedirect() { seen.redirects++; } })],
    });
    return { jar, client, seen };
  };
  // enrolled is somebody with an app, the key that it holds, and backup codes.
  const enrolled = async (email) => {
    const { client } = visitor();
    ok(await client.signUp.email({ email, password, name: "Ada" }));
    const { totpURI, backupCodes } = ok(await client.twoFactor.enable({ password }));
    const key = new URL(totpURI).searchParams.get("secret");
    ok(await client.twoFactor.verifyTotp({ code: code(key) }));
    later(60);
    return { client, key, backupCodes };
  };
  const held = async (email) => {
    const browser = visitor();
    const answer = ok(await browser.client.signIn.email({ email, password }));
    assert.equal(answer.twoFactorRedirect, true);
    assert.equal(browser.seen.redirects, 1, "the client sends its person to the second step");
    assert.equal(ok(await browser.client.getSession()), null);
    return { ...browser, methods: answer.twoFactorMethods };
  };

  test("turns an app on, asks for it and takes each code once", async () => {
    const email = "app@example.com";
    const { client } = visitor();
    ok(await client.signUp.email({ email, password, name: "Ada" }));
    await refused(client.twoFactor.enable({ password: "wrong-password" }), 400, "INVALID_PASSWORD");
    const { method, totpURI, backupCodes } = ok(await client.twoFactor.enable({ password }));
    assert.equal(method, "totp");
    assert.equal(backupCodes.length, 10);
    assert.equal(ok(await client.twoFactor.getTotpUri({ password })).totpURI, totpURI);
    const key = new URL(totpURI).searchParams.get("secret");
    ok(await client.twoFactor.verifyTotp({ code: code(key) }));
    assert.equal(ok(await client.getSession()).user.twoFactorEnabled, true);
    const spent = code(key);

    const there = await held(email);
    assert.deepEqual(there.methods, ["totp", "otp"]);
    await refused(there.client.twoFactor.verifyTotp({ code: spent }), 401, "INVALID_CODE");
    later(60);
    const { user, token } = ok(await there.client.twoFactor.verifyTotp({ code: code(key) }));
    assert.equal(user.email, email);
    assert.equal(ok(await there.client.getSession()).session.token, token);
  });

  test("sends a code by mail", async () => {
    const email = "mail@example.com";
    const { client } = visitor();
    ok(await client.signUp.email({ email, password, name: "Ada" }));
    assert.deepEqual(ok(await client.twoFactor.enable({ password, method: "otp" })), { method: "otp" });
    const there = await held(email);
    assert.deepEqual(there.methods, ["otp"]);
    await refused(there.client.twoFactor.verifyOtp({ code: "000000" }), 400, "OTP_HAS_EXPIRED");
    ok(await there.client.twoFactor.sendOtp());
    const { otp } = server.lastMail("two-factor-otp", email).payload;
    assert.match(server.lastMail("two-factor-otp", email).text, new RegExp(`^${otp}$`, "m"));
    ok(await there.client.twoFactor.verifyOtp({ code: otp }));
    assert.equal(ok(await there.client.getSession()).user.email, email);
  });

  test("takes backup codes once, and makes others", async () => {
    const email = "paper@example.com";
    const { client, backupCodes } = await enrolled(email);
    ok(await (await held(email)).client.twoFactor.verifyBackupCode({ code: backupCodes[0] }));
    await refused((await held(email)).client.twoFactor.verifyBackupCode({ code: backupCodes[0] }), 401, "INVALID_BACKUP_CODE");
    const fresh = ok(await client.twoFactor.generateBackupCodes({ password })).backupCodes;
    assert.equal(fresh.length, 10);
    await refused((await held(email)).client.twoFactor.verifyBackupCode({ code: backupCodes[1] }), 401, "INVALID_BACKUP_CODE");
    ok(await (await held(email)).client.twoFactor.verifyBackupCode({ code: fresh[0] }));
  });

  test("trusts a browser, and ends guesses without locking it out", async () => {
    const email = "trust@example.com";
    const { key } = await enrolled(email);
    const mine = await held(email);
    ok(await mine.client.twoFactor.verifyTotp({ code: code(key), trustDevice: true }));
    ok(await mine.client.signOut());
    later(60);
    for (let round = 0; round < 2; round++) {
      const thief = await held(email);
      const wrong = code(key).replace(/./, "x"); // no code of any moment has a letter
      for (let i = 0; i < 5; i++) await refused(thief.client.twoFactor.verifyTotp({ code: wrong }), 401, "INVALID_CODE");
      if (round === 0) await refused(thief.client.twoFactor.verifyTotp({ code: code(key) }), 400, "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE");
      else await refused(thief.client.twoFactor.verifyTotp({ code: code(key) }), 429, "ACCOUNT_TEMPORARILY_LOCKED");
    }
    assert.equal(ok(await mine.client.signIn.email({ email, password })).user.email, email);
    await refused(visitor().client.twoFactor.verifyTotp({ code: code(key) }), 401, "INVALID_TWO_FACTOR_COOKIE");
  });

  test("turns it off", async () => {
    const email = "off@example.com";
    const { client } = await enrolled(email);
    assert.equal(ok(await client.twoFactor.disable({ password })).status, true);
    assert.equal(ok(await client.getSession()).user.twoFactorEnabled, false);
    assert.equal(ok(await visitor().client.signIn.email({ email, password })).user.email, email);
  });
});
