// Fills in a form's proof of work, or its score of reCAPTCHA v3, when somebody begins to fill in
// the rest. The server gives the task (GET /api/auth/captcha/challenge) and checks what is found.
(() => {
  "use strict";
  // SHA-256 (FIPS 180-4) by hand: the browser's own answers only later, some ten thousand times a
  // second. The constants are the fractions of square and cube roots of the first primes.
  const first = new Int32Array(8), K = new Int32Array(64), W = new Int32Array(64);
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  for (let n = 2, i = 0; i < 64; n++) {
    let d = 2;
    while (n % d) d++;
    if (d < n) continue;
    if (i < 8) first[i] = fraction(Math.sqrt(n));
    K[i++] = fraction(Math.cbrt(n));
  }
  // compress adds the block in the first 16 of W to a state.
  const compress = (state, out) => {
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      W[i] = W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i] | 0;
      const m = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + s | 0; d = c; c = b; b = a; a = s + m | 0;
    }
    const sum = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < 8; i++) out[i] = state[i] + sum[i];
  };

  // solve finds a number so that the hash of the text with it begins with so many zero bits. What
  // comes before the last block is hashed once. The page stays usable meanwhile.
  const solve = async (text, bits) => {
    const bytes = new TextEncoder().encode(text), view = new DataView(new ArrayBuffer(64)), block = new Uint8Array(view.buffer);
    const load = () => { for (let i = 0; i < 16; i++) W[i] = view.getInt32(4 * i); };
    const state = first.slice(), out = new Int32Array(8);
    let at = 0;
    for (; at + 64 <= bytes.length; at += 64) {
      block.set(bytes.subarray(at, at + 64));
      load();
      compress(state, state);
    }
    const rest = bytes.subarray(at);
    for (let n = 0; ;) {
      for (const end = performance.now() + 25; performance.now() < end;) {
        for (const last = n + 200; n < last; n++) {
          const digits = String(n);
          block.fill(0);
          block.set(rest);
          let length = rest.length;
          for (let i = 0; i < digits.length; i++) block[length++] = digits.charCodeAt(i);
          block[length] = 128;
          view.setInt32(60, 8 * (at + length));
          load();
          compress(state, out);
          if (Math.clz32(out[0]) >= bits) return digits;
        }
      }
      await new Promise((done) => setTimeout(done));
    }
  };

  const work = async ({ dataset }) => {
    const answer = await fetch(`/api/auth/captcha/challenge?for=${encodeURIComponent(dataset.for)}`, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const { challenge, difficulty, expiresIn } = await answer.json();
    return [`${challenge}.${await solve(`${challenge}.`, difficulty)}`, expiresIn];
  };
  const score = async ({ dataset }) => {
    await new Promise((ready) => grecaptcha.ready(ready));
    return [await grecaptcha.execute(dataset.site, { action: dataset.action || "submit" }), 120];
  };

  for (const box of document.querySelectorAll("[data-captcha]")) {
    const form = box.closest("form"), field = box.querySelector("input"), said = box.querySelector("p");
    const say = (key) => {
      said.textContent = box.dataset[key];
      said.className = key === "failed" ? "field-problem" : "hint";
    };
    let solving, sent = false, failed = -Infinity;
    const reset = () => {
      [solving, field.value, sent] = [undefined, "", false];
      say("idle");
    };
    // The form's own property, so that what posts the form by other means can wait for it, too.
    const begin = form.solved = () => solving ??= (async () => {
      try {
        say("waiting");
        const [solution, lasts] = await (box.dataset.captcha === "score" ? score : work)(box);
        field.value = solution;
        say("done");
        setTimeout(reset, lasts * 800); // before the server finds it too old
      } catch (error) {
        reset();
        say("failed");
        failed = performance.now();
        throw error;
      }
    })();
    const early = () => box.dataset.captcha === "work" && performance.now() - failed > 5000 && begin().catch(() => {}); // not at every key
    for (const type of ["focusin", "input"]) form.addEventListener(type, early);
    form.addEventListener("submit", (event) => {
      if (field.value) return;
      event.preventDefault();
      if (sent) return;
      sent = true;
      begin().then(() => form.requestSubmit(event.submitter), () => {});
    });
    addEventListener("pageshow", (event) => event.persisted && reset()); // it was used up
  }
})();
