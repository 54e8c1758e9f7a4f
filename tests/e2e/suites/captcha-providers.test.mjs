// The captchas of third parties in a browser, under the policy of the pages. Their scripts cannot
// be had here: what stands in for each keeps to what its maker documents. It finds the element of its
// class by itself, opens its frame or asks its host, and fills the field that it adds; a person
// clicks where they have to. A server plays siteverify and takes each solution once.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { authenticators } from "../lib/authenticator.mjs";
import { start } from "../lib/authd.mjs";
import { launch, open } from "../lib/browser.mjs";

const password = "correct-horse-battery";

// widget is a script that fills in each element of a class. In the page it is text.
const widget = ({ className, field, frame, asks }) => `for (const box of document.querySelectorAll(".${className}")) {
  if (!box.dataset.sitekey) throw new Error("no site key");
  const field = Object.assign(document.createElement("textarea"), { name: "${field}" });
  field.style.display = "none";
  const frame = Object.assign(document.createElement("iframe"), { src: "${frame}?k=" + box.dataset.sitekey, title: "captcha" });
  frame.style.width = "100%";
  box.append(frame, field);
  addEventListener("message", (event) => { if (event.source === frame.contentWindow) field.value = event.data; });
  ${asks ? `fetch("${asks}?sitekey=" + box.dataset.sitekey).then((answer) => answer.json());` : ""}
}`;

// inFrame gives its solution by itself, or when it is clicked.
const inFrame = (clicked) => `<!doctype html><title>captcha</title><script>
  const give = () => parent.postMessage("solved-" + Math.random(), "*");
  ${clicked ? "" : "give();"}
</script><button onclick="give()">I am human</button>`;

const providers = {
  "cloudflare-turnstile": {
    field: "cf-turnstile-response",
    serves: {
      "https://challenges.cloudflare.com/turnstile/v0/api.js": widget({ className: "cf-turnstile", field: "cf-turnstile-response", frame: "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/turnstile" }),
      "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/turnstile": inFrame(false),
    },
  },
  "google-recaptcha": {
    field: "g-recaptcha-response", clicked: true,
    serves: {
      "https://www.google.com/recaptcha/api.js": `document.head.append(Object.assign(document.createElement("script"), { src: "https://www.gstatic.com/recaptcha/releases/r1/recaptcha__en.js" }));`,
      "https://www.gstatic.com/recaptcha/releases/r1/recaptcha__en.js": widget({ className: "g-recaptcha", field: "g-recaptcha-response", frame: "https://www.google.com/recaptcha/api2/anchor" }),
      "https://www.google.com/recaptcha/api2/anchor": inFrame(true),
    },
  },
  "google-recaptcha, by score": {
    provider: "google-recaptcha", toml: 'recaptcha = "score"\nexpected_action = "enter"\n', field: "g-recaptcha-response", itself: true,
    answers: { score: 0.7, action: "enter" },
    serves: {
      "https://www.google.com/recaptcha/api.js": `if (new URL(document.currentScript.src).searchParams.get("render") !== "the-site") throw new Error("not rendered for the site");
        const run = async (site, { action }) => {
          if (site !== "the-site" || action !== "enter") throw new Error("another site or action");
          await fetch("https://www.google.com/recaptcha/api2/clr", { method: "POST" });
          return "solved-" + Math.random();
        };
        window.grecaptcha = { ready: (then) => setTimeout(then), execute: run };`,
      "https://www.google.com/recaptcha/api2/clr": "{}",
    },
  },
  hcaptcha: {
    field: "h-captcha-response", clicked: true,
    serves: {
      "https://js.hcaptcha.com/1/api.js": widget({ className: "h-captcha", field: "h-captcha-response", frame: "https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html", asks: "https://api.hcaptcha.com/checksiteconfig" }),
      "https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html": inFrame(true),
      "https://api.hcaptcha.com/checksiteconfig": "{}",
    },
  },
  captchafox: {
    field: "cf-captcha-response",
    serves: {
      "https://cdn.captchafox.com/api.js": widget({ className: "captchafox", field: "cf-captcha-response", frame: "https://cdn.captchafox.com/frame.html", asks: "https://api.captchafox.com/captcha/config" }),
      "https://cdn.captchafox.com/frame.html": inFrame(false),
      "https://api.captchafox.com/captcha/config": "{}",
    },
  },
};

// serve answers for a provider. It gives what went wrong on the page: what the policy refused,
// what was asked of others, and errors of scripts.
async function serve(page, { serves }) {
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (line) => /Content Security Policy|Refused/.test(line.text()) && wrong.push(line.text()));
  await page.route((url) => url.hostname !== "localhost", (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const body = serves[origin + pathname];
    if (body === undefined) {
      wrong.push(`${origin}${pathname} was asked`);
      return route.abort();
    }
    const contentType = pathname.endsWith(".js") ? "text/javascript" : body.startsWith("<") ? "text/html" : "application/json";
    return route.fulfill({ contentType, body, headers: { "access-control-allow-origin": "*" } });
  });
  return wrong;
}

describe("captchas of third parties", () => {
  let browser, verify;
  const servers = {}, asked = {}, spent = new Set();
  before(async () => {
    verify = http.createServer(async (req, res) => {
      let text = "";
      for await (const chunk of req) text += chunk;
      const sent = req.headers["content-type"] === "application/json" ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
      const name = decodeURIComponent(req.url.slice(1));
      (asked[name] ??= []).push(sent);
      const success = sent.secret === "the-secret" && sent.response.startsWith("solved-") && !spent.has(sent.response);
      spent.add(sent.response);
      res.end(JSON.stringify({ success, hostname: "localhost", ...providers[name].answers }));
    }).listen(0, "127.0.0.1");
    await once(verify, "listening");
    const begin = async ([name, { provider = name, toml = "" }]) => {
      const url = `http://127.0.0.1:${verify.address().port}/${encodeURIComponent(name)}`;
      servers[name] = await start({ toml: `[sign_up]\nmode = "anyone"\n[captcha]\nenabled = true\nprovider = "${provider}"\nsite_key = "the-site"\nsecret_key = "the-secret"\nsite_verify_url_override = "${url}"\n${toml}` });
    };
    [browser] = await Promise.all([launch(), ...Object.entries(providers).map(begin)]);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    verify?.close();
  });

  for (const [name, provider] of Object.entries(providers)) {
    test(`${name}: one signs up and in, and nothing breaks the policy`, async (t) => {
      const server = servers[name];
      const page = await open(browser, { javaScriptEnabled: true });
      t.after(() => page.context().close());
      const wrong = await serve(page, provider);
      const field = page.locator(`[name="${provider.field}"]`);
      const solve = async () => {
        if (provider.itself) return;
        if (provider.clicked) await page.frameLocator("iframe").getByRole("button", { name: "I am human" }).click();
        await page.waitForFunction((at) => document.getElementsByName(at)[0].value, provider.field);
      };

      await page.goto(`${server.url}/signup`);
      await page.getByLabel("Name", { exact: true }).fill("Ada");
      await page.getByLabel("E-mail address").fill("ada@widget.example");
      await page.getByLabel("New password").fill(password);
      assert.equal(await field.count(), 1);
      await solve();
      await page.getByRole("button", { name: "Create account", exact: true }).click();
      await page.waitForURL(`${server.url}/account`);

      await page.context().clearCookies();
      await page.goto(`${server.url}/login`);
      const signIn = async () => {
        await page.getByLabel("E-mail address").fill("ada@widget.example");
        await page.getByLabel("Password", { exact: true }).fill(password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
      };
      if (provider.clicked) { // and was not
        await signIn();
        await page.getByText("Your browser has not solved the task of this form.").waitFor();
      }
      await solve();
      await signIn();
      await page.waitForURL(`${server.url}/account`);
      assert.deepEqual(wrong, []);
      assert.deepEqual(asked[name].map((each) => [each.secret, each.response.slice(0, 7)]), [["the-secret", "solved-"], ["the-secret", "solved-"]]);
    });
  }

  test("whoever signs up with a passkey alone solves it first, and makes no passkey for nothing", async (t) => {
    const server = servers.hcaptcha;
    const page = await open(browser, { javaScriptEnabled: true });
    t.after(() => page.context().close());
    await serve(page, providers.hcaptcha);
    const laptop = await authenticators(page).then((devices) => devices.add());
    await page.goto(`${server.url}/signup`);
    await page.getByLabel("Name", { exact: true }).fill("Bob");
    await page.getByLabel("E-mail address").fill("bob@widget.example");
    const button = page.getByRole("button", { name: "Create account with a passkey" });
    await button.click();
    await page.getByText("Your browser has not solved the task of this form.").waitFor();
    assert.deepEqual(await laptop.credentials(), []);
    await page.frameLocator("iframe").getByRole("button", { name: "I am human" }).click();
    await page.waitForFunction(() => document.getElementsByName("h-captcha-response")[0].value);
    await button.click();
    await page.waitForURL(`${server.url}/account`);
    assert.equal((await laptop.credentials()).length, 1);
  });
});
