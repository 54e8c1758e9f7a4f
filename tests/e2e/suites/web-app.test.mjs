// docs/apps/web-app.md as written, and nginx in front of an app with its help, as docs/apps/proxy.md has it.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { freePort, start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";
import { Person } from "../lib/person.mjs";
import { run } from "../lib/programs.mjs";
import { startNginx } from "../lib/proxies.mjs";

const ada = { email: "ada@example.com", password: "correct-horse-battery" };

describe("a web app with openid-client", () => {
  let server, user;
  const running = [];
  before(async () => {
    server = await start();
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
  });
  after(async () => {
    for (const each of running.reverse()) await each.stop();
    await server?.stop();
  });

  // webApp registers and starts the page's app for people who see it at an origin.
  async function webApp(origin, port) {
    const dir = folder({
      "app.mjs": example("apps/web-app.md", "app.mjs"),
      "register.sh": example("apps/web-app.md", "register.sh", { "http://localhost:3000": origin }),
    });
    execFileSync("sh", ["-e", "-c", 'authd() { "$AUTHD" "$@"; }; . ./register.sh'], { cwd: dir, env: { ...server.environment, AUTHD: path.resolve(server.file) } });
    const url = `http://localhost:${port}`;
    running.push(await run(process.execPath, ["app.mjs"], { cwd: dir, env: { ISSUER: server.url, ORIGIN: origin, PORT: port }, url }));
    return url;
  }

  test("signs a person in and out", async () => {
    const port = await freePort();
    const url = await webApp(`http://localhost:${port}`, port);
    const person = new Person(server, ada);
    assert.match((await person.visit(`${url}/`)).body, /Nobody is signed in/);
    assert.equal((await person.visit(`${url}/login`)).body, `Hello Ada Lovelace <${ada.email}>`);
    assert.equal((await person.fetch(`${url}/callback?code=stolen&state=guessed`)).status, 302, "no sign-in was begun: it begins one");
    const out = await person.visit(`${url}/logout`);
    assert.equal(out.url.href, `${url}/`);
    assert.match((await person.visit(`${url}/`)).body, /Nobody is signed in/);
  });

  test("tells nginx who may pass", async () => {
    const app = http.createServer((req, res) => res.end(`${req.url} ${req.headers["x-auth-sub"]} ${req.headers["x-auth-email"]}`)).listen(0, "127.0.0.1");
    await once(app, "listening");
    running.push({ stop: () => app.close() });
    const [inner, outer] = [await freePort(), await freePort()];
    const url = `http://localhost:${outer}`;
    await webApp(url, inner);
    const nginx = await startNginx(outer, example("apps/proxy.md", "app.conf.nginx", {
      "http://127.0.0.1:3001": `http://127.0.0.1:${inner}`, "http://127.0.0.1:3000": `http://127.0.0.1:${app.address().port}`,
    }));
    running.push(nginx);
    const person = new Person(server, ada);
    const headers = { "x-auth-sub": "somebody-else", "x-auth-email": "eve@example.com" };
    const stranger = await person.fetch(`${url}/page`, { headers });
    assert.deepEqual([stranger.status, stranger.location], [302, `${url}/login`], nginx.log());
    await person.visit(`${url}/page`);
    assert.equal((await person.fetch(`${url}/page`, { headers })).body, `/page ${user.id} ${ada.email}`);
    assert.equal((await person.fetch(`${url}/check`)).status, 404, "only nginx asks");
  });
});
