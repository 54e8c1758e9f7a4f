// A real mail server beside a suite's authd: emersion's go-smtp, which wants TLS and a password.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseMail, repository, run, scratch } from "./authd.mjs";

const user = "authd@example.com";
const password = "pass/word+1";

// startMailbox answers when the server listens. env is what authd needs to know of it.
export async function startMailbox() {
  const file = path.join(scratch, "smtpd");
  await run("go", ["build", "-o", file, "./tests/e2e/smtpd"], { cwd: repository, env: { ...process.env, CGO_ENABLED: "0" } });
  const dir = fs.mkdtempSync(path.join(scratch, "mailbox-"));
  const child = spawn(file, [dir, user, password], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(child.stdout, "data");
  const mails = () => fs.readdirSync(dir).filter((name) => name.endsWith(".eml")).sort().map((name) => parseMail(fs.readFileSync(path.join(dir, name), "utf8")));
  return {
    mails,
    env: {
      AUTHD_SMTP_URL: `smtp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${String(port).trim()}`,
      AUTHD_MAIL_FROM: "Example Home <home@example.com>",
      SSL_CERT_FILE: path.join(dir, "certificate.pem"),
    },
    // arrived is the newest mail of a kind to somebody, once there is one more than before.
    arrived: async (kind, to, before = 0) => {
      for (const end = Date.now() + 20_000; ; await wait(20)) {
        const all = mails().filter((each) => each.kind === kind && each.to === to);
        if (all.length > before) return all.at(-1);
        if (Date.now() > end) throw new Error(`no mail ${kind} to ${to} arrived; there are: ${mails().map((each) => `${each.kind} to ${each.to}`)}`);
      }
    },
    stop: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}
