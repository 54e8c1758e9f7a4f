// better-auth's anonymousClient and siweClient, with a wallet of viem's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { start } from "../lib/authd.mjs";
import { accessible, launch, open, press, submit } from "../lib/browser.mjs";
import { Jar } from "../lib/jar.mjs";

import { createAuthClient } from "better-auth/client";
import { anonymousClient, siweClient } from "better-auth/client/plugins";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";

const password = "correct-horse-battery";
const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

describe("people who say nothing of themselves, and people with a wallet", () => {
  let server;
  before(async () => {
    server = await start({ toml: `[anonymous]\nenabled = true\n[siwe]\nenabled = true\n[user.additional_fields.cart]\ntype = "string"\n` });
  });
  after(() => server?.stop());

  const browser = () => {
    const jar = new Jar(server.url);
    return createAuthClient({ baseURL: server.url, plugins: [anonymousClient(), siweClient()], fetchOptions: { customFetchImpl: jar.fetch } });
  };
  const signIn = async (auth, account, lines = {}, signer = account) => {
    const { nonce } = ok(await auth.siwe.nonce());
    const message = createSiweMessage({
      address: account.address, chainId: 1, nonce, domain: new URL(server.url).host, uri: server.url, version: "1", ...lines,
    });
    return auth.siwe.verify({ message, signature: await signer.signMessage({ message }) });
  };
  const me = async (auth) => ok(await auth.getSession())?.user;

  test("an anonymous user signs up, and has what they said before", async () => {
    const auth = browser();
    const guest = ok(await auth.signIn.anonymous()).user;
    assert.equal(guest.isAnonymous, true);
    assert.equal((await auth.signIn.anonymous()).error.code, "ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY");
    ok(await auth.updateUser({ cart: "three apples" }));
    ok(await auth.signUp.email({ email: "ada@anonymous.example", password, name: "Ada" }));
    const ada = await me(auth);
    assert.notEqual(ada.id, guest.id);
    assert.deepEqual([ada.email, ada.isAnonymous, ada.cart], ["ada@anonymous.example", false, "three apples"]);
    assert.equal((await auth.deleteAnonymousUser()).error.code, "USER_IS_NOT_ANONYMOUS");
  });

  test("an anonymous user deletes themselves", async () => {
    const auth = browser();
    ok(await auth.signIn.anonymous());
    ok(await auth.deleteAnonymousUser());
    assert.equal(await me(auth), undefined);
  });

  test("a wallet signs in, with and without a statement, on any chain, as the same user", async () => {
    const account = privateKeyToAccount(generatePrivateKey());
    const first = browser();
    const { user } = ok(await signIn(first, account, { statement: "Sign in to the app." }));
    assert.equal(user.walletAddress, account.address);
    assert.equal((await me(first)).id, user.id);
    const full = {
      chainId: 137, issuedAt: new Date(), expirationTime: new Date(Date.now() + 60_000), notBefore: new Date(Date.now() - 60_000),
      requestId: "some-id", resources: ["https://example.com/terms"], scheme: "http",
    };
    for (const lines of [{}, full]) {
      const auth = browser();
      assert.equal(ok(await signIn(auth, account, lines)).user.id, user.id);
    }
  });

  test("a wallet is who an anonymous user becomes", async () => {
    const auth = browser();
    const guest = ok(await auth.signIn.anonymous()).user;
    ok(await auth.updateUser({ cart: "a pear" }));
    ok(await signIn(auth, privateKeyToAccount(generatePrivateKey())));
    const now = await me(auth);
    assert.deepEqual([now.isAnonymous, now.cart], [false, "a pear"]);
    assert.notEqual(now.id, guest.id);
  });

  test("the pages: a guest, who becomes somebody", async () => {
    const chromium = await launch();
    try {
      const page = await open(chromium);
      await page.goto(`${server.url}/login`);
      await accessible(page);
      await press(page, "Continue as guest");
      await page.getByRole("heading", { name: "You are here as a guest" }).waitFor();
      await accessible(page);
      await page.getByRole("link", { name: "Create an account" }).click();
      await submit(page, { Name: "Grace", "E-mail address": "grace@anonymous.example", "New password": password }, "Create account");
      assert.equal(await page.getByRole("heading", { name: "You are here as a guest" }).count(), 0);
      await page.close();
    } finally {
      await chromium.close();
    }
  });

  test("the pages: a wallet in the browser signs in", async () => {
    const account = privateKeyToAccount(generatePrivateKey());
    const chromium = await launch();
    try {
      const page = await open(chromium, { javaScriptEnabled: true });
      let refuse = true;
      await page.exposeFunction("signs", (text) => account.signMessage({ message: { raw: text } }));
      await page.exposeFunction("refuses", () => refuse);
      await page.addInitScript((address) => {
        window.ethereum = {
          async request({ method, params }) {
            if (method === "eth_requestAccounts") return [address];
            if (method === "eth_chainId") return "0x1";
            if (await window.refuses()) throw Object.assign(new Error("no"), { code: 4001 });
            return window.signs(params[0]);
          },
        };
      }, account.address.toLowerCase());
      await page.goto(`${server.url}/login`);
      await page.getByRole("button", { name: "Sign in with Ethereum" }).click();
      await page.getByText("Your wallet signed nothing.").waitFor();
      refuse = false;
      await page.getByRole("button", { name: "Sign in with Ethereum" }).click();
      await page.waitForURL(`${server.url}/account`);
      await page.getByText(account.address).first().waitFor();
      await page.close();
      const without = await open(chromium, { javaScriptEnabled: true });
      await without.goto(`${server.url}/login`);
      assert.equal(await without.getByRole("button", { name: "Sign in with Ethereum" }).isVisible(), false);
      await without.close();
    } finally {
      await chromium.close();
    }
  });

  test("what is not theirs, not for here or not for now signs in nobody", async () => {
    const [account, thief] = [privateKeyToAccount(generatePrivateKey()), privateKeyToAccount(generatePrivateKey())];
    for (const [rule, lines, signer, code] of [
      ["another's key", {}, thief, undefined],
      ["another site", { domain: "evil.example" }, account, "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"],
      ["too late", { expirationTime: new Date(Date.now() - 1000) }, account, "UNAUTHORIZED_SIWE_MESSAGE_EXPIRED"],
      ["too early", { notBefore: new Date(Date.now() + 600_000) }, account, "UNAUTHORIZED_SIWE_MESSAGE_NOT_YET_VALID"],
      ["a nonce of their own", { nonce: "0123456789abcdef" }, account, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE"],
    ]) {
      const auth = browser();
      const { error } = await signIn(auth, account, lines, signer);
      assert.equal(error?.status, 401, rule);
      assert.equal(error.code, code, rule);
      assert.equal(await me(auth), undefined, rule);
    }
  });
});
