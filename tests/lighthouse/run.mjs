// What Lighthouse says of /login on a phone, and what the page loads:
//
//	npm ci --prefix tests/lighthouse && npm test --prefix tests/lighthouse
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { start } from "../e2e/lib/authd.mjs";

const least = 98; // of 100, in each category
const most = { requests: 4, bytes: 30_000 }; // the page, one style, one script, and the icon of the tab

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
  failed ||= loaded.length > most.requests || bytes > most.bytes;
} finally {
  chrome.kill();
  await server.stop();
}
process.exitCode = failed ? 1 : 0;
