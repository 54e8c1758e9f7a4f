// docs/webhooks.md as written: receivers in Node, with the standardwebhooks package, and in Python check what authd sends.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { freePort, start } from "../lib/authd.mjs";
import { example, folder } from "../lib/docs.mjs";
import { run } from "../lib/programs.mjs";

const page = "webhooks.md";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

async function until(what, ready) {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    if (ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(what());
}

for (const [name, program, file] of [["Node", process.execPath, "receiver.mjs"], ["Python", "python3", "receiver.py"]]) {
  describe(`a receiver in ${name}`, () => {
    let server, receiver, dir, url, port;
    const launch = () => run(program, [file], { cwd: dir, env: { PORT: String(port), WEBHOOK_SECRET: secret, PYTHONDONTWRITEBYTECODE: "1" }, url });
    before(async () => {
      dir = folder({ [file]: example(page, file) });
      port = await freePort();
      url = `http://127.0.0.1:${port}/`;
      receiver = await launch();
      const toml = `[[webhook]]\nname = "crm"\nurl = "${url}"\nsecret = ["whsec_${Buffer.alloc(24, 7).toString("base64")}", "${secret}"]\nevents = ["user.*"]\n`;
      server = await start({ toml });
    });
    after(async () => {
      await receiver?.stop();
      await server?.stop();
    });

    test("takes what authd sends, and a message that waited while it was off", async () => {
      await server.signUp("ada@example.com", "correct-horse-battery", "Ada");
      const heard = (email) => new RegExp(`^user\\.created msg_\\S+ ${email}$`, "m").test(receiver.log);
      await until(() => `it heard:\n${receiver.log}\n${server.log}`, () => heard("ada@example.com"));
      await receiver.stop();
      await server.signUp("bob@example.com", "correct-horse-battery", "Bob");
      await until(() => server.log, () => server.log.includes("a job failed and will be tried again"));
      assert.match(await server.authd("webhook", "deliveries"), / crm +user\.created +waiting +\d+ /);
      const [delivery] = JSON.parse(await server.authd("webhook", "deliveries", "--json"));
      receiver = await launch();
      await server.authd("webhook", "resend", delivery.id).catch(() => {}); // unless its next attempt was sooner
      await until(() => `it heard:\n${receiver.log}\n${server.log}`, () => heard("bob@example.com"));
    });

    test("authd webhook test shows what it answers", async () => {
      assert.match(await server.authd("webhook", "test", "crm", "--event", "user.deleted"), /^Sent user\.deleted as msg_\S+: answered 204 in /);
      const sent = await server.authd("webhook", "test", "http://127.0.0.1:" + port).then(() => null, (failed) => failed);
      assert.match(sent.stderr, /the receiver answered 401/);
    });

    test("refuses what authd did not send, or not now", async () => {
      const body = JSON.stringify({ type: "user.created", timestamp: new Date().toISOString(), data: {} });
      const send = async (change = {}, sent = body, at = new Date()) => {
        const signed = new Webhook(secret).sign("msg_1", at, body);
        const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": signed, ...change };
        return (await fetch(url, { method: "POST", headers, body: sent })).status;
      };
      assert.equal(await send(), 204);
      assert.equal(await send({}, body.replace("created", "deleted")), 401, "another body");
      assert.equal(await send({ "webhook-id": "msg_2" }), 401, "another id");
      assert.equal(await send({ "webhook-signature": "v1,AAAA" }), 401, "another signature");
      assert.equal(await send({ "webhook-timestamp": String(Math.floor(Date.now() / 1000) + 7) }), 401, "another time");
      assert.equal(await send({}, body, new Date(Date.now() - 600_000)), 401, "an old message");
      assert.equal((await fetch(url, { method: "POST", body })).status, 401, "no signature");
    });
  });
}
