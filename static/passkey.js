// Passkeys in the browser (W3C Web Authentication Level 3). A form with data-passkey says what
// it is for ("get" or "create") and where the options are; what the authenticator answers is
// posted as one more field, so that the server decides and says everything that follows.
(() => {
  "use strict";
  const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  // The conversions of §5.1.8 and §5.1.9 by hand: password managers that stand in for the
  // browser have no toJSON.
  const parse = (json) => {
    const out = { ...json, challenge: decode(json.challenge) };
    if (json.user) out.user = { ...json.user, id: decode(json.user.id) };
    for (const list of ["allowCredentials", "excludeCredentials"]) {
      if (json[list]) out[list] = json[list].map((each) => ({ ...each, id: decode(each.id) }));
    }
    return out;
  };
  const plain = (credential) => {
    const { id, rawId, type, response, authenticatorAttachment } = credential, out = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) out[name] = encode(response[name]);
    }
    if (response.getTransports) out.transports = response.getTransports();
    const about = { authenticatorAttachment: authenticatorAttachment ?? undefined, clientExtensionResults: credential.getClientExtensionResults() };
    return JSON.stringify({ id, rawId: encode(rawId), type, response: out, ...about });
  };

  const say = (form, key) => {
    const at = form.querySelector("[data-said]");
    at.textContent = at.dataset[key] || "";
    at.className = `said ${["waiting", "cancelled", "exists"].includes(key) ? "hint" : "field-problem"}`;
    return at.textContent;
  };

  // post sends the form with what the authenticator said; without it, the server says what is
  // wrong, or asks first whether it is they.
  const post = async (form, credential) => {
    await form.solved?.().catch(() => {}); // a captcha
    const out = document.createElement("form");
    const add = (name, value) => out.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    [out.method, out.action, out.hidden] = ["post", form.dataset.to, true];
    for (const [name, value] of new FormData(form)) if (name !== "password") add(name, value);
    if (document.querySelector("[name=remember]:checked")) add("remember", "1");
    if (credential) add("credential", credential);
    document.body.append(out);
    out.submit();
  };

  const options = async (form, signal) => {
    const init = { signal, headers: { accept: "application/json" } };
    if ("ask" in form.dataset) { // for somebody who is not known yet
      const told = new URLSearchParams(new FormData(form));
      told.delete("password");
      Object.assign(init, { method: "POST", body: told });
    }
    const answer = await fetch(form.dataset.options, init);
    if (!answer.ok) throw Object.assign(new Error(), { status: answer.status });
    return answer.json();
  };

  const inApp = /\bFBA[NV]\/|Instagram|Line\/|MicroMessenger|Snapchat|musical_ly|BytedanceWebview|LinkedInApp|Pinterest\/|GSA\/|; wv\)/.test(navigator.userAgent);
  const reason = (error, took, timeout) => {
    switch (error.name) { // §5.1.3, §5.1.4
      case "NotAllowedError": // whatever ended the dialog; only the time tells them apart
        if (took < 500 && inApp) return "app";
        return took > timeout - 1000 ? "timeout" : "cancelled";
      case "InvalidStateError": return "exists";
      case "NotSupportedError":
      case "ConstraintError": return "authenticator";
      case "SecurityError": return "elsewhere";
      default: return error.status === 429 ? "busy" : "failed";
    }
  };

  const CHALLENGE = 240_000; // the server's live for five minutes
  let waits; // one request at a time: the next one ends the one before
  const ask = async (form, mediation) => {
    waits?.abort();
    const mine = waits = new AbortController();
    let began = Infinity, timeout = Infinity;
    try {
      const publicKey = parse(await options(form, mine.signal));
      [began, timeout] = [Date.now(), publicKey.timeout || Infinity];
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey, signal: mine.signal, ...(mediation && { mediation }) });
      if (mediation && Date.now() - began > CHALLENGE) return ask(form); // the device slept: once more, with a new one
      post(form, plain(credential));
    } catch (error) {
      if (mine.signal.aborted) return;
      const took = Date.now() - began;
      // A dialog was closed: the field goes on offering. Where the server gave no options it rests.
      if (mediation) return took > 1000 && autofill(form);
      if (error.status === 403 || "ask" in form.dataset && error.status && error.status !== 429) return post(form);
      say(form, reason(error, took, timeout)) || say(form, "failed");
      autofill(form);
    }
  };

  // autofill has the browser offer passkeys in the field for the address. A page that nobody
  // looks at asks for no new challenge.
  const autofill = async (form) => {
    const before = waits;
    if (!("autofill" in form.dataset) || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || waits !== before) return; // or the button was quicker
    ask(form, "conditional");
    const mine = waits;
    setTimeout(() => {
      const again = () => !document.hidden && (document.removeEventListener("visibilitychange", again), waits === mine && autofill(form));
      document.addEventListener("visibilitychange", again);
      again();
    }, CHALLENGE);
  };

  const usable = isSecureContext && window.PublicKeyCredential;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-go]");
    if (!usable) {
      button.hidden = true;
      if (!say(form, !isSecureContext ? "insecure" : inApp ? "app" : "missing")) continue;
    }
    for (const part of document.querySelectorAll("[data-webauthn]")) part.hidden = false;
    if (document.activeElement === document.body) form.querySelector("[autofocus]")?.focus(); // it was hidden
    if (!usable) continue;
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      for (const field of form.elements) if (field.name !== "password" && !field.reportValidity()) return;
      if (button.ariaBusy === "true") return;
      if (form.querySelector("[data-sitekey]") && ![...new FormData(form)].some(([name, value]) => name.endsWith("-response") && value)) return post(form); // no passkey for nothing
      button.ariaBusy = "true";
      say(form, "waiting");
      await ask(form);
      button.ariaBusy = "false";
    });
    addEventListener("pageshow", () => autofill(form));
  }
  if (!usable) return;

  // Whether this device could keep a passkey: the page after a sign-in offers one only then.
  PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.().then((yes) => {
    for (const able of document.querySelectorAll("[data-able]")) able.value = yes ? "1" : "";
  });

  // What password managers should know (§5.1.10, signal methods).
  for (const { dataset } of document.querySelectorAll("[data-signal]")) {
    for (const [method, told] of JSON.parse(dataset.signal)) PublicKeyCredential[method]?.(told).catch(() => {});
  }
})();
