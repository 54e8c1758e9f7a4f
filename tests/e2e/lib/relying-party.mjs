// An OpenID relying party: openid-client for the protocol, a browser for the person.
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

// receive makes the browser meet the relying party's page, and tells where it arrived.
export async function receive(page) {
  await page.route("https://rp.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Back at the app</title><h1>Back</h1>" }));
}

export async function arrived(page) {
  await page.waitForURL("https://rp.example/**");
  return new URL(page.url());
}

export async function signIn(page, { email, password }) {
  await submit(page, { "E-mail address": email, Password: password }, "Sign in");
}

// walk takes a person through sign-in and consent and gives the tokens.
export async function walk(page, config, person, parameters) {
  const { url, checks } = await request(config, parameters);
  await page.goto(url.href);
  if (person) await signIn(page, person);
  await press(page, "Allow");
  return openid.authorizationCodeGrant(config, await arrived(page), checks);
}
