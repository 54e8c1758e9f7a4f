// Somebody has lost every way in: the link of docs/recovery.md, in a browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit, title } from "../lib/browser.mjs";
import { keyboard } from "../lib/keyboard.mjs";

const [email, password, next] = ["ada@recovery.example", "correct-horse-battery", "another-horse-battery"];

describe("recovery", () => {
  let server, browser;
  before(async () => {
    [server, browser] = await Promise.all([start(), launch()]);
    await server.signUp(email, password, "Ada");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const at = (page) => new URL(page.url()).pathname;
  const link = async () => {
    return JSON.parse(await server.authd("user", "recover", email, "--json")).url;
  };

  test("a person with a link chooses a new password, and is told by mail", async () => {
    const url = await link();
    const page = await open(browser);
    await page.goto(url);
    await page.getByText(email).first().waitFor();
    await accessible(page);
    await submit(page, { "New password": "x".repeat(129) }, "Save and sign in");
    assert.equal(await page.getByLabel("New password", { exact: true }).getAttribute("aria-invalid"), "true");
    await accessible(page);
    await submit(page, { "New password": next }, "Save and sign in");
    assert.equal(at(page), "/account/add-passkey");
    await accessible(page);
    await press(page, "Show my other ways in");
    assert.equal(at(page), "/account/security");
    await page.getByText("You are in again. Two-step sign-in is off").waitFor();
    await accessible(page);
    assert.ok(server.lastMail("account-recovery", email).subject);

    const other = await open(browser);
    await other.goto(url);
    await other.getByRole("heading", { name: "This link does not work any more" }).waitFor();
    await accessible(other);
    await other.goto(`${server.url}/login`);
    await submit(other, { "E-mail address": email, Password: next }, "Sign in");
    assert.equal(at(other), "/account");
  });

  test("by the keyboard alone: in by the link, a passkey added, in again by it", async (t) => {
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    const laptop = await (await authenticators(page)).add();
    const keys = keyboard(page);
    const known = server.mails().length;
    await page.goto(await link());
    await keys.go("Sign in to add a passkey", "/account/add-passkey");
    assert.equal(await title(page), "You are in again");
    await accessible(page);
    await keys.go("Add a passkey", "/account/security");
    await page.getByText("The passkey is added. Two-step sign-in is off").waitFor();
    assert.equal((await laptop.credentials()).length, 1);
    await accessible(page);
    const told = server.mails().slice(known).filter((mail) => mail.to === email).map((mail) => mail.kind);
    assert.ok(told.includes("account-recovery") && told.includes("passkey-added"), `${told}`);
    await laptop.touches(false);
    await keys.go("Sign out", "/sign-out");
    await page.goto(`${server.url}/login`);
    await keys.to("Sign in with a passkey");
    await laptop.touches(true);
    await Promise.all([page.waitForURL("**/account"), keys.press("Enter")]);
  });
});
