// A PostgreSQL of a suite's own: Debian's, on an empty directory.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { freePort, scratch } from "./authd.mjs";

const password = "only for this test";

// startPostgres answers when the server does. Its database is "postgres", and it
// wants a password, as others' servers do.
export async function startPostgres() {
  const versions = fs.readdirSync("/usr/lib/postgresql").sort();
  const bin = path.join("/usr/lib/postgresql", versions.at(-1), "bin");
  const dir = fs.mkdtempSync("/tmp/authd-e2e-postgres-");
  const who = owner(dir); // it refuses to be root
  const secret = path.join(dir, "password");
  fs.writeFileSync(secret, password, { mode: 0o644 });
  const data = path.join(dir, "data");
  execFileSync(path.join(bin, "initdb"), ["-D", data, "-U", "authd", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync"], { ...who, cwd: dir });
  const port = await freePort();
  const log = fs.openSync(path.join(scratch, "postgres.log"), "a");
  const args = ["-D", data, "-k", dir, "-c", "listen_addresses=127.0.0.1", "-p", `${port}`, "-c", "fsync=off"];
  const server = spawn(path.join(bin, "postgres"), args, { ...who, cwd: dir, stdio: ["ignore", log, log] });
  const ended = once(server, "exit");
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "authd", password, database: "postgres" });
  for (const end = Date.now() + 30_000; ; await wait(100)) {
    try {
      await pool.query("SELECT 1");
      break;
    } catch (err) {
      if (Date.now() > end || server.exitCode !== null) throw err;
    }
  }
  return {
    pool, password,
    url: `postgres://authd@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await pool.end();
      server.kill("SIGTERM"); // it waits for its clients to go
      await ended;
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

function owner(dir) {
  if (process.getuid() !== 0) return {};
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })));
  fs.chownSync(dir, uid, gid);
  return { uid, gid };
}
