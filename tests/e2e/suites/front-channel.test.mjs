// What only a real browser can show: that an app in a frame is told of the end of a session
// before the page moves on, however long it takes, and that a form which another site posts
// finds the person signed in.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { launch, open, press, submit } from "../lib/browser.mjs";

const person = { email: "ada@example.com", password: "correct-horse-battery", name: "Ada Lovelace" };
const secret = "a-secret-of-more-than-thirty-two-characters";

// app is on another site than authd: 127.0.0.1, where authd is localhost.
async function app() {
  const heard = [];
  const state = { page: "" };
  const server = http.createServer(async (req, res) => {
    const url = new URL(req.url, "http://127.0.0.1");
    const answer = () => {
      heard.push({ path: url.pathname, params: url.searchParams, cookie: req.headers.cookie ?? "" });
      res.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>App</title><h1>At the app</h1>${state.page}`);
    };
    if (url.pathname === "/slow") setTimeout(answer, 600); // longer than a page that does not wait would take
    else answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, heard, state, close: () => { server.closeAllConnections(); server.close(); } };
}

describe("an app on another site", () => {
  let rp, server, browser;
  before(async () => {
    rp = await app();
    const client = (id, more) => `[[client]]\nclient_id = "${id}"\nclient_secret = "${secret}"\nredirect_uris = ["${rp.url}/cb"]\nrequire_pkce = false\n${more}\n`;
    [server, browser] = await Promise.all([start({
      toml: client("first", `post_logout_redirect_uris = ["${rp.url}/bye"]\nfrontchannel_logout_uri = "${rp.url}/slow?app=first"`)
        + client("second", `frontchannel_logout_uri = "${rp.url}/told?app=second"`),
    }), launch()]);
    await server.signUp(person.email, person.password, person.name);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rp?.close();
  });

  const request = (id, more) => ({ response_type: "code", client_id: id, redirect_uri: `${rp.url}/cb`, scope: "openid", state: "st4te", ...more });
  const signedIn = async () => {
    const page = await open(browser);
    await page.goto(`${server.url}/login`);
    await submit(page, { "E-mail address": person.email, Password: person.password }, "Sign in");
    return page;
  };
  // enter takes the person to an app, and gives the ID token that it gets.
  const enter = async (page, id) => {
    rp.heard.length = 0;
    await page.goto(`${server.url}/api/auth/oauth2/authorize?${new URLSearchParams(request(id))}`);
    if (new URL(page.url()).pathname === "/consent") await press(page, "Allow");
    await page.getByRole("heading", { name: "At the app" }).waitFor();
    const code = rp.heard.findLast((each) => each.path === "/cb").params.get("code");
    const res = await fetch(`${server.url}/api/auth/oauth2/token`, {
      method: "POST", headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: `${rp.url}/cb` }),
    });
    return (await res.json()).id_token;
  };
  const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

  test("every app in a frame is told before the page moves on", async () => {
    const page = await signedIn();
    const first = await enter(page, "first");
    const second = await enter(page, "second");
    rp.heard.length = 0;
    await page.goto(`${server.url}/api/auth/oauth2/end-session?${new URLSearchParams({ id_token_hint: first, post_logout_redirect_uri: `${rp.url}/bye`, state: "s" })}`);
    await page.waitForURL(`${rp.url}/bye?state=s`);
    const paths = rp.heard.map((each) => each.path).filter((path) => path !== "/favicon.ico");
    assert.equal(paths.pop(), "/bye");
    assert.deepEqual(paths.sort(), ["/slow", "/told"]);
    for (const [path, id, token] of [["/slow", "first", first], ["/told", "second", second]]) {
      const { params } = rp.heard.find((each) => each.path === path);
      assert.deepEqual(Object.fromEntries(params), { app: id, iss: server.url, sid: claims(token).sid });
    }
  });

  test("a form that the app posts to authorize finds the person signed in", async () => {
    const page = await signedIn();
    await enter(page, "second");
    const fields = Object.entries(request("second", { prompt: "none" })).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
    rp.state.page = `<form method="post" action="${server.url}/api/auth/oauth2/authorize">${fields.join("")}<button>Sign in with authd</button></form>`;
    await page.goto(`${rp.url}/start`);
    rp.heard.length = 0;
    await press(page, "Sign in with authd");
    await page.waitForURL(`${rp.url}/cb?**`);
    const { params } = rp.heard.find((each) => each.path === "/cb");
    assert.ok(params.get("code"), `answered ${params}`);
    assert.equal(params.get("state"), "st4te");
  });
});
