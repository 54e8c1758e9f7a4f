// authd login through a real browser, and what a command line does with its tokens.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, title } from "../lib/browser.mjs";
import { signIn } from "../lib/relying-party.mjs";

const ada = { email: "ada@example.com", password: "correct-horse-battery" };

describe("the command-line login", () => {
  let server, browser;
  before(async () => {
    [server, browser] = [await start(), await launch()];
    await server.signUp(ada.email, ada.password, "Ada Lovelace");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  // login starts the command and reads the address it prints.
  const login = async (...more) => {
    const child = server.spawn(["login", "--no-browser", "--issuer", server.url, ...more]);
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].on("data", (text) => { out[name] += text; });
    const exit = once(child, "exit");
    for (const end = Date.now() + 10_000; !/https?:\/\/\S+authorize\S+/.test(out.stdout + out.stderr);) {
      if (Date.now() > end) throw new Error(`no address:\n${out.stdout}${out.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const address = (out.stdout + out.stderr).match(/https?:\/\/\S+authorize\S+/)[0];
    return { address, child, done: async () => ({ code: (await exit)[0], ...out }) };
  };

  test("login, whoami, token, logout", async () => {
    const { address, done } = await login();
    assert.match(address, /code_challenge_method=S256/);
    assert.match(decodeURIComponent(address), /redirect_uri=http:\/\/127\.0\.0\.1:\d+/);
    const page = await open(browser);
    await page.goto(address);
    await signIn(page, ada);
    assert.match(await page.getByRole("main").innerText(), /program on this device/);
    await accessible(page);
    await press(page, "Allow");
    await page.waitForURL("http://127.0.0.1:*/**");
    await accessible(page);
    const ended = await done();
    assert.equal(ended.code, 0, ended.stderr);
    assert.doesNotMatch(ended.stdout + ended.stderr, /ey[\w-]+\.ey|refresh_token/, "a token is printed");

    const me = JSON.parse(await server.authd("whoami", "--json"));
    assert.deepEqual([me.email, me.name], [ada.email, "Ada Lovelace"]);
    const token = (await server.authd("token")).trim();
    const info = await fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await info.json()).email, ada.email);
    assert.equal((await server.authd("token")).trim(), token, "a token that still counts is kept");
    const fresh = (await server.authd("token", "--refresh")).trim();
    assert.notEqual(fresh, token);
    const both = await Promise.all([server.authd("token", "--refresh"), server.authd("token", "--refresh")]);
    assert.ok(both.every(Boolean), "two processes spend one refresh token");
    assert.equal(JSON.parse(await server.authd("whoami", "--json")).email, ada.email);

    await server.authd("logout");
    await assert.rejects(server.authd("whoami"), (error) => error.code === 1);
    const revoked = await fetch(`${server.url}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${both[1].trim()}` } });
    assert.equal(revoked.status, 401, "logout revokes");
  });

  test("tokens in a file are for their owner's eyes", async () => {
    const { address, done } = await login();
    const page = await open(browser);
    await page.goto(address);
    await signIn(page, ada);
    await press(page, "Allow");
    assert.equal((await done()).code, 0);
    const files = fs.readdirSync(server.home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && !file.parentPath.startsWith(server.data));
    const kept = files.map((file) => path.join(file.parentPath, file.name)).filter((file) => /refresh/.test(fs.readFileSync(file, "utf8")));
    assert.equal(kept.length, 1, files.map((file) => file.name).join());
    assert.equal(fs.statSync(kept[0]).mode & 0o777, 0o600);
    await server.authd("logout");
    assert.ok(!fs.existsSync(kept[0]) || !/refresh_token/.test(fs.readFileSync(kept[0], "utf8")));
  });

  test("a no is a plain message and exit code 1", async () => {
    const { address, done } = await login();
    const page = await open(browser);
    await page.goto(address);
    await signIn(page, ada);
    await press(page, "Deny");
    const { code, stderr } = await done();
    assert.equal(code, 1);
    assert.equal(stderr.trim().split("\n").at(-1).length > 0 && !/panic|goroutine/.test(stderr), true);
    await assert.rejects(server.authd("token"), (error) => error.code === 1);
  });

  test("a window that stays closed ends in a message and exit code 1", async () => {
    const { done } = await login("--timeout", "1s");
    const { code, stderr } = await done();
    assert.equal(code, 1);
    assert.match(stderr, /tim|wait/i);
  });

  test("an answer with another state or issuer is refused", async () => {
    const { address, done, child } = await login();
    const redirect = new URL(new URL(address).searchParams.get("redirect_uri"));
    redirect.search = new URLSearchParams({ code: "stolen", state: "forged", iss: server.url });
    const res = await fetch(redirect);
    assert.ok(res.status >= 400 || !/signed in/i.test(await res.text()));
    child.kill("SIGINT");
    assert.notEqual((await done()).code, 0);
    await assert.rejects(server.authd("whoami"), (error) => error.code === 1);
  });

  test("wrong usage is exit code 2", async () => {
    await assert.rejects(server.authd("login", "--no-such-flag"), (error) => error.code === 2);
    await assert.rejects(server.authd("no-such-command"), (error) => error.code === 2);
  });

  test("the sign-in page names the program that asks", async () => {
    const { address, child, done } = await login();
    const page = await open(browser);
    await page.goto(address);
    assert.equal(await title(page), "Sign in");
    await accessible(page);
    child.kill("SIGINT");
    await done();
  });
});
