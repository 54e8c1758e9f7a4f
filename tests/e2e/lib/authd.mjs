// Runs the authd binary for a suite: builds it unless AUTHD_BIN names one, starts it on a
// free port over an empty data directory, reads its mails and its log, stops it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

export const run = promisify(execFile);
export const repository = path.resolve(import.meta.dirname, "../../..");
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "authd-e2e-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));

let built;
export async function binary() {
  if (process.env.AUTHD_BIN) return process.env.AUTHD_BIN;
  built ??= (async () => {
    const file = path.join(scratch, "authd");
    await run("go", ["build", "-tags", "testhooks", "-o", file, "."], { cwd: repository, env: { ...process.env, CGO_ENABLED: "0" } });
    return file;
  })();
  return built;
}

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// start answers when the server does. env wins over the defaults; toml is written as authd.toml.
export async function start({ env = {}, toml, host = "localhost", port } = {}) {
  const file = await binary();
  port ??= await freePort();
  const home = fs.mkdtempSync(path.join(scratch, "home-"));
  const data = path.join(home, "data");
  const url = `http://${host}:${port}`;
  if (toml) {
    fs.mkdirSync(data, { mode: 0o700 });
    fs.writeFileSync(path.join(data, "authd.toml"), toml, { mode: 0o600 });
  }
  const environment = {
    PATH: process.env.PATH, HOME: home, AUTHD_ADDR: `127.0.0.1:${port}`, AUTHD_URL: url, AUTHD_DATA: data,
    AUTHD_TEST_FAST_HASH: "1", AUTHD_LOG_FORMAT: "text", AUTHD_RATE_LIMIT__ENABLED: "false", ...env,
  };
  const child = spawn(file, ["serve"], { cwd: home, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const server = new Server({ child, file, home, data, url, environment });
  await server.answers();
  return server;
}

class Server {
  constructor(fields) {
    Object.assign(this, fields);
    this.log = "";
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (text) => { this.log += text; });
    this.exit = once(this.child, "exit");
  }

  async answers() {
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      if (this.child.exitCode !== null) throw new Error(`authd stopped at its start:\n${this.log}`);
      const ok = await fetch(`${this.url}/healthz`).then((res) => res.ok, () => false);
      if (ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`authd does not answer:\n${this.log}`);
  }

  async stop() {
    if (this.child.exitCode === null) this.child.kill("SIGTERM");
    const [code] = await this.exit;
    if (code !== 0) throw new Error(`authd ended with ${code}:\n${this.log.slice(-4000)}`);
  }

  // authd runs a command of the program beside the server and returns what it printed.
  async authd(...args) {
    return (await run(this.file, args, { cwd: this.home, env: this.environment })).stdout;
  }

  // spawn starts a command of the program and lets it run.
  spawn(args, env = {}) {
    return spawn(this.file, args, { cwd: this.home, env: { ...this.environment, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  }

  mails() {
    const outbox = path.join(this.data, "outbox");
    if (!fs.existsSync(outbox)) return [];
    return fs.readdirSync(outbox).filter((name) => name.endsWith(".eml")).sort().map((name) => parseMail(fs.readFileSync(path.join(outbox, name), "utf8")));
  }

  lastMail(kind, to) {
    const mail = this.mails().findLast((each) => each.kind === kind && (!to || each.to === to));
    if (!mail) throw new Error(`no mail ${kind} to ${to}; there are: ${this.mails().map((each) => `${each.kind} to ${each.to}`)}`);
    return mail;
  }

  // setupLink is the one-time link that the first start prints.
  setupLink() {
    const link = this.log.match(/https?:\/\/\S*\/setup\?[^\s"]+/)?.[0];
    if (!link) throw new Error(`no /setup link in the log:\n${this.log}`);
    return link;
  }

  // signUp makes an account through the API, its address proven.
  async signUp(email, password, name) {
    const headers = { "content-type": "application/json", origin: this.url };
    const res = await fetch(`${this.url}/api/auth/sign-up/email`, { method: "POST", headers, body: JSON.stringify({ email, password, name }) });
    if (!res.ok) throw new Error(`sign-up: ${res.status} ${await res.text()}`);
    return (await res.json()).user;
  }
}

export function parseMail(text) {
  const [head, ...rest] = text.split(/\r?\n\r?\n/);
  const headers = parseHeaders(head);
  const payload = headers["x-authd-payload"]?.replace(/\s/g, "");
  const parts = bodyParts(headers["content-type"] ?? "", headers["content-transfer-encoding"], rest.join("\n\n"));
  return {
    kind: headers["x-authd-kind"], to: headers.to?.match(/[^\s<>]+@[^\s<>]+/)?.[0], subject: headers.subject,
    payload: payload && JSON.parse(Buffer.from(payload, "base64").toString()),
    text: parts.find((part) => part.type.startsWith("text/plain"))?.text ?? "",
    html: parts.find((part) => part.type.startsWith("text/html"))?.text ?? "",
  };
}

function parseHeaders(head) {
  const headers = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const at = line.indexOf(":");
    headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
  }
  return headers;
}

function bodyParts(type, encoding, body) {
  const boundary = type.match(/boundary="?([^";]+)"?/i)?.[1];
  if (!boundary) return [{ type, text: decodeBody(encoding, body) }];
  return body.split(`--${boundary}`).slice(1, -1).flatMap((part) => {
    const [head, ...rest] = part.replace(/^\r?\n/, "").split(/\r?\n\r?\n/);
    const headers = parseHeaders(head);
    return bodyParts(headers["content-type"] ?? "text/plain", headers["content-transfer-encoding"], rest.join("\n\n"));
  });
}

function decodeBody(encoding = "", body) {
  if (/base64/i.test(encoding)) return Buffer.from(body, "base64").toString();
  if (!/quoted-printable/i.test(encoding)) return body;
  const bytes = body.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

// linkIn is the first link to a page of the server in a mail's text.
export function linkIn(mail, server) {
  const link = mail.text.match(new RegExp(`${server.url}/\\S+`))?.[0];
  if (!link) throw new Error(`no link in the mail:\n${mail.text}`);
  return link;
}
