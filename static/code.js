(() => {
  "use strict";
  // A form with a code of digits is sent as soon as it is complete, typed or pasted.
  for (const form of document.querySelectorAll("form[data-digits]")) {
    form.elements.code.addEventListener("input", (event) => {
      const digits = event.target.value.replace(/[\s-]/g, "");
      if (digits.length === Number(form.dataset.digits) && /^\d+$/.test(digits) && !form.sent) {
        form.sent = true;
        form.requestSubmit();
      }
    });
  }

  // Codes that are to be kept can also be selected, printed and saved without a script.
  const keep = document.querySelector("[data-keep]");
  if (keep) {
    const copy = keep.querySelector("[data-copy]");
    keep.hidden = false;
    copy.hidden = !navigator.clipboard; // not over http
    copy.onclick = async () => {
      await navigator.clipboard.writeText(document.querySelector(".codes").innerText.trim());
      document.querySelector("[data-said]").textContent = copy.textContent = copy.dataset.copy;
    };
    keep.querySelector("[data-print]").onclick = () => print();
  }

  // Whether this device could keep a passkey: one is offered afterwards only then.
  const able = document.querySelector("[data-able]");
  if (able) window.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.().then((yes) => { able.value = yes ? "1" : ""; });
})();
