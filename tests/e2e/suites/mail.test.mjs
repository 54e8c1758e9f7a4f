// Mail that travels: authd hands it to a real mail server, and people follow what it brings.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { emailOTPClient, magicLinkClient } from "better-auth/client/plugins";
import { linkIn, start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";
import { Jar } from "../lib/jar.mjs";
import { startMailbox } from "../lib/mailbox.mjs";

const password = "correct-horse-battery";

describe("mail by a real server", () => {
  let mailbox, server, browser;
  before(async () => {
    mailbox = await startMailbox();
    server = await start({ env: mailbox.env, toml: `[email_and_password]
disable_sign_up = false

[magic_link]
enabled = true

[email_otp]
enabled = true

[email_otp.change_email]
enabled = true
` });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await mailbox?.stop();
  });

  const at = (page) => new URL(page.url()).pathname;
  const visit = async (path) => {
    const page = await open(browser);
    await page.goto(server.url + path);
    return page;
  };
  const code = (mail) => mail.text.match(/^\s*(\d{6})\s*$/m)[1];
  const plugins = [magicLinkClient(), emailOTPClient()];
  const visitor = () => createAuthClient({ baseURL: server.url, plugins, fetchOptions: { customFetchImpl: new Jar(server.url).fetch } });
  const ok = ({ data, error }) => {
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };
  // joined is a page of somebody who has signed up and followed the link in the mail.
  const joined = async (email) => {
    const page = await visit("/signup");
    await submit(page, { Name: "Ada Lovelace", "E-mail address": email, "New password": password }, "Create account");
    await page.goto(linkIn(await mailbox.arrived("verify-email", email), server));
    await press(page, "Confirm address");
    await page.goto(`${server.url}/login`);
    if (at(page) === "/login") await submit(page, { "E-mail address": email, Password: password }, "Sign in");
    await page.goto(`${server.url}/account`);
    return page;
  };

  test("a sign-up waits for the link that is mailed", async () => {
    const email = "mail-ada@example.com";
    const page = await visit("/signup");
    await submit(page, { Name: "Ada Lovelace", "E-mail address": email, "New password": password }, "Create account");
    await accessible(page);
    await page.goto(`${server.url}/account`);
    assert.equal(at(page), "/login");
    const mail = await mailbox.arrived("verify-email", email);
    assert.ok(mail.html.includes("<") && mail.subject, "it has a subject, and is HTML too");
    await page.goto(linkIn(mail, server));
    await press(page, "Confirm address");
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
    await page.goto(`${server.url}/account`);
    await page.getByText("Address confirmed").waitFor();
  });

  test("a new password is chosen by a link, and its owner is told", async () => {
    const email = "mail-forgetful@example.com";
    await joined(email);
    const page = await visit("/forgot-password");
    await submit(page, { "E-mail address": email }, "Send link");
    await page.goto(linkIn(await mailbox.arrived("reset-password", email), server));
    await submit(page, { "New password": `${password}2` }, "Save new password");
    await mailbox.arrived("password-reset", email);
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: `${password}2` }, "Sign in");
    await page.goto(`${server.url}/account`);
    assert.equal(at(page), "/account");
  });

  test("an address gives way to another when both have agreed, and both are told", async () => {
    const [from, to] = ["mail-before@example.com", "mail-after@example.com"];
    const page = await joined(from);
    await submit(page, { "New e-mail address": to }, "Change address");
    await page.goto(linkIn(await mailbox.arrived("change-email", from), server));
    await press(page, "Yes, change it");
    await page.goto(linkIn(await mailbox.arrived("verify-email", to), server));
    await press(page, "Use this address");
    for (const address of [from, to]) await mailbox.arrived("email-changed", address);
    const again = await visit("/login");
    await submit(again, { "E-mail address": to, Password: password }, "Sign in");
    await again.goto(`${server.url}/account`);
    assert.equal(at(again), "/account");
  });

  test("a link signs in, once, however often a scanner opens it", async () => {
    const email = "mail-link@example.com";
    const page = await visit("/login?return_to=%2Faccount%2Fapps");
    await accessible(page);
    await page.getByLabel("E-mail address", { exact: true }).fill(email);
    await press(page, "E-mail me a link");
    await accessible(page);
    const link = linkIn(await mailbox.arrived("magic-link", email), server);
    for (let i = 0; i < 3; i++) assert.equal((await fetch(link)).status, 200);
    await page.goto(link);
    await accessible(page);
    await press(page, "Sign in");
    assert.equal(at(page), "/account/apps");
    const thief = await open(browser);
    await thief.goto(link);
    await accessible(thief);
    assert.equal(await thief.getByRole("button", { name: "Sign in" }).count(), 0);
  });

  test("a code signs in, and a wrong one does not", async () => {
    const email = "mail-code@example.com";
    const page = await visit("/login");
    await page.getByLabel("E-mail address", { exact: true }).fill(email);
    await press(page, "E-mail me a code");
    assert.equal(await title(page), "Enter the code");
    await accessible(page);
    const right = code(await mailbox.arrived("email-otp", email));
    await submit(page, { Code: String((Number(right) + 1) % 1_000_000).padStart(6, "0") }, "Sign in");
    await accessible(page);
    assert.equal(await page.getByLabel("Code", { exact: true }).getAttribute("aria-invalid"), "true");
    await submit(page, { Code: right }, "Sign in");
    assert.equal(at(page), "/account");
  });

  test("better-auth's clients sign in by link and by code", async () => {
    const linked = visitor();
    ok(await linked.signIn.magicLink({ email: "mail-client-link@example.com", name: "Grace", callbackURL: "/account" }));
    const token = new URL(linkIn(await mailbox.arrived("magic-link", "mail-client-link@example.com"), server)).searchParams.get("token");
    ok(await linked.magicLink.verify({ query: { token } }));
    assert.equal(ok(await linked.getSession()).user.name, "Grace");
    const again = await visitor().magicLink.verify({ query: { token } });
    assert.ok(again.error || !again.data?.user, "a link that was used");

    const email = "mail-client-code@example.com";
    const coded = visitor();
    ok(await coded.emailOtp.sendVerificationOtp({ email, type: "sign-in" }));
    const otp = code(await mailbox.arrived("email-otp", email));
    ok(await coded.signIn.emailOtp({ email, otp }));
    assert.equal(ok(await coded.getSession()).user.emailVerified, true);
    assert.equal((await visitor().signIn.emailOtp({ email, otp })).error.code, "INVALID_OTP", "a code that was used");

    ok(await coded.emailOtp.requestPasswordReset({ email }));
    const second = code(await mailbox.arrived("email-otp", email, 1));
    ok(await coded.emailOtp.resetPassword({ email, otp: second, password }));
    ok(await visitor().signIn.email({ email, password }));

    const newcomer = "mail-client-newcomer@example.com", proving = visitor();
    ok(await proving.signUp.email({ email: newcomer, password, name: "New" }));
    assert.equal((await proving.signIn.email({ email: newcomer, password })).error.code, "EMAIL_NOT_VERIFIED");
    ok(await proving.emailOtp.sendVerificationOtp({ email: newcomer, type: "email-verification" }));
    const proof = code(await mailbox.arrived("email-otp", newcomer));
    assert.equal((await proving.emailOtp.checkVerificationOtp({ email: newcomer, type: "sign-in", otp: proof })).error.code, "INVALID_OTP", "a code for another purpose");
    ok(await proving.emailOtp.checkVerificationOtp({ email: newcomer, type: "email-verification", otp: proof }));
    ok(await proving.emailOtp.verifyEmail({ email: newcomer, otp: proof }));
    assert.equal(ok(await proving.signIn.email({ email: newcomer, password })).user.emailVerified, true);

    const next = "mail-client-moved@example.com";
    ok(await proving.emailOtp.requestEmailChange({ newEmail: next }));
    ok(await proving.emailOtp.changeEmail({ newEmail: next, otp: code(await mailbox.arrived("email-otp", next)) }));
    assert.equal(ok(await proving.getSession({ query: { disableCookieCache: true } })).user.email, next);
  });

  test("what the mail server refuses for good is nobody else's delay", async () => {
    const page = await visit("/forgot-password");
    for (const email of ["refused@example.com", "mail-ada@example.com"]) {
      await page.goto(`${server.url}/signup`);
      await submit(page, { Name: "R", "E-mail address": email, "New password": password }, "Create account");
    }
    await mailbox.arrived("existing-user-sign-up", "mail-ada@example.com");
    assert.equal(mailbox.mails().filter((each) => each.to === "refused@example.com").length, 0);
    assert.doesNotMatch(server.log, /pass.word.1/, "the mail server's password stands in the log");
  });
});
