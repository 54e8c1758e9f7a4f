// An OpenID provider that is not authd: npm's oidc-provider, with the pages that it brings
// along. It takes any name for a person and any password.
import http from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

export const client = { id: "authd", secret: "the-secret-of-authd-at-the-other-provider" };

// startUpstream serves one on a port for clients that come back to redirectURIs.
export async function startUpstream(port, redirectURIs) {
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: redirectURIs, grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: !id.startsWith("unproven"), name: `${id} from elsewhere` }) }),
    pkce: { required: () => true },
    cookies: { keys: ["a key that only this test has"] },
    conformIdTokenClaims: false, // claims stand in ID tokens, as at the large providers
  });
  provider.on("server_error", (_, error) => console.error(error));
  const server = http.createServer(provider.callback()).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { issuer, stop: () => { server.closeAllConnections(); server.close(); } };
}

// sayWho and signInThere are what a person does on its pages.
async function sayWho(page, name) {
  await page.waitForURL(/\/interaction\//);
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).waitFor();
}

export async function signInThere(page, name) {
  await sayWho(page, name);
  await page.getByRole("button", { name: "Continue" }).click();
}

// answerFor signs in and gives the address that the browser would come back to, without going there.
export async function answerFor(page, name, home) {
  await sayWho(page, name);
  const action = new URL(await page.locator("form").first().getAttribute("action"), page.url());
  const { request } = page.context();
  let answer = await request.post(String(action), { form: { prompt: "consent" }, maxRedirects: 0 });
  for (let steps = 0; steps < 5; steps++) {
    const next = new URL(answer.headers().location, action);
    if (next.origin === home) return String(next);
    answer = await request.get(String(next), { maxRedirects: 0 });
  }
  throw new Error("the provider sends nobody back");
}
