// What Lighthouse says of /login on a phone, and what the page loads:
//
//	npm ci --prefix tests/lighthouse && npm test --prefix tests/lighthouse
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { start } from "../e2e/lib/authd.mjs";

const least = 98; // of 100, in each category
const most = 30_000; // bytes
// The page, one style and one script are what it paints with; the icon of the tab and the
// challenge for passkeys come after.
const once = ["Document", "Stylesheet", "Script"];
const later = [/^\/static\/favicon\./, /^\/api\/auth\/passkey\/generate-authenticate-options$/];

const server = await start();
const chrome = await launch({
  chromePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu"],
});
let failed = false;
try {
  const { lhr } = await lighthouse(`${server.url}/login`, { port: chrome.port, logLevel: "error" });
  for (const { id, score, auditRefs } of Object.values(lhr.categories)) {
    const points = Math.round(score * 100);
    console.log(`${id}: ${points}`);
    if (points >= least) continue;
    failed = true;
    for (const { id, weight } of auditRefs) {
      const audit = lhr.audits[id];
      if (weight > 0 && audit.score !== null && audit.score < 1) console.log(`  ${audit.title} ${audit.displayValue ?? ""}`);
    }
  }
  const loaded = lhr.audits["network-requests"].details.items;
  const bytes = loaded.reduce((sum, each) => sum + each.transferSize, 0);
  for (const { url, resourceType, transferSize } of loaded) console.log(`${resourceType} ${new URL(url).pathname}: ${transferSize} bytes`);
  console.log(`${loaded.length} requests, ${bytes} bytes; first paint after ${lhr.audits["first-contentful-paint"].displayValue} on a slow phone`);
  const known = ({ url, resourceType }) => once.includes(resourceType) || later.some((path) => path.test(new URL(url).pathname));
  const twice = once.filter((type) => loaded.filter((each) => each.resourceType === type).length > 1);
  failed ||= bytes > most || twice.length > 0 || !loaded.every(known);
} finally {
  chrome.kill();
  await server.stop();
}
process.exitCode = failed ? 1 : 0;
