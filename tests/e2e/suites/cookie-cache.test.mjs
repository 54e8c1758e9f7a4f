// better-auth's own getCookieCache reads the session out of authd's cookies.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { getCookieCache, getSessionCookie } from "better-auth/cookies";
import { start } from "../lib/authd.mjs";
import { Jar } from "../lib/jar.mjs";

const password = "correct-horse-battery";
const secret = "the-one-key-that-an-app-is-given-0123456789";

async function visit(server, email) {
  const jar = new Jar(server.url);
  const post = async (path, body) => {
    const res = await jar.fetch(`${server.url}/api/auth${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.equal(res.status, 200, await res.clone().text());
    return res;
  };
  await post("/sign-up/email", { email, password, name: "Ada" });
  const session = async (query = "") => (await jar.fetch(`${server.url}/api/auth/get-session${query}`)).json();
  return { jar, post, session, headers: () => new Headers({ cookie: jar.header() }) };
}

for (const strategy of ["compact", "jwt", "jwe"]) {
  describe(`cookie cache, ${strategy}`, () => {
    const env = {
      AUTHD_SESSION__COOKIE_CACHE__ENABLED: "true", AUTHD_SESSION__COOKIE_CACHE__STRATEGY: strategy,
      AUTHD_SESSION__COOKIE_CACHE__SECRET: secret,
    };
    // What getCookieCache gives is JSON for compact and jwe, so dates are compared as they travel.
    const plain = (value) => JSON.parse(JSON.stringify(value));

    test("is read by the app, with the secret it was given", async (t) => {
      const server = await start({ env });
      t.after(() => server.stop());
      const ada = await visit(server, "ada@example.com");
      const cached = await getCookieCache(ada.headers(), { secret, strategy });
      assert.ok(cached, "getCookieCache reads nothing");
      assert.deepEqual(plain({ session: cached.session, user: cached.user }), await ada.session());
      assert.ok(Math.abs(cached.updatedAt - Date.now()) < 60_000);
      assert.equal(await getCookieCache(ada.headers(), { secret: `${secret}x`, strategy }), null, "another secret opens it");
      assert.ok(getSessionCookie(ada.headers()), "getSessionCookie finds the cookie");
    });

    test("is made anew when the user changes", async (t) => {
      const server = await start({ env });
      t.after(() => server.stop());
      const ada = await visit(server, "ada@example.com");
      await ada.post("/update-user", { name: "Ada Lovelace" });
      assert.equal((await getCookieCache(ada.headers(), { secret, strategy })).user.name, "Ada Lovelace");
    });

    test("is read when it is so large that it stands in several cookies", async (t) => {
      const server = await start({ env });
      t.after(() => server.stop());
      const ada = await visit(server, "ada@example.com");
      const image = `https://x.example/${"p".repeat(6000)}`;
      await ada.post("/update-user", { image });
      const parts = [...ada.jar.cookies.keys()].filter((name) => name.startsWith("better-auth.session_data"));
      assert.ok(parts.length > 1 && parts.every((name) => /session_data\.\d+$/.test(name)), `cookies ${parts}`);
      for (const line of ada.jar.last.headers.getSetCookie()) assert.ok(line.split(";")[0].length <= 4096, "a browser would drop it");
      assert.equal((await getCookieCache(ada.headers(), { secret, strategy })).user.image, image);
      assert.equal((await ada.session()).user.image, image, "the server reads its own pieces");
      await ada.post("/update-user", { image: null });
      const left = [...ada.jar.cookies.keys()].filter((name) => name.startsWith("better-auth.session_data"));
      assert.deepEqual(left, ["better-auth.session_data"], "the pieces are taken back");
      assert.equal((await getCookieCache(ada.headers(), { secret, strategy })).user.image, null);
    });
  });
}
