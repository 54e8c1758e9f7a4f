// Hands that have no mouse: what a test does with them goes by the keys alone.
import assert from "node:assert/strict";

export function keyboard(page) {
  // focus is what has it: its name as people know it, and whether one sees where one is.
  const focus = () => page.evaluate(() => {
    const it = document.activeElement;
    if (!it || it === document.body) return { name: "" };
    const { outlineStyle, boxShadow } = getComputedStyle(it);
    const name = (it.ariaLabel || it.labels?.[0]?.innerText || it.innerText || "").trim();
    return { name: name.split("\n")[0], seen: outlineStyle !== "none" || boxShadow !== "none" };
  });
  const keys = {
    focus,
    type: (text) => page.keyboard.type(text),
    press: (key) => page.keyboard.press(key),
    // to goes on by Tab until the focus is on what has that name.
    async to(name) {
      for (let i = 0; i < 60; i++) {
        const here = await focus();
        if (here.name === name) {
          assert.ok(here.seen, `${name} on ${page.url()} does not show that it has the focus`);
          return;
        }
        await page.keyboard.press("Tab");
      }
      assert.fail(`the keyboard does not come to ${name} on ${page.url()}`);
    },
    async enter(name) {
      if (name) await keys.to(name);
      await page.keyboard.press("Enter");
    },
    // go presses Enter and waits for the page that it leads to.
    async go(name, path) {
      if (name) await keys.to(name);
      await Promise.all([page.waitForURL((url) => url.pathname === path), page.keyboard.press("Enter")]);
      await page.waitForLoadState();
    },
  };
  return keys;
}
