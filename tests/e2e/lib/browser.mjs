// A headless Chromium, and axe-core over every page that a suite shows it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// open gives a page in a context of its own; without JavaScript unless asked for.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "en-US", ...options });
  context.setDefaultTimeout(10_000);
  return context.newPage();
}

const rules = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

// accessible runs axe-core over what the page shows now, light and dark. The page itself has
// no JavaScript, so its document is shown again, at the same address, in a context that has.
export async function accessible(page) {
  const html = await page.content();
  const url = page.url().split("#")[0];
  for (const colorScheme of ["light", "dark"]) {
    const context = await page.context().browser().newContext({ colorScheme, locale: "en-US" });
    try {
      const copy = await context.newPage();
      await copy.route((each) => each.href.split("#")[0] === url, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
      await copy.goto(url);
      await copy.evaluate(axe);
      const { violations } = await copy.evaluate((options) => globalThis.axe.run(document, options), rules);
      const found = violations.map((each) => `${each.id}: ${each.help}\n    ${each.nodes.map((node) => node.html).join("\n    ")}`);
      assert.deepEqual(found, [], `axe-core on ${url} (${await copy.title()}), ${colorScheme}:\n  ${found.join("\n  ")}`);
    } finally {
      await context.close();
    }
  }
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
