// The first start: an empty folder, one link, the first administrator.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, submit, title } from "../lib/browser.mjs";

const administrator = { Name: "Grace Hopper", "E-mail address": "grace@example.com", "New password": "correct-horse-battery" };

// The browser itself refuses a short password; the server has to refuse a long one.
const tooLong = "x".repeat(129);

describe("the first start", () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());

  const closed = "By invitation only", open_ = "Create your account";
  for (const [choice, signUp] of [["Only people you invite", closed], ["Anyone you let in", open_], [/^Anyone(?! you let in)/, open_]]) {
    test(`the /setup link makes the administrator, who answers: ${choice}`, async (t) => {
      const server = await start();
      t.after(() => server.stop());
      for (const file of ["authd.db", "secret"]) assert.ok(fs.existsSync(path.join(server.data, file)), `${file} is made`);
      assert.equal(fs.statSync(path.join(server.data, "secret")).mode & 0o777, 0o600);
      const link = server.setupLink();
      const page = await open(browser);
      await page.goto(link);
      assert.equal(await title(page), "Welcome");
      await accessible(page);
      await submit(page, { ...administrator, "New password": tooLong }, "Create administrator");
      assert.equal(await title(page), "Welcome");
      assert.equal(await page.getByLabel("New password", { exact: true }).getAttribute("aria-invalid"), "true");
      assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), administrator.Name, "what was written is kept");
      await accessible(page);
      await page.getByRole("radio", { name: choice }).check();
      await submit(page, administrator, "Create administrator");
      assert.equal(new URL(page.url()).pathname, "/account", "the administrator is signed in");
      await accessible(page);
      assert.match(await server.authd("user", "show", "grace@example.com", "--json"), /"role": ?"admin"/);

      const second = await open(browser);
      await second.goto(link);
      assert.equal(await title(second), "Already set up");
      await accessible(second);
      await second.goto(`${server.url}/signup`);
      assert.equal(await title(second), signUp);
      await accessible(second);
      assert.equal((await server.authd("user", "list", "--json")).match(/"email"/g).length, 1, "no second account");
    });
  }

  test("a wrong token, or none, makes nobody", async (t) => {
    const server = await start();
    t.after(() => server.stop());
    const page = await open(browser);
    for (const link of [`${server.url}/setup`, `${server.url}/setup?token=wrong`]) {
      await page.goto(link);
      assert.equal(await title(page), "This link does not work");
      await accessible(page);
    }
    assert.doesNotMatch(await server.authd("user", "list", "--json"), /"email"/);
  });

  test("the log says who may sign up, and authd.toml wins over the answer", async (t) => {
    const server = await start({ toml: "[email_and_password]\ndisable_sign_up = false\n" });
    t.after(() => server.stop());
    assert.equal(server.log.split("\n").filter((line) => /sign.?up/i.test(line)).length, 1, server.log);
    const page = await open(browser);
    await page.goto(server.setupLink());
    assert.match(await page.getByRole("main").innerText(), /authd\.toml says so/);
    await accessible(page);
    await submit(page, administrator, "Create administrator");
    await page.goto(`${server.url}/signup`);
  });
});
