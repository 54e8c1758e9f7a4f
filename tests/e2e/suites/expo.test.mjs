// Apps made with Expo: better-auth's own client for them, a phone's browser, and a real provider.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { scheme } from "../app/phone.mjs";
import { freePort, start } from "../lib/authd.mjs";
import { launch, open } from "../lib/browser.mjs";
import { loadExpo, storage } from "../lib/expo.mjs";
import { client as atUpstream, signInThere, startUpstream } from "../lib/upstream.mjs";

const password = "correct-horse-battery";

describe("an app made with Expo", () => {
  let server, upstream, browser, expo;
  before(async () => {
    const port = await freePort();
    server = await start({ toml: `trusted_origins = ["${scheme}://"]

[expo]
enabled = true

[[generic_oauth.config]]
provider_id = "elsewhere"
discovery_url = "http://localhost:${port}/.well-known/openid-configuration"
client_id = "${atUpstream.id}"
client_secret = "${atUpstream.secret}"
scopes = ["email", "profile"]
` });
    upstream = await startUpstream(port, [`${server.url}/api/auth/callback/elsewhere`]);
    browser = await launch();
    expo = await loadExpo();
  });
  after(async () => {
    await browser?.close();
    upstream?.stop();
    await server?.stop();
  });

  // install is the app on a phone; person is who signs in in its browser.
  const install = (person) => {
    const seen = [];
    globalThis.phone = {
      browse: async (url) => {
        const page = await open(browser);
        const back = new Promise((resolve) => {
          page.on("response", (answer) => {
            const { location } = answer.headers();
            if (location?.startsWith(`${scheme}:`)) resolve(location);
          });
        });
        await page.goto(url);
        if (person) await signInThere(page, person);
        else await page.getByRole("link", { name: /Cancel/ }).click();
        const home = await back;
        seen.push(home);
        await page.context().close();
        return { type: "success", url: home };
      },
    };
    const client = expo.createAuthClient({ baseURL: server.url, plugins: [expo.expoClient({ scheme, storagePrefix: "app", storage: storage() })] });
    return { client, seen };
  };
  const ok = ({ data, error }) => {
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };

  test("signs up and in with a password, and out", async () => {
    const { client } = install();
    ok(await client.signUp.email({ name: "Ada", email: "expo-ada@example.com", password }));
    assert.equal(ok(await client.getSession()).user.email, "expo-ada@example.com");
    assert.match(await client.getCookie(), /session_token=/);
    ok(await client.signOut());
    assert.equal(ok(await client.getSession()), null);
    ok(await client.signIn.email({ email: "expo-ada@example.com", password }));
    assert.equal(ok(await client.getSession()).user.name, "Ada");
  });

  test("signs in at a provider, in the phone's browser, and is back with a session", async () => {
    const { client, seen } = install("grace");
    ok(await client.signIn.social({ provider: "elsewhere", callbackURL: "/home" }));
    assert.equal(new URL(seen[0]).host, "home");
    assert.equal(ok(await client.getSession()).user.email, "grace@example.com");
    const other = install("grace").client;
    assert.equal(ok(await other.getSession()), null, "another phone has nothing of it");
  });

  test("is told when the person says no", async () => {
    const { client, seen } = install(null);
    ok(await client.signIn.social({ provider: "elsewhere", callbackURL: "/home", errorCallbackURL: "/failed" }));
    assert.equal(new URL(seen[0]).host, "failed");
    assert.equal(new URL(seen[0]).searchParams.get("error"), "access_denied");
    assert.equal(ok(await client.getSession()), null);
  });

  test("is no way in for an app with another scheme", async () => {
    globalThis.phone = { browse: () => assert.fail("nothing was to be opened") };
    const other = expo.createAuthClient({ baseURL: server.url, plugins: [expo.expoClient({ scheme: "another", storage: storage() })] });
    const { error } = await other.signIn.social({ provider: "elsewhere", callbackURL: "another://home" });
    assert.equal(error.code, "INVALID_CALLBACK_URL");
  });
});
