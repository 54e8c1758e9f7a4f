// Programs of the examples, run as people run them.
import { spawn } from "node:child_process";
import { once } from "node:events";

// run starts a program that serves, and waits until it answers at the address.
export async function run(file, args, { cwd, env = {}, url }) {
  const child = spawn(file, args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const program = { log: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => { program.log += text; });
  const exit = once(child, "exit");
  program.stop = async () => {
    child.kill("SIGTERM");
    await exit;
  };
  for (const end = Date.now() + 60_000; ;) {
    const answers = await fetch(url, { redirect: "manual" }).then(() => true, () => false);
    if (answers) return program;
    if (child.exitCode !== null || Date.now() > end) {
      await program.stop();
      throw new Error(`${file} ${args.join(" ")} does not answer:\n${program.log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
