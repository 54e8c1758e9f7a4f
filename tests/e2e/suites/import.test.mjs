// docs/moving-from-better-auth.md: people sign up at the real better-auth, move, and sign in at authd.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { createAuthClient } from "better-auth/client";
import { twoFactorClient } from "better-auth/client/plugins";
import { admin, twoFactor, username } from "better-auth/plugins";
import { scratch, start } from "../lib/authd.mjs";
import { sqlite, startBetterAuth } from "../lib/better-auth.mjs";
import { Jar } from "../lib/jar.mjs";
import { startPostgres } from "../lib/postgres.mjs";

const visitors = () => [
  { email: "Ada@Example.com", password: "correct-horse-battery", name: "Ada Lovelace", company: "Analytical Engines" },
  { email: "zoe@example.com", password: "Pässwörd ｆｕｌｌ ½ 日本語", name: "Zoë 日本" },
  { email: "bob@example.com", password: "🔑🔑🔑🔑 long enough", name: "Bob", username: "bob_the_builder" },
];

// Where better-auth keeps its people: place is what authd is told of it, still is whether
// it was left as it is.
const keepers = {
  "a SQLite file": async () => {
    const { database, query, file } = await sqlite();
    const place = path.join(scratch, "better-auth.db");
    let kept;
    return {
      database, query, place, env: {},
      save: async () => fs.writeFileSync(place, (kept = file())),
      still: async () => kept.equals(fs.readFileSync(place)),
      stop: async () => {},
    };
  },
  "a PostgreSQL database": async () => {
    const { pool, url, password, stop } = await startPostgres();
    const people = async () => JSON.stringify((await pool.query(`SELECT *, xmin::text FROM "user" ORDER BY id`)).rows);
    let kept;
    return {
      database: pool, query: (sql) => pool.query(sql), place: url, env: { PGPASSWORD: password },
      save: async () => (kept = await people()),
      still: async () => kept === (await people()),
      stop,
    };
  },
};

for (const [where, keep] of Object.entries(keepers)) describe(`moving from better-auth on ${where}`, () => {
  let keeper, old, server;
  const people = visitors();
  // Two with an authenticator app: one that counts, and one that never showed a code.
  const careful = { email: "tim@example.com", password: "careful-careful", name: "Tim" };
  const careless = { email: "una@example.com", password: "careless-careless", name: "Una" };
  const code = (key) => execFileSync("oathtool", ["--totp", "--base32", key], { encoding: "utf8" }).trim();
  const visitor = (base) => {
    const jar = new Jar(base);
    return { jar, client: createAuthClient({ baseURL: base, plugins: [twoFactorClient()], fetchOptions: { customFetchImpl: jar.fetch } }) };
  };
  const ok = ({ data, error }) => {
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };
  const secretFile = path.join(scratch, "better-auth.secret");
  const report = async (...flags) => JSON.parse(await server.authd("import", "better-auth", keeper.place, "--json", "--secret-file", secretFile, ...flags));
  const rows = ({ tables }, name) => tables.find((each) => each.table === name);

  before(async () => {
    keeper = await keep();
    old = await startBetterAuth(keeper.database, {
      plugins: [admin(), username(), twoFactor()],
      user: { additionalFields: { company: { type: "string", required: false } } },
    });
    fs.writeFileSync(secretFile, old.secret);
    server = await start({ env: keeper.env, toml: `[user.additional_fields.company]\n\n[session]\nbetter_auth_secret = "${old.secret}"\n` });
  });
  after(async () => {
    await old?.stop();
    await server?.stop();
    await keeper?.stop();
  });

  test("people sign up at the old server", async () => {
    for (const person of people) {
      const { client, jar } = visitor(old.url);
      const made = ok(await client.signUp.email(person));
      Object.assign(person, { id: made.user.id, token: made.token, cookies: new Map(jar.cookies) });
    }
    for (const person of [careful, careless]) {
      const { client } = visitor(old.url);
      ok(await client.signUp.email(person));
      const { totpURI, backupCodes } = ok(await client.twoFactor.enable({ password: person.password }));
      Object.assign(person, { backupCodes, key: new URL(totpURI).searchParams.get("secret") });
      if (person === careful) ok(await client.twoFactor.verifyTotp({ code: code(person.key) }));
    }
    await keeper.query(`UPDATE "user" SET role = 'admin', "emailVerified" = (1 = 1) WHERE id = '${people[0].id}'`);
    await keeper.save();
  });

  test("a dry run tells what would come along, and nothing comes", async () => {
    const seen = await report("--dry-run", "--sessions");
    assert.equal(seen.imported, false);
    assert.deepEqual([rows(seen, "user").add, rows(seen, "account").add, rows(seen, "session").add, rows(seen, "twofactor").add, seen.problemCount], [5, 5, 5, 1, 0]);
    assert.equal(JSON.parse(await server.authd("user", "list", "--json")).length, 0);
  });

  test("they come along, once, and their database stays as it was", async () => {
    const seen = await report("--sessions");
    assert.equal(seen.imported, true);
    assert.deepEqual([rows(seen, "user").add, rows(seen, "account").add, rows(seen, "session").add], [5, 5, 5]);
    const again = await report("--sessions");
    assert.equal(again.imported, false);
    assert.deepEqual([rows(again, "user").present, rows(again, "account").present, again.problemCount], [5, 5, 0]);
    assert.ok(await keeper.still(), "it was written to");
  });

  test("they sign in at authd with better-auth's client, as who they were", async () => {
    for (const person of people) {
      const { client } = visitor(server.url);
      const { user } = ok(await client.signIn.email({ email: person.email, password: person.password }));
      assert.equal(user.id, person.id);
      assert.equal(user.name, person.name);
      assert.equal(user.company ?? undefined, person.company);
      assert.equal(ok(await client.getSession()).user.id, person.id);
      const wrong = await client.signIn.email({ email: person.email, password: `${person.password}!` });
      assert.equal(wrong.error?.code, "INVALID_EMAIL_OR_PASSWORD");
      ok(await client.signIn.email({ email: person.email, password: person.password })); // hashed anew by now
    }
    const [ada] = JSON.parse(await server.authd("user", "list", "--json")).filter((each) => each.id === people[0].id);
    assert.deepEqual([ada.email, ada.role, ada.emailVerified], ["ada@example.com", "admin", true]);
  });

  test("an authenticator app and backup codes go on, once they had shown a code", async () => {
    const held = async () => {
      const { client } = visitor(server.url);
      assert.deepEqual(ok(await client.signIn.email(careful)), { twoFactorRedirect: true, twoFactorMethods: ["totp", "otp"] });
      assert.equal(ok(await client.getSession()), null);
      return client;
    };
    const byApp = await held();
    assert.equal(ok(await byApp.twoFactor.verifyTotp({ code: code(careful.key) })).user.email, careful.email);
    assert.equal(ok(await byApp.getSession()).user.twoFactorEnabled, true);
    ok(await (await held()).twoFactor.verifyBackupCode({ code: careful.backupCodes[3] }));
    assert.equal((await (await held()).twoFactor.verifyBackupCode({ code: careful.backupCodes[3] })).error?.code, "INVALID_BACKUP_CODE");
    const { client } = visitor(server.url);
    assert.equal(ok(await client.signIn.email(careless)).user.twoFactorEnabled, false);
  });

  test("an app that keeps its session token stays signed in", async () => {
    for (const person of people) {
      const res = await fetch(`${server.url}/api/auth/get-session`, { headers: { authorization: `Bearer ${person.token}` } });
      assert.equal((await res.json())?.user.id, person.id);
    }
  });

  test("a browser that was signed in stays so, and gets a cookie of authd's", async () => {
    for (const person of people) {
      const { client, jar } = visitor(server.url);
      const cookie = person.cookies.get("better-auth.session_token");
      jar.cookies.set("better-auth.session_token", cookie);
      assert.equal(ok(await client.getSession()).user.id, person.id);
      assert.notEqual(jar.cookies.get("better-auth.session_token"), cookie);
      assert.equal(ok(await client.getSession()).user.id, person.id);
      ok(await client.signOut());
      jar.cookies.set("better-auth.session_token", cookie);
      assert.equal(ok(await client.getSession()), null, "who signs out is signed out");
    }
  });

  test("who comes later is added by another run, and a changed password stays changed", async () => {
    const { client } = visitor(server.url);
    const [ada] = people;
    ok(await client.signIn.email({ email: ada.email, password: ada.password }));
    ok(await client.changePassword({ currentPassword: ada.password, newPassword: "another-password" }));
    const late = { email: "late@example.com", password: "late-late-late", name: "Late" };
    ok(await visitor(old.url).client.signUp.email(late));
    await keeper.save();
    const seen = await report();
    assert.deepEqual([rows(seen, "user").add, rows(seen, "user").present], [1, 5]);
    ok(await visitor(server.url).client.signIn.email({ email: late.email, password: late.password }));
    assert.equal((await visitor(server.url).client.signIn.email({ email: ada.email, password: ada.password })).error?.code, "INVALID_EMAIL_OR_PASSWORD");
    ok(await visitor(server.url).client.signIn.email({ email: ada.email, password: "another-password" }));
  });
});
