// Somebody has lost every way in: the link of docs/recovery.md, in a browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, submit } from "../lib/browser.mjs";

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
    assert.equal(at(page), "/account/security");
    assert.ok(server.lastMail("account-recovery", email).subject);

    const other = await open(browser);
    await other.goto(url);
    await other.getByRole("heading", { name: "This link does not work any more" }).waitFor();
    await accessible(other);
    await other.goto(`${server.url}/login`);
    await submit(other, { "E-mail address": email, Password: next }, "Sign in");
    assert.equal(at(other), "/account");
  });

  test("by the keyboard alone, to add a passkey", async () => {
    const page = await open(browser);
    await page.goto(await link());
    const button = page.getByRole("button", { name: "Sign in to add a passkey" });
    for (let i = 0; i < 30 && !(await button.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account/security**");
    await accessible(page);
  });
});
