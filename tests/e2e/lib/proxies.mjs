// Debian's Apache and nginx without root: a configuration, a port and a folder of their own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const nobody = 65534;

export async function startApache(port, site) {
  const modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc"];
  return launch("/usr/sbin/apache2", ["-D", "FOREGROUND", "-f"], port, (dir) => [
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `ServerRoot ${dir}`, `PidFile ${dir}/pid`, `Listen 127.0.0.1:${port}`, `ServerName localhost:${port}`,
    `ErrorLog ${dir}/log`, "LogLevel warn", "StartServers 1", "ThreadsPerChild 25", site,
  ]);
}

export async function startNginx(port, site) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path `);
  return launch("/usr/sbin/nginx", ["-c"], port, (dir) => [
    "daemon off;", "worker_processes 1;", `pid ${dir}/pid;`, `error_log ${dir}/log;`, "events {}", "http {", "access_log off;",
    ...temporary.map((each) => `${each}${dir}/${each.trim()};`),
    "server {", `listen 127.0.0.1:${port};`, `server_name localhost;`, site, "}", "}",
  ]);
}

// launch starts a proxy as a user who may nothing, and waits until it answers.
async function launch(program, args, port, lines) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "authd-proxy-"));
  const [file, errors] = [path.join(dir, "conf"), path.join(dir, "log")];
  fs.writeFileSync(file, lines(dir).join("\n"));
  fs.writeFileSync(errors, "");
  let user = {};
  if (process.getuid() === 0) {
    user = { uid: nobody, gid: nobody };
    for (const each of [dir, file, errors]) fs.chownSync(each, nobody, nobody);
  }
  const child = spawn(program, [...args, file], { ...user, cwd: dir, stdio: ["ignore", "ignore", "inherit"] });
  const log = () => fs.readFileSync(errors, "utf8");
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
      throw new Error(`${program} does not answer:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
