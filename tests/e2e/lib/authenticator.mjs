// Virtual authenticators of Chromium (the WebAuthn domain of its DevTools protocol): what a
// phone, a laptop or a security key would do, told by a test.
export async function authenticators(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  return {
    // add gives a device; by default it is the laptop itself: it keeps passkeys, has verified
    // its person, and says yes at once.
    async add(options = {}) {
      const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
          automaticPresenceSimulation: true, ...options,
        },
      });
      const send = (method, more) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...more });
      return {
        credentials: async () => (await send("getCredentials")).credentials,
        // touches: whether somebody is there; a request that waits is answered when they come.
        touches: (enabled) => send("setAutomaticPresenceSimulation", { enabled }),
        verifies: (isUserVerified) => send("setUserVerified", { isUserVerified }),
        forget: (credentialId) => send("removeCredential", { credentialId }),
        put: (credential) => send("addCredential", { credential }),
        remove: () => send("removeVirtualAuthenticator"),
      };
    },
    on: (event, listener) => cdp.on(`WebAuthn.${event}`, listener),
  };
}
