// Sessions as docs/sessions.md has them, by better-auth's own clients.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";

const run = promisify(execFile);
const password = "correct-horse-battery";
const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

describe("a bearer token", () => {
  let server;
  before(async () => { server = await start(); });
  after(() => server?.stop());

  test("is a session for better-auth's client without cookies, as the page has it", async () => {
    process.env.AUTHD_URL = server.url;
    const page = "sessions.md";
    const { auth } = await import(pathToFileURL(path.join(folder({ "client.mjs": example(page, "client.mjs") }), "client.mjs")));
    assert.equal(ok(await auth.getSession()), null);
    ok(await auth.signUp.email({ email: "ada@example.com", password, name: "Ada" }));
    assert.equal(ok(await auth.getSession()).user.email, "ada@example.com");
    assert.equal(ok(await auth.updateUser({ name: "Ada L." })).status, true);
    assert.equal(ok(await auth.getSession()).user.name, "Ada L.");

    const shell = await run("sh", ["-ec", example(page, "bearer.sh")], { env: { ...process.env, AUTHD_URL: server.url } });
    assert.equal(shell.stdout, "ada@example.com\n");

    ok(await auth.signOut());
    assert.equal(ok(await auth.getSession()), null);
  });
});
