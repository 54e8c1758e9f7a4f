// better-auth's own client, unchanged, against authd: journey of an app.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { start } from "../lib/authd.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";

describe("the vanilla client", () => {
  let server;
  before(async () => { server = await start({ env: { AUTHD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP: "true" } }); });
  after(() => server?.stop());

  const visitor = () => {
    const jar = new Jar(server.url);
    return { jar, client: createAuthClient({ baseURL: server.url, fetchOptions: { customFetchImpl: jar.fetch } }) };
  };
  const ok = ({ data, error }) => {
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };
  const refused = async (answer, status, code) => {
    const { data, error } = await answer;
    assert.equal(data, null);
    assert.deepEqual({ status: error?.status, code: error?.code }, { status, code });
  };

  test("signs up, reads the session, signs out and in again", async () => {
    const { client, jar } = visitor();
    assert.equal(ok(await client.getSession()), null);
    const made = ok(await client.signUp.email({ email: "Ada@example.com", password, name: "Ada" }));
    assert.equal(made.user.email, "ada@example.com");
    assert.equal(typeof made.token, "string");
    const { session, user } = ok(await client.getSession());
    assert.equal(user.id, made.user.id);
    assert.ok(session.expiresAt instanceof Date && user.createdAt instanceof Date, "the client reads dates");
    assert.equal(ok(await client.signOut()).success, true);
    assert.equal(jar.cookies.has("better-auth.session_token"), false);
    assert.equal(ok(await client.getSession()), null);
    const back = ok(await client.signIn.email({ email: "ada@example.com", password, rememberMe: false }));
    assert.equal(back.user.id, made.user.id);
    assert.ok(jar.cookies.has("better-auth.dont_remember"));
  });

  test("gets the contract's errors", async () => {
    const { client } = visitor();
    ok(await client.signUp.email({ email: "errors@example.com", password, name: "E" }));
    await refused(client.signUp.email({ email: "errors@example.com", password, name: "E" }), 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
    await refused(client.signUp.email({ email: "short@example.com", password: "short", name: "E" }), 400, "PASSWORD_TOO_SHORT");
    await refused(client.signIn.email({ email: "errors@example.com", password: "wrong-password" }), 401, "INVALID_EMAIL_OR_PASSWORD");
    await refused(client.signIn.email({ email: "nobody@example.com", password }), 401, "INVALID_EMAIL_OR_PASSWORD");
    await refused(client.resetPassword({ newPassword: password, token: "nope" }), 400, "INVALID_TOKEN");
    await refused(client.changePassword({ currentPassword: "wrong-password", newPassword: password }), 400, "INVALID_PASSWORD");
    await refused(visitor().client.listSessions(), 401, "UNAUTHORIZED");
  });

  test("lists and ends sessions", async () => {
    const [here, there, elsewhere] = [visitor(), visitor(), visitor()];
    const email = "sessions@example.com";
    ok(await here.client.signUp.email({ email, password, name: "S" }));
    for (const each of [there, elsewhere]) ok(await each.client.signIn.email({ email, password }));
    const { session } = ok(await there.client.getSession());
    const listed = ok(await here.client.listSessions());
    assert.equal(listed.length, 3);
    const handle = listed.find((each) => each.id === session.id).token;
    assert.notEqual(handle, session.token, "another session's token is not told");
    assert.equal(ok(await here.client.revokeSession({ token: handle })).status, true);
    assert.equal(ok(await there.client.getSession()), null);
    assert.notEqual(ok(await elsewhere.client.getSession()), null);
    assert.equal(ok(await here.client.revokeOtherSessions()).status, true);
    assert.equal(ok(await elsewhere.client.getSession()), null);
    assert.notEqual(ok(await here.client.getSession()), null);
    assert.equal(ok(await here.client.revokeSessions()).status, true);
    assert.equal(ok(await here.client.getSession()), null);
  });

  test("changes the profile and the password", async () => {
    const [here, there] = [visitor(), visitor()];
    const email = "profile@example.com";
    ok(await here.client.signUp.email({ email, password, name: "P" }));
    ok(await there.client.signIn.email({ email, password }));
    assert.equal(ok(await here.client.updateUser({ name: "Paula", image: "https://x.example/p.png" })).status, true);
    const { user } = ok(await here.client.getSession());
    assert.deepEqual([user.name, user.image], ["Paula", "https://x.example/p.png"]);
    assert.equal(ok(await here.client.$fetch("/verify-password", { method: "POST", body: { password } })).status, true);
    const changed = ok(await here.client.changePassword({ currentPassword: password, newPassword: `${password}2`, revokeOtherSessions: true }));
    assert.equal(typeof changed.token, "string");
    assert.equal(ok(await there.client.getSession()), null);
    assert.notEqual(ok(await here.client.getSession()), null);
    await refused(there.client.signIn.email({ email, password }), 401, "INVALID_EMAIL_OR_PASSWORD");
  });

  test("verifies an address and resets a password by mail", async () => {
    const { client } = visitor();
    const email = "mail@example.com";
    ok(await client.signUp.email({ email, password, name: "M" }));
    ok(await client.sendVerificationEmail({ email, callbackURL: "/welcome" }));
    const { token } = server.lastMail("verify-email", email).payload;
    ok(await visitor().client.verifyEmail({ query: { token } }));
    assert.equal(ok(await client.getSession({ query: { disableCookieCache: true } })).user.emailVerified, true);
    ok(await client.requestPasswordReset({ email, redirectTo: "/reset" }));
    const reset = server.lastMail("reset-password", email).payload;
    const res = await fetch(reset.url, { redirect: "manual" });
    assert.equal(res.headers.get("location"), `${server.url}/reset?token=${reset.token}`);
    ok(await visitor().client.resetPassword({ newPassword: `${password}2`, token: reset.token }));
    await refused(visitor().client.resetPassword({ newPassword: password, token: reset.token }), 400, "INVALID_TOKEN");
    ok(await visitor().client.signIn.email({ email, password: `${password}2` }));
  });
});
