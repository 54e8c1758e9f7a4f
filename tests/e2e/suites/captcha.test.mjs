// Captchas: the built-in proof of work in a browser, and for apps through better-auth's client.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open } from "../lib/browser.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";

const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

// solve is what docs/captcha.md has apps do.
async function solve(url, path) {
  const { challenge, difficulty } = await (await fetch(`${url}/api/auth/captcha/challenge?for=${encodeURIComponent(path)}`)).json();
  for (let n = 0; ; n++) {
    const hash = createHash("sha256").update(`${challenge}.${n}`).digest();
    if (Math.clz32(hash.readUInt32BE()) >= difficulty) return `${challenge}.${n}`;
  }
}

describe("captcha", () => {
  let server, browser;
  before(async () => {
    server = await start({ toml: 'trusted_proxies = ["loopback"]\n[sign_up]\nmode = "anyone"\n[anonymous]\nenabled = true\n[captcha]\nenabled = true\ndifficulty = 12\nlocked_difficulty = 16\n[lockout]\nnetwork_accounts = 3\n' });
    browser = await launch({ whole: true });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("a browser signs up, in, and asks for a reset, and nobody has to do anything for it", async () => {
    const page = await open(browser, { javaScriptEnabled: true });
    const wrong = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(`${server.url}/signup`);
    await accessible(page);
    await page.getByLabel("Name", { exact: true }).fill("Ada");
    await page.getByText("Solved.").waitFor();
    await page.getByLabel("E-mail address").fill("ada@captcha.example");
    await page.getByLabel("New password").fill(password);
    await page.getByRole("button", { name: "Create account", exact: true }).click();
    await page.waitForURL(`${server.url}/account`);

    // Filled and sent at once: the form waits for its solution by itself.
    const other = await open(browser, { javaScriptEnabled: true });
    await other.goto(`${server.url}/login`);
    await other.evaluate((secret) => {
      document.querySelector("#email").value = "ada@captcha.example";
      document.querySelector("#password").value = secret;
      document.querySelector("form[action='/login'] button").click();
    }, password);
    await other.waitForURL((url) => url.pathname.startsWith("/account"));

    const third = await open(browser, { javaScriptEnabled: true });
    await third.goto(`${server.url}/forgot-password`);
    await third.getByLabel("E-mail address").fill("ada@captcha.example");
    await third.locator("form[action='/forgot-password'] button.primary").click();
    await third.locator("#email").waitFor({ state: "detached" }); // else the form came back
    await third.locator("[data-captcha]").waitFor({ state: "attached" });
    assert.deepEqual(wrong, []);
  });

  test("a wrong password shows the form again, with a task of its own", async () => {
    const page = await open(browser, { javaScriptEnabled: true });
    await page.goto(`${server.url}/login`);
    for (const secret of ["wrong-wrong-wrong", "wrong-again-wrong"]) {
      await page.getByLabel("E-mail address").fill("nobody@captcha.example");
      await page.getByLabel("Password", { exact: true }).fill(secret);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByText("The e-mail address or the password is wrong.").waitFor();
    }
  });

  test("a sign-up with a passkey alone, and a guest, solve the same task, which the page shows once", async (t) => {
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    const laptop = await authenticators(page).then((devices) => devices.add());
    await page.goto(`${server.url}/signup`);
    await page.getByLabel("Name", { exact: true }).fill("Cleo");
    await page.getByLabel("E-mail address").fill("cleo@captcha.example");
    await page.getByRole("button", { name: "Create account with a passkey" }).click();
    await page.waitForURL(`${server.url}/account`);
    assert.equal((await laptop.credentials()).length, 1);

    const guest = await open(browser, { javaScriptEnabled: true });
    t.after(() => guest.context().close());
    await guest.goto(`${server.url}/login`);
    assert.equal(await guest.locator("[data-captcha]").count(), 1);
    await accessible(guest);
    await guest.getByRole("button", { name: "Continue as guest" }).click();
    await guest.waitForURL(`${server.url}/account`);
  });

  test("in a network that waits the task is harder, and who solves it goes on at once", async (t) => {
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    const network = { "x-forwarded-for": "203.0.113.7" };
    await page.setExtraHTTPHeaders(network);
    const sent = { email: "dora@captcha.example", password, name: "Dora" };
    const post = async (path, body) => {
      const headers = { ...network, "content-type": "application/json", origin: server.url, "x-captcha-response": await solve(server.url, path) };
      return fetch(`${server.url}/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    };
    assert.equal((await post("/sign-up/email", sent)).status, 200);
    const task = () => page.waitForResponse((answer) => answer.url().includes("/captcha/challenge"));
    const difficulty = async (asked) => (await (await asked).json()).difficulty;
    let asked = task();
    await page.goto(`${server.url}/login`);
    const signIn = async () => {
      await page.getByLabel("E-mail address").fill(sent.email);
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.getByText("Solved.").waitFor();
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
    };
    await page.getByLabel("E-mail address").fill(sent.email);
    assert.equal(await difficulty(asked), 12); // the price of before
    for (let i = 0; i < 8; i++) await post("/sign-in/email", { email: `user${i}@captcha.example`, password: "wrong-wrong-wrong" });
    asked = task();
    await signIn();
    await page.getByText("Too many sign-ins from your network have failed. Sign in again").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    assert.equal(await difficulty(asked), 16);
    await signIn();
    await page.waitForURL((url) => url.pathname.startsWith("/account"));
  });

  test("without JavaScript the page says why it cannot go on", async () => {
    const page = await open(browser);
    await page.goto(`${server.url}/login`);
    assert.match(await page.locator("form[action='/login'] noscript").textContent(), /This form needs JavaScript: your browser solves a small task/);
    await accessible(page);
    await page.getByLabel("E-mail address").fill("ada@captcha.example");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Your browser has not solved the task of this form.").waitFor();
  });

  test("better-auth's client sends the solution in the header", async () => {
    const jar = new Jar(server.url);
    const client = createAuthClient({ baseURL: server.url, fetchOptions: { customFetchImpl: jar.fetch } });
    const bob = { email: "bob@captcha.example", password };
    const refused = await client.signUp.email({ ...bob, name: "Bob" });
    assert.deepEqual([refused.error.status, refused.error.code], [400, "MISSING_RESPONSE"]);
    const header = { headers: { "x-captcha-response": await solve(server.url, "/sign-up/email") } };
    assert.equal(ok(await client.signUp.email({ ...bob, name: "Bob", fetchOptions: header })).user.email, bob.email);
    const again = await client.signUp.email({ ...bob, email: "eve@captcha.example", name: "Eve", fetchOptions: header });
    assert.deepEqual([again.error.status, again.error.code], [403, "VERIFICATION_FAILED"]);
    ok(await client.signOut());
    ok(await client.signIn.email({ ...bob, fetchOptions: { headers: { "x-captcha-response": await solve(server.url, "/sign-in/email") } } }));
  });
});
