// docs/apps/mcp.md as written: the MCP SDK's server behind authd, and its client with its own OAuth code, known to authd in each of three ways.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { once } from "node:events";
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import * as openid from "openid-client";
import { freePort, start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";
import { Person } from "../lib/person.mjs";
import { run } from "../lib/programs.mjs";

const page = "apps/mcp.md";
const ada = { email: "ada@example.com", password: "correct-horse-battery" };
const documented = "https://client.example.com/app.json";

describe("MCP", () => {
  let server, user, world, resource, secret, machine, other;
  const asked = [];
  const servers = {};
  before(async () => {
    // The rest of the world, to authd: there is one https document in it.
    world = http.createServer((req, res) => {
      const url = req.headers["x-authd-egress-url"];
      asked.push(url);
      if (url !== documented) return res.writeHead(404).end();
      res.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=600" }).end(example(page, "app.json"));
    }).listen(0, "127.0.0.1");
    await once(world, "listening");
    const ports = { keys: await freePort(), asking: await freePort() };
    resource = { keys: `http://localhost:${ports.keys}/mcp`, asking: `http://localhost:${ports.asking}/mcp` };
    other = "https://other.example.com/mcp";
    const toml = example(page, "authd.toml", { "https://notes.example.com/mcp": resource.keys });
    [secret, machine] = [...toml.matchAll(/client_secret = "(.*)"/g)].map((found) => found[1]);
    const second = (identifier) => `\n[[oauth_provider.resources]]\nidentifier = "${identifier}"\nallowed_scopes = ["notes:read", "notes:write"]\nclients = ["notes-server", "notes-cli", "notes-job"]\n`;
    server = await start({
      toml: toml.replace(`= ["${resource.keys}"]`, `= ["${resource.keys}", "${resource.asking}"]`) + second(resource.asking) + second(other),
      env: { AUTHD_TEST_EGRESS: `http://127.0.0.1:${world.address().port}` },
    });
    user = await server.signUp(ada.email, ada.password, "Ada Lovelace");
    for (const way of ["keys", "asking"]) {
      const env = { ISSUER: server.url, RESOURCE: resource[way], PORT: ports[way], ...(way === "asking" && { CLIENT_SECRET: secret }) };
      servers[way] = await run(process.execPath, ["server.mjs"], { cwd: folder({ "server.mjs": example(page, "server.mjs") }), env, url: resource[way] });
    }
  });
  after(async () => {
    for (const each of Object.values(servers)) await each.stop();
    await server?.stop();
    world?.close();
  });

  // client runs the page's client and takes the person to the addresses that it prints.
  function client(way, env) {
    const cwd = folder({ "client.mjs": example(page, "client.mjs") });
    const file = path.join(cwd, "session.json");
    const person = new Person(server, ada);
    async function call(tool) {
      const child = spawn(process.execPath, ["client.mjs", tool], { cwd, env: { PATH: process.env.PATH, RESOURCE: resource[way], ...env }, stdio: ["ignore", "pipe", "pipe"] });
      const opened = [];
      let printed = "", errors = "";
      child.stderr.on("data", (text) => { errors += text; });
      const exit = once(child, "exit");
      for await (const line of createInterface({ input: child.stdout })) {
        const address = line.match(/^Open (\S+)$/)?.[1];
        if (!address) {
          printed += line;
          continue;
        }
        opened.push(new URL(address).searchParams);
        const end = await person.visit(address);
        assert.equal(end.body, "You can close this window.", `${end.url}`);
      }
      const [code] = await exit;
      assert.equal(code, 0, `${errors}\n${servers[way].log}`);
      return { opened, answer: JSON.parse(printed) };
    }
    const session = () => JSON.parse(fs.readFileSync(file, "utf8"));
    return { call, session, change: (values) => fs.writeFileSync(file, JSON.stringify({ ...session(), ...values })) };
  }

  const ways = [
    ["registers itself", "keys", {}, (id) => assert.match(id, /^[A-Za-z0-9_-]{20,}$/)],
    ["has a metadata document", "keys", { CLIENT_METADATA_URL: documented }, (id) => assert.equal(id, documented)],
    ["is declared", "keys", { CLIENT_ID: "notes-cli" }, (id) => assert.equal(id, "notes-cli")],
    ["registers itself, and the server asks authd about its tokens", "asking", {}, (id) => assert.ok(id)],
  ];
  for (const [title, way, env, isId] of ways) {
    test(`a client that ${title}`, async () => {
      const notes = client(way, env);
      const first = await notes.call("list-notes");
      const earlier = first.answer.length;
      assert.equal(first.opened.length, 1);
      const request = first.opened[0];
      isId(request.get("client_id"));
      assert.equal(request.get("resource"), resource[way]);
      assert.equal(request.get("scope"), "notes:read", "what the challenge asks for");
      assert.equal(request.get("code_challenge_method"), "S256");
      const { tokens, discovery } = notes.session();
      assert.equal(tokens.scope, "notes:read");
      assert.equal(discovery.authorizationServerMetadata.issuer, server.url);
      assert.deepEqual(discovery.authorizationServerMetadata.code_challenge_methods_supported, ["S256"]);
      if (env.CLIENT_ID) assert.equal(tokens.refresh_token, undefined, "it did not ask to stay connected");
      else {
        // What a server does when a token has ended is to refuse it.
        notes.change({ tokens: { ...tokens, access_token: `${tokens.access_token}x` } });
        assert.deepEqual(await notes.call("list-notes"), { opened: [], answer: first.answer }, "nobody is asked: it refreshes");
        const next = notes.session().tokens;
        assert.notEqual(next.refresh_token, tokens.refresh_token);
        assert.equal(next.scope, "notes:read");
      }
      const more = await notes.call("add-note");
      assert.equal(more.opened.length, 1, "one scope more is asked for once");
      assert.equal(more.opened[0].get("scope"), "notes:read notes:write");
      const { answer, opened } = await notes.call("list-notes");
      assert.deepEqual(opened, []);
      assert.equal(answer.length, earlier + 1);
      assert.deepEqual(answer.at(-1), { of: user.id, by: request.get("client_id") });
      if (env.CLIENT_METADATA_URL) assert.deepEqual(asked, [documented], "its document is read once, and nothing else");
    });
  }


  test("a machine comes for itself", async () => {
    for (const way of ["keys", "asking"]) {
      const env = { PATH: process.env.PATH, ISSUER: server.url, RESOURCE: resource[way], CLIENT_SECRET: machine };
      const { stdout } = await promisify(execFile)(process.execPath, ["job.mjs"], { cwd: folder({ "job.mjs": example(page, "job.mjs") }), env });
      assert.deepEqual(JSON.parse(stdout), [], "it has no notes");
    }
  });

  test("a token is good at the server that it was asked for, and nowhere else", async () => {
    const config = await openid.discovery(new URL(server.url), "notes-cli", undefined, openid.None(), { algorithm: "oauth2", execute: [openid.allowInsecureRequests] });
    const redirect = http.createServer((req, res) => res.end("done")).listen(0, "127.0.0.1");
    await once(redirect, "listening");
    const redirectUri = `http://127.0.0.1:${redirect.address().port}/callback`;
    const tokenFor = async (target) => {
      const verifier = openid.randomPKCECodeVerifier();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri, scope: "notes:read", resource: target, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      });
      const back = await new Person(server, ada).visit(url);
      return (await openid.authorizationCodeGrant(config, back.url, { pkceCodeVerifier: verifier }, { resource: target })).access_token;
    };
    const ask = async (way, token) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", ...(token && { authorization: `Bearer ${token}` }) };
      const res = await fetch(resource[way], { method: "POST", headers, body });
      await res.body?.cancel();
      return { status: res.status, challenge: res.headers.get("www-authenticate") };
    };
    for (const way of ["keys", "asking"]) {
      const metadata = new URL(`/.well-known/oauth-protected-resource/mcp`, resource[way]).href;
      const about = await fetch(metadata).then((res) => res.json());
      assert.deepEqual([about.resource, about.authorization_servers], [resource[way], [server.url]]);
      const wrong = await ask(way, await tokenFor(other));
      assert.equal(wrong.status, 401, "a token for another server");
      assert.match(wrong.challenge, /error="invalid_token"/);
      assert.ok(wrong.challenge.includes(`resource_metadata="${metadata}"`) && wrong.challenge.includes('scope="notes:read"'), wrong.challenge);
      assert.equal((await ask(way)).status, 401, "no token");
      const good = await tokenFor(resource[way]);
      assert.equal((await ask(way, good)).status, 200);
      const revoked = await fetch(`${server.url}/api/auth/oauth2/revoke`, { method: "POST", body: new URLSearchParams({ token: good, client_id: "notes-cli" }) });
      assert.equal(revoked.status, 200);
      assert.equal((await ask(way, good)).status, way === "asking" ? 401 : 200, "only who asks knows that it was revoked");
    }
    const refused = await new Person(server, ada).visit(openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri, scope: "notes:read", resource: "https://nobody.example.com/mcp", code_challenge: await openid.calculatePKCECodeChallenge("x".repeat(43)), code_challenge_method: "S256",
    }));
    assert.equal(refused.url.searchParams.get("error"), "invalid_target");
    redirect.close();
  });
});
