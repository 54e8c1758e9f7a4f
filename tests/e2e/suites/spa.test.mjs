// docs/apps/spa.md as written: better-auth's React client on an origin of its own, and behind what Next.js would do.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { serveApp } from "../lib/app.mjs";
import { start } from "../lib/authd.mjs";
import { launch, open, press, submit } from "../lib/browser.mjs";
import { example, folder } from "../lib/docs.mjs";

const page = "apps/spa.md";
const ada = { "E-mail": "ada@example.com", Password: "correct-horse-battery" };

// bundle packs the page's app for the browser; replaced stands for the reader's own addresses.
async function bundle(replaced) {
  const dir = folder({ "auth.js": example(page, "auth.js", replaced), "app.jsx": example(page, "app.jsx") });
  const { outputFiles } = await build({
    entryPoints: [path.join(dir, "app.jsx")], bundle: true, write: false, format: "iife", jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"', "process.env": "{}" }, logLevel: "error",
  });
  return outputFiles[0].text;
}

// walk is what somebody does in the app, wherever it gets its session from.
async function walk(browser, origin, server) {
  const tab = await open(browser, { javaScriptEnabled: true });
  let asked;
  await tab.route("https://notes.example.com/**", (route) => { // the service: checks who it is, and answers
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization" };
    if (route.request().method() === "OPTIONS") return route.fulfill({ status: 204, headers });
    asked = route.request().headers().authorization;
    return route.fulfill({ headers, json: { text: "Buy milk" } });
  });
  await tab.goto(origin);
  await submit(tab, { ...ada, Password: "wrong-wrong-wrong" }, "Sign in");
  await tab.getByRole("alert").getByText("Invalid email or password").waitFor();
  await submit(tab, ada, "Sign in");
  await tab.getByRole("heading", { name: "Hello ada" }).waitFor();
  await press(tab, "Notes");
  await tab.getByText("Buy milk").waitFor();
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(asked.replace("Bearer ", ""), keys, { issuer: server.url, audience: server.url, typ: "session+jwt" });
  assert.equal(payload.email, "ada@example.com");
  await tab.reload();
  await tab.getByRole("heading", { name: "Hello ada" }).waitFor();
  return tab;
}

async function signOut(tab) {
  await press(tab, "Sign out");
  await tab.getByLabel("E-mail").waitFor();
  await tab.reload();
  await tab.getByLabel("E-mail").waitFor();
  await tab.context().close();
}

describe("an app in the browser", () => {
  let app, server, browser;
  before(async () => {
    app = await serveApp();
    server = await start({ toml: example(page, "authd.toml", { "https://app.example.com": app.origin }) });
    app.script = await bundle({ "https://auth.example.com": server.url });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    app?.close();
    await server?.stop();
  });

  test("signs up on an origin of its own, calls a service, signs out and in again", async () => {
    const tab = await open(browser, { javaScriptEnabled: true });
    await tab.goto(app.origin);
    await submit(tab, ada, "Create an account");
    await tab.getByRole("heading", { name: "Hello ada" }).waitFor();
    await signOut(tab);
    await signOut(await walk(browser, app.origin, server));
  });
});

describe("the same behind Next.js", () => {
  let next, server, browser, dir;
  before(async () => {
    next = http.createServer().listen(0, "127.0.0.1");
    await once(next, "listening");
    next.origin = `http://localhost:${next.address().port}`;
    server = await start({ toml: example(page, "authd.toml", { "https://app.example.com": next.origin }) });
    await server.signUp("ada@example.com", ada.Password, "ada");
    const script = await bundle({ 'baseURL: "https://auth.example.com", ': "" });
    dir = folder(Object.fromEntries(["next.config.mjs", "session.js", "middleware.js"].map((name) => [name.replace(".js", ".mjs"), example(page, name)])));
    process.env.AUTHD = server.url;
    next.on("request", pass(await rewrites(), script));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    next?.closeAllConnections();
    next?.close();
    await server?.stop();
  });

  const load = async (name) => import(pathToFileURL(path.join(dir, name)).href);
  const rewrites = async () => (await load("next.config.mjs")).default.rewrites();

  // pass does what Next.js does with rewrites, and shows the app everywhere else.
  const pass = (rules, script) => (req, res) => {
    for (const { source, destination } of rules) {
      const place = source.replace(":path*", "");
      if (!req.url.startsWith(place)) continue;
      const target = new URL(destination.replace(":path*", req.url.slice(place.length)));
      const headers = { ...req.headers, host: target.host, "x-forwarded-host": req.headers.host, "x-forwarded-for": req.socket.remoteAddress };
      req.pipe(http.request(target, { method: req.method, headers }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      }));
      return;
    }
    const wantsScript = req.url === "/app.js";
    res.writeHead(200, { "content-type": wantsScript ? "text/javascript" : "text/html" });
    res.end(wantsScript ? script : '<!doctype html><title>An app</title><div id="root"></div><script src="/app.js"></script>');
  };

  test("the browser sees one origin, and the server knows who somebody is", async () => {
    const { session } = await load("session.mjs");
    const { middleware } = await load("middleware.mjs");
    const request = (cookie) => new Request(`${next.origin}/notes`, { headers: cookie ? { cookie } : {} });
    const tab = await walk(browser, next.origin, server);
    const cookie = (await tab.context().cookies(next.origin)).map(({ name, value }) => `${name}=${value}`).join("; ");
    assert.match(cookie, /better-auth\.session_token=/);
    assert.equal((await session(cookie)).user.email, "ada@example.com");
    assert.equal(middleware(request(cookie)), undefined, "who has a cookie passes");
    await signOut(tab);
    assert.equal(await session(cookie), null, "a session that ended counts nowhere");
    assert.equal(await session(undefined), null);
    assert.equal(middleware(request()).headers.get("location"), `${next.origin}/`);
  });
});
