// A headless Chromium, and axe-core over every page that a suite shows it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The same Chromium without a window's parts, which starts and shows a page with half the work.
const shell = "/usr/bin/chromium-headless-shell";

// launch starts the shell where it is installed; whole asks for all of Chromium.
export async function launch({ whole = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? (whole || !fs.existsSync(shell) ? "/usr/bin/chromium" : shell),
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"], // nothing leaves this machine
  });
}

// open gives a page in a context of its own; without JavaScript unless asked for.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "en-US", ...options });
  context.setDefaultTimeout(30_000); // a busy machine is no failure
  return context.newPage();
}

const everything = { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const colours = { resultTypes: ["violations"], runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };

const copies = new WeakMap(); // one page with JavaScript a browser, for axe

// accessible runs axe-core over what the page shows now, light and dark. The page itself has
// no JavaScript, so its document is shown again, at the same address, on one that has.
export async function accessible(page) {
  const browser = page.context().browser();
  if (!copies.has(browser)) copies.set(browser, browser.newContext({ locale: "en-US" }).then((context) => context.newPage()));
  const copy = await copies.get(browser);
  const html = (await page.content()).replace(/<script[^>]*><\/script>|<meta http-equiv="refresh"[^>]*>/g, ""); // it stays where it is
  const url = page.url().split("#")[0];
  const shown = (each) => each.href.split("#")[0] === url;
  await copy.route(shown, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
  await copy.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" }); // colours change at once
  await copy.goto(url);
  await copy.evaluate(axe);
  for (const [colorScheme, rules] of [["light", everything], ["dark", colours]]) {
    await copy.emulateMedia({ colorScheme });
    const { violations } = await copy.evaluate((options) => globalThis.axe.run(document, options), rules);
    const found = violations.map((each) => `${each.id}: ${each.help}\n    ${each.nodes.map((node) => node.html).join("\n    ")}`);
    assert.deepEqual(found, [], `axe-core on ${url} (${await copy.title()}), ${colorScheme}:\n  ${found.join("\n  ")}`);
  }
  await copy.unroute(shown);
}

// fill writes into fields by their labels and presses the button.
export async function submit(page, fields, button) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await press(page, button);
}

export async function press(page, button) {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.waitForLoadState();
}

export const title = (page) => page.getByRole("heading", { level: 1 }).innerText();
