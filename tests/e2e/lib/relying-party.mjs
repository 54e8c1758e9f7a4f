// An OpenID relying party: openid-client for the protocol, a browser for the person.
import assert from "node:assert/strict";
import * as openid from "openid-client";
import { submit, press } from "./browser.mjs";

export const callback = "https://rp.example/cb";

export async function discover(server, id, auth, ...more) {
  return openid.discovery(new URL(server.url), id, undefined, auth, {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks, ...more],
  });
}

// request makes an authorization request with all that is to be checked when it comes back.
export async function request(config, parameters = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: openid.randomState(), expectedNonce: openid.randomNonce() };
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: "openid profile email offline_access",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    state: checks.expectedState, nonce: checks.expectedNonce, ...parameters,
  });
  for (const [name, value] of Object.entries(parameters)) if (value === null) url.searchParams.delete(name);
  return { url, checks };
}

// receive notes where the browser is sent at the relying party, which has no server: what the
// address carries is all there is to it.
export function receive(page) {
  page.arrivals = [];
  page.on("request", (request) => { if (request.url().startsWith("https://rp.example/")) page.arrivals.push(new URL(request.url())); });
}

// The browser's own page for a host that is none.
const nowhere = "chrome-error://chromewebdata/";

// go opens an address that may lead to the relying party at once. It leaves the page of
// an earlier arrival first, so that arrived() cannot take that one for the next.
export async function go(page, url) {
  if (page.url() === nowhere) await page.goto("about:blank"); // where nothing is, Chromium tries again by itself
  page.arrivals.length = 0;
  await page.goto(String(url)).catch((error) => { if (!/ERR_NAME_NOT_RESOLVED/.test(error)) throw error; });
}

// arrived waits until the browser was sent to the relying party and has given up finding it:
// before that, going elsewhere would be interrupted. It looks, and does not wait for a
// navigation, which Playwright reports as failed.
export async function arrived(page) {
  for (const end = Date.now() + 30_000; page.arrivals.length === 0 || page.url() !== nowhere;) {
    assert.ok(Date.now() < end, `the browser is still at ${page.url()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return page.arrivals.shift();
}

export async function signIn(page, { email, password }) {
  await submit(page, { "E-mail address": email, Password: password }, "Sign in");
}

// walk takes a person through sign-in and consent and gives the tokens.
export async function walk(page, config, person, parameters) {
  const { url, checks } = await request(config, parameters);
  await go(page, url);
  if (person) await signIn(page, person);
  await press(page, "Allow");
  return openid.authorizationCodeGrant(config, await arrived(page), checks);
}
