// The calls of better-auth's passkey client, for a test to make in a page of an app's own.
import { createAuthClient } from "better-auth/client";
import { passkeyClient } from "@better-auth/passkey/client";

window.auth = createAuthClient({ baseURL: AUTH_URL, plugins: [passkeyClient()] });
