// A person in a browser without JavaScript: from the sign-up page to signing out.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { linkIn, start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";

const password = "correct-horse-battery";
const env = { AUTHD_EMAIL_AND_PASSWORD__DISABLE_SIGN_UP: "false", AUTHD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP: "true" };

// The browser itself refuses a short password; the server has to refuse a long one.
const tooLong = "x".repeat(129);

describe("pages without JavaScript", () => {
  let server, browser;
  before(async () => { [server, browser] = [await start({ env }), await launch()]; });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const at = (page) => new URL(page.url()).pathname;
  const visit = async (path) => {
    const page = await open(browser);
    await page.goto(server.url + path);
    return page;
  };
  const signUp = async (page, email, name = "Ada Lovelace") => {
    await page.goto(`${server.url}/signup`);
    await submit(page, { Name: name, "E-mail address": email, "New password": password }, "Create account");
  };
  const signIn = async (page, email, secret = password) => {
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": email, Password: secret }, "Sign in");
  };

  test("/ leads to the sign-in page, and to the account when one is signed in", async () => {
    const page = await visit("/");
    assert.equal(at(page), "/login");
    await accessible(page);
    await signUp(page, "root@example.com");
    await page.goto(server.url);
    assert.equal(at(page), "/account");
  });

  test("a person signs up and proves the address with the mail's link", async () => {
    const email = "ada@example.com";
    const page = await visit("/signup");
    await accessible(page);
    await submit(page, { Name: "Ada", "E-mail address": email, "New password": tooLong }, "Create account");
    assert.equal(await page.getByLabel("New password", { exact: true }).getAttribute("aria-invalid"), "true");
    await accessible(page);
    await signUp(page, email);
    assert.equal(at(page), "/account");
    await page.getByText("Address not confirmed").waitFor();
    await accessible(page);
    const mail = server.lastMail("verify-email", email);
    assert.ok(mail.html && mail.subject);
    const scanner = await fetch(linkIn(mail, server));
    assert.equal(scanner.status, 200, "a mail scanner that follows the link");
    await page.goto(linkIn(mail, server));
    assert.equal(await title(page), "Confirm your e-mail address");
    await accessible(page);
    await press(page, "Confirm address");
    await accessible(page);
    await page.goto(`${server.url}/account`);
    await page.getByText("Address confirmed").waitFor();
    const used = await visit(new URL(linkIn(mail, server)).pathname + new URL(linkIn(mail, server)).search);
    if (await used.getByRole("button", { name: "Confirm address" }).count()) await press(used, "Confirm address");
    await accessible(used);
  });

  test("a wrong password and an unknown address look the same", async () => {
    await signUp(await open(browser), "known@example.com");
    const seen = [];
    for (const [email, secret] of [["known@example.com", "wrong-password"], ["unknown@example.com", password]]) {
      const page = await open(browser);
      await signIn(page, email, secret);
      assert.equal(at(page), "/login");
      const alert = page.getByRole("alert").first();
      assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
      await accessible(page);
      seen.push((await page.getByRole("main").innerText()).replaceAll(email, "(address)"), await alert.innerText());
    }
    assert.deepEqual(seen.slice(0, 2), seen.slice(2));
  });

  test("a forgotten password is reset by mail, once", async () => {
    const email = "forgetful@example.com";
    await signUp(await open(browser), email);
    const page = await visit("/login");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    assert.equal(await title(page), "Forgot your password?");
    await accessible(page);
    await submit(page, { "E-mail address": "nobody@example.com" }, "Send link");
    const unknown = (await page.getByRole("main").innerText()).replaceAll("nobody@example.com", "(address)");
    await page.goto(`${server.url}/forgot-password`);
    await submit(page, { "E-mail address": email }, "Send link");
    assert.equal((await page.getByRole("main").innerText()).replaceAll(email, "(address)"), unknown);
    await accessible(page);
    const link = linkIn(server.lastMail("reset-password", email), server);
    await page.goto(link);
    assert.equal(await title(page), "Choose a new password");
    await accessible(page);
    await submit(page, { "New password": tooLong }, "Save new password");
    await accessible(page);
    await submit(page, { "New password": `${password}2` }, "Save new password");
    await accessible(page);
    await signIn(page, email);
    assert.equal(at(page), "/login", "the old password still works");
    await signIn(page, email, `${password}2`);
    assert.equal(at(page), "/account");
    assert.equal(server.lastMail("password-reset", email).to, email);
    const again = await visit(new URL(link).pathname + new URL(link).search);
    if (await again.getByLabel("New password", { exact: true }).count()) await submit(again, { "New password": `${password}3` }, "Save new password");
    assert.equal(await title(again), "This link does not work any more");
    await accessible(again);
  });

  test("one sees one's sessions and ends them", async () => {
    const email = "sessions@example.com";
    const [here, there, elsewhere] = [await open(browser), await open(browser), await open(browser)];
    await signUp(here, email);
    for (const page of [there, elsewhere]) await signIn(page, email);
    await here.goto(`${server.url}/account`);
    await here.getByRole("link", { name: "Security" }).click();
    await here.waitForURL(`${server.url}/account/security`);
    const devices = here.getByRole("region", { name: "Devices" }).getByRole("listitem");
    assert.equal(await devices.count(), 3);
    assert.equal(await here.getByText("This device").count(), 1);
    await accessible(here);
    await devices.filter({ hasNot: here.getByText("This device") }).first().getByRole("button").click();
    await here.waitForLoadState();
    assert.equal(await devices.count(), 2);
    await press(here, "Sign out all other devices");
    assert.equal(await devices.count(), 1);
    for (const page of [there, elsewhere]) {
      await page.goto(`${server.url}/account`);
      assert.equal(at(page), "/login");
    }
    await press(here, "Sign out");
    await accessible(here);
    await here.goto(`${server.url}/account`);
    assert.equal(at(here), "/login");
  });

  test("name and password are changed on the pages of the account", async () => {
    const email = "change@example.com";
    const page = await open(browser);
    await signUp(page, email);
    await submit(page, { Name: "Countess" }, "Save");
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Countess");
    await accessible(page);
    await page.goto(`${server.url}/.well-known/change-password`);
    assert.equal(page.url(), `${server.url}/account/security#password`);
    await accessible(page);
    await submit(page, { "Current password": "wrong-password", "New password": `${password}2` }, "Change password");
    await accessible(page);
    assert.ok(await page.getByRole("alert").count(), "nothing says what went wrong");
    await submit(page, { "Current password": password, "New password": `${password}2` }, "Change password");
    await accessible(page);
    await signIn(await open(browser), email, `${password}2`);
  });

  test("one returns to where one came from, and nowhere else", async () => {
    const email = "return@example.com";
    await signUp(await open(browser), email);
    const page = await visit("/account?from=there#password");
    assert.equal(at(page), "/login");
    await submit(page, { "E-mail address": email, Password: password }, "Sign in");
    assert.equal(page.url().split("#")[0], `${server.url}/account?from=there`);
    const name = new URL((await visit("/account")).url()).searchParams.keys().next().value;
    for (const target of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      const other = await visit(`/login?${name}=${encodeURIComponent(target)}`);
      await submit(other, { "E-mail address": email, Password: password }, "Sign in");
      assert.equal(new URL(other.url()).origin, server.url, `${target} led to ${other.url()}`);
    }
  });

  test("password managers know the fields, and the focus goes to what went wrong", async () => {
    const known = async (path, fields) => {
      const page = await visit(path);
      for (const [label, autocomplete] of Object.entries(fields)) assert.equal(await page.getByLabel(label, { exact: true }).getAttribute("autocomplete"), autocomplete, `${path} ${label}`);
      return page;
    };
    await known("/signup", { Name: "name", "E-mail address": "username", "New password": "new-password" });
    await known("/forgot-password", { "E-mail address": "username" });
    const page = await known("/login", { "E-mail address": "username webauthn", Password: "current-password" });
    await submit(page, { "E-mail address": "nobody@example.com", Password: password }, "Sign in");
    const focused = page.locator(":focus");
    assert.equal(await focused.count(), 1, "nothing has the focus");
    assert.ok(await focused.evaluate((element) => element.matches("input, [role=alert]")), await focused.evaluate((element) => element.outerHTML));
  });

  test("a page that is opened at another origin says so", async () => {
    const page = await open(browser);
    await page.goto(`${server.url.replace("localhost", "127.0.0.1")}/login`);
    assert.match(await page.locator("body").innerText(), new RegExp(server.url.slice("http://".length)));
    assert.ok(await page.locator(`a[href^="${server.url}/"]`).count(), "no way to the right place");
    await accessible(page);
  });

  test("the pages speak German too", async () => {
    const page = await open(browser, { locale: "de-DE" });
    for (const path of ["/login", "/signup", "/forgot-password"]) {
      await page.goto(server.url + path);
      assert.equal(await page.locator("html").getAttribute("lang"), "de");
      await accessible(page);
    }
    await page.goto(`${server.url}/login?ui_locales=en`);
    await page.goto(`${server.url}/login`);
    await page.getByRole("button", { name: "English" }).click();
    await page.waitForLoadState();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });

  test("the page for errors, and for paths that are none", async () => {
    const page = await visit("/error?error=access_denied");
    assert.equal(await title(page), "Something went wrong");
    await accessible(page);
    await page.goto(`${server.url}/error?error=%3Cscript%3E&error_description=%3Cb%3Ehello`);
    assert.equal(await page.locator("main b, main script").count(), 0);
    await accessible(page);
    const res = await page.goto(`${server.url}/no-such-page`);
    assert.equal(res.status(), 404);
    await accessible(page);
  });

  test("pages are kept from scripts, frames and caches", async () => {
    const res = await fetch(`${server.url}/login`);
    const policy = res.headers.get("content-security-policy");
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
    assert.match(res.headers.get("cache-control"), /no-store/);
    assert.ok(res.headers.get("referrer-policy"));
    const html = await res.text();
    assert.doesNotMatch(html, /<script(?![^>]*src=)|\son\w+=|\sstyle=/);
    const css = html.match(/href="([^"]+\.css[^"]*)"/)[1];
    assert.match((await fetch(server.url + css)).headers.get("cache-control"), /immutable|max-age=[1-9]\d{5,}/);
    const forged = await fetch(`${server.url}/login`, { method: "POST", headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded" }, body: "email=a&password=b" });
    assert.equal(forged.status, 403, "a form of another site is taken");
  });
});
