// Usernames and phone numbers: better-auth's usernameClient and phoneNumberClient, a receiver that
// checks the signed text messages, and the sign-in page in a browser without JavaScript.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { phoneNumberClient, twoFactorClient, usernameClient } from "better-auth/client/plugins";
import { Webhook } from "standardwebhooks";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit } from "../lib/browser.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";
const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

// phones takes text messages as docs/phone-numbers.md has them; refuse makes it answer 503 once.
async function phones() {
  const texts = [];
  const state = { texts, refuse: 0, wrong: [] };
  const server = http.createServer(async (req, res) => {
    let body = "";
    for await (const part of req) body += part;
    try {
      const { type, data } = new Webhook(secret).verify(body, req.headers);
      assert.equal(type, "sms");
      if (state.refuse-- > 0) return res.writeHead(503).end();
      texts.push({ id: req.headers["webhook-id"], ...data });
      res.writeHead(204).end();
    } catch (error) {
      state.wrong.push(String(error));
      res.writeHead(400).end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  state.url = `http://127.0.0.1:${server.address().port}/send`;
  state.close = () => new Promise((done) => server.close(done));
  return state;
}

const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

describe("usernames and phone numbers", () => {
  let server, receiver, browser;
  before(async () => {
    receiver = await phones();
    server = await start({
      toml: `[sign_up]\nmode = "anyone"\n[username]\nenabled = true\n[phone_number]\nenabled = true\nsign_up_on_verification = true\n[sms]\nurl = "${receiver.url}"\nsecret = "${secret}"\n`,
    });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await receiver?.close();
  });

  const visitor = () => {
    const jar = new Jar(server.url);
    return createAuthClient({ baseURL: server.url, plugins: [usernameClient(), phoneNumberClient(), twoFactorClient()], fetchOptions: { customFetchImpl: jar.fetch } });
  };
  // text is the newest message to a phone, once there are so many.
  const text = async (to, count = 1) => {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      const all = receiver.texts.filter((each) => each.to === to);
      if (all.length >= count) return all.at(-1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`no text message to ${to}: ${JSON.stringify(receiver.wrong)}\n${server.log}`);
  };
  const codeIn = ({ text }) => text.match(/@localhost #(\d{6})$/)[1];

  test("usernameClient: sign-up, availability, sign-in, another name", async () => {
    const ada = visitor();
    ok(await ada.signUp.email({ email: "ada@names.example", password, name: "Ada", username: "Ada_King" }));
    assert.deepEqual(ok(await ada.isUsernameAvailable({ username: "ADA_king" })), { available: false });
    assert.deepEqual(ok(await ada.isUsernameAvailable({ username: "countess" })), { available: true });
    const again = visitor();
    const { user } = ok(await again.signIn.username({ username: "ada_KING", password }));
    assert.equal(user.username, "ada_king");
    assert.equal(user.displayUsername, "Ada_King");
    assert.equal((await visitor().signIn.username({ username: "ada_king", password: "not-the-password" })).error.code, "INVALID_USERNAME_OR_PASSWORD");
    ok(await again.updateUser({ username: "countess" }));
    ok(await visitor().signIn.username({ username: "countess", password }));
  });

  test("the sign-in page takes a username", async () => {
    ok(await visitor().signUp.email({ email: "grace@names.example", password, name: "Grace", username: "grace" }));
    const page = await open(browser);
    await page.goto(`${server.url}/login`);
    await accessible(page);
    await submit(page, { "E-mail address, username or phone number": "nobody_at_all", Password: password }, "Sign in");
    await page.getByText("The username or the password is wrong.").waitFor();
    await accessible(page);
    await submit(page, { "E-mail address, username or phone number": "GRACE", Password: password }, "Sign in");
    assert.equal(new URL(page.url()).pathname, "/account");
    await page.close();
  });

  test("phoneNumberClient: a number is proven by a signed message, also when the receiver was down", async () => {
    const number = "+15550100001";
    receiver.refuse = 1;
    const bob = visitor();
    ok(await bob.phoneNumber.sendOtp({ phoneNumber: number }));
    const message = await text(number);
    assert.equal(message.kind, "phone-otp");
    assert.equal((await bob.phoneNumber.verify({ phoneNumber: number, code: "x" })).error.code, "INVALID_OTP");
    const { user } = ok(await bob.phoneNumber.verify({ phoneNumber: number, code: codeIn(message) }));
    assert.deepEqual([user.phoneNumber, user.phoneNumberVerified], [number, true]);
    assert.equal((await bob.phoneNumber.verify({ phoneNumber: number, code: codeIn(message) })).error.code, "OTP_NOT_FOUND");

    ok(await visitor().phoneNumber.requestPasswordReset({ phoneNumber: number }));
    const reset = await text(number, 2);
    assert.equal(reset.kind, "phone-reset-otp");
    ok(await visitor().phoneNumber.resetPassword({ phoneNumber: number, otp: codeIn(reset), newPassword: password }));
    ok(await visitor().signIn.phoneNumber({ phoneNumber: number, password }));
    assert.deepEqual(receiver.wrong, []);
  });

  test("phoneNumberClient: somebody signed in gets another number", async () => {
    const number = "+15550100002";
    const eva = visitor();
    ok(await eva.signUp.email({ email: "eva@names.example", password, name: "Eva" }));
    ok(await eva.phoneNumber.sendOtp({ phoneNumber: number }));
    ok(await eva.phoneNumber.verify({ phoneNumber: number, code: codeIn(await text(number)), updatePhoneNumber: true }));
    const { user } = ok(await eva.getSession());
    assert.deepEqual([user.email, user.phoneNumber, user.phoneNumberVerified], ["eva@names.example", number, true]);
    assert.equal((await eva.updateUser({ phoneNumber: "+15550100003" })).error.code, "PHONE_NUMBER_CANNOT_BE_UPDATED");
  });

  test("a code in a text message is a second step, once", async () => {
    const number = "+15550100004";
    const kim = visitor();
    ok(await kim.signUp.email({ email: "kim@names.example", password, name: "Kim" }));
    ok(await kim.phoneNumber.sendOtp({ phoneNumber: number }));
    ok(await kim.phoneNumber.verify({ phoneNumber: number, code: codeIn(await text(number)), updatePhoneNumber: true }));
    ok(await kim.twoFactor.enable({ password, method: "otp" }));
    const waits = async () => {
      const page = await open(browser);
      await page.goto(`${server.url}/login`);
      await submit(page, { "E-mail address, username or phone number": "kim@names.example", Password: password }, "Sign in");
      assert.equal(new URL(page.url()).pathname, "/two-factor");
      return page;
    };
    const page = await waits();
    receiver.refuse = 1; // the message comes all the same
    await press(page, "Send me a code by text message");
    const message = await text(number, 2);
    assert.equal(message.kind, "two-factor-otp");
    await accessible(page);
    const other = await waits();
    await press(other, "Send me a code by text message");
    const another = await text(number, 3);
    assert.notEqual(another.id, message.id);
    if (codeIn(another) !== codeIn(message)) { // a code is for the sign-in that asked for it
      await submit(other, { Code: codeIn(message) }, "Sign in");
      assert.equal(new URL(other.url()).pathname, "/two-factor");
    }
    await submit(page, { Code: codeIn(message) }, "Sign in");
    assert.equal(new URL(page.url()).pathname, "/account");
    assert.deepEqual(receiver.wrong, []);
    for (const each of [page, other]) await each.context().close();
  });

  test("the pages: an account by phone, a password, its reset, another number", async () => {
    const number = "+15550100010", other = "+15550100011";
    const page = await open(browser);
    const at = () => new URL(page.url()).pathname;
    await page.goto(`${server.url}/login`);
    await page.getByRole("link", { name: "Sign in with your phone number" }).click();
    await accessible(page);
    await page.keyboard.type("5550100010"); // the field has the focus
    await page.keyboard.press("Enter");
    await page.getByText("Enter the number with a plus").waitFor();
    await accessible(page);
    await submit(page, { "Phone number": "+1 (555) 010-0010" }, "Send code");
    await accessible(page);
    const right = codeIn(await text(number));
    await submit(page, { Code: right === "000000" ? "000001" : "000000" }, "Sign in");
    await page.getByText("That is not the code.").waitFor();
    await accessible(page);
    await page.keyboard.type(`${right.slice(0, 3)} ${right.slice(3)}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${server.url}/account`);
    await accessible(page);

    await page.goto(`${server.url}/account/security`);
    await page.getByText("This is the only way you can sign in.").first().waitFor();
    await accessible(page);
    await submit(page, { "New password": password }, "Set password");
    await page.getByText("Your password is set.").waitFor();
    await submit(page, { "New phone number": other }, "Send code");
    await submit(page, { Code: codeIn(await text(other)) }, "Confirm number");
    await page.getByText("Your phone number is confirmed.").waitFor();
    await accessible(page);
    await press(page, "Sign out");

    await page.goto(`${server.url}/forgot-password`);
    await page.getByRole("link", { name: "Use your phone number instead" }).click();
    await submit(page, { "Phone number": other }, "Send code");
    await accessible(page);
    await submit(page, { Code: codeIn(await text(other, 2)), "New password": "another-horse-battery" }, "Save new password");
    await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address, username or phone number": other, Password: "another-horse-battery" }, "Sign in");
    assert.equal(at(), "/account");
    await page.close();
  });

  test("the pages: a username is chosen at the sign-up and changed later", async () => {
    const page = await open(browser);
    await page.goto(`${server.url}/signup`);
    await accessible(page);
    await submit(page, { Name: "Mary", "E-mail address": "mary@names.example", Username: "admin", "New password": password }, "Create account");
    await page.getByText("This username is taken.").waitFor();
    await accessible(page);
    await submit(page, { Username: "Mary_S", "New password": password }, "Create account");
    assert.equal(new URL(page.url()).pathname, "/account");
    await submit(page, { Username: "mary.s" }, "Save");
    await page.getByText("Your profile is saved.").waitFor();
    await accessible(page);
    await page.close();
    ok(await visitor().signIn.username({ username: "mary.s", password }));
  });

  test("no log names a number or a code", () => {
    assert.doesNotMatch(server.log, /15550100/);
    for (const each of receiver.texts) assert.ok(!server.log.includes(codeIn(each)), "a code stands in the log");
  });
});
