// Debian's Apache without root: a configuration, a port and a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc"];
const nobody = 65534;

export async function startApache(port, site) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "authd-apache-"));
  const file = path.join(dir, "apache.conf");
  fs.writeFileSync(file, [
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `ServerRoot ${dir}`, `PidFile ${dir}/pid`, `Listen 127.0.0.1:${port}`, `ServerName localhost:${port}`,
    `ErrorLog ${dir}/log`, "LogLevel warn", "StartServers 1", "ThreadsPerChild 25", site,
  ].join("\n"));
  let user = {};
  if (process.getuid() === 0) {
    user = { uid: nobody, gid: nobody };
    for (const each of [dir, file]) fs.chownSync(each, nobody, nobody);
  }
  const child = spawn("/usr/sbin/apache2", ["-f", file, "-D", "FOREGROUND"], { ...user, cwd: dir, stdio: ["ignore", "ignore", "inherit"] });
  const log = () => fs.readFileSync(path.join(dir, "log"), { encoding: "utf8", flag: "a+" });
  const exit = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await exit;
    fs.rmSync(dir, { recursive: true, force: true });
  };
  for (const end = Date.now() + 20_000; ;) {
    const answers = await fetch(`http://localhost:${port}/`, { redirect: "manual" }).then(() => true, () => false);
    if (answers) return { stop, log };
    if (child.exitCode !== null || Date.now() > end) {
      const said = log();
      await stop();
      throw new Error(`Apache does not answer:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
