// Signing in with an Ethereum account (EIP-4361), by a wallet in the browser (EIP-1193). The
// server writes the message and checks what the wallet signed; this only carries the two.
(() => {
  "use strict";
  const form = document.querySelector("form[data-wallet-message]");
  if (!form) return;
  const button = form.querySelector("[data-go]"), said = form.querySelector("[data-said]");
  const say = (key) => {
    said.textContent = said.dataset[key] || "";
    said.className = `said ${["waiting", "cancelled"].includes(key) ? "hint" : "field-problem"}`;
  };
  const hex = (text) => "0x" + Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const signIn = async (wallet) => {
    const [address] = await wallet.request({ method: "eth_requestAccounts" });
    const chain = Number(await wallet.request({ method: "eth_chainId" }));
    const answer = await fetch(form.dataset.walletMessage, { method: "POST", body: new URLSearchParams({ address, chain }) });
    if (!answer.ok) return say(answer.status === 429 ? "busy" : "failed");
    const { message } = await answer.json();
    const signature = await wallet.request({ method: "personal_sign", params: [hex(message), address] });
    [form.elements.message.value, form.elements.signature.value] = [message, signature];
    form.elements.remember.value = document.querySelector("[name=remember]:checked") ? "1" : "";
    form.submit();
  };

  const offer = () => {
    const wallet = window.ethereum;
    if (!wallet) return;
    for (const part of document.querySelectorAll("[data-wallet]")) part.hidden = false;
    [button.hidden, said.textContent] = [false, ""];
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      say("waiting");
      await signIn(wallet).catch((error) => say(error?.code === 4001 ? "cancelled" : "failed"));
      button.ariaBusy = "false";
    });
  };
  if (!window.ethereum && said.dataset.missing) { // there is no other way: say what is missing
    [form.hidden, button.hidden] = [false, true];
    say("missing");
  }
  if (window.ethereum) offer();
  else addEventListener("ethereum#initialized", offer, { once: true }); // it may come later than the page
})();
