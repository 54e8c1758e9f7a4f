// The examples of docs/, taken from the pages as they stand: what a test runs is what people read.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { scratch } from "./authd.mjs";

const docs = path.resolve(import.meta.dirname, "../../../docs");

// example is the block of a page that is named on its fence, as in ```js app.mjs. What stands for
// the reader's own values in it is replaced; each must be there.
export function example(page, name, replaced = {}) {
  const text = fs.readFileSync(path.join(docs, page), "utf8");
  const blocks = [...text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].filter((found) => found[1] === name);
  assert.equal(blocks.length, 1, `${page} has ${blocks.length} examples named ${name}`);
  let code = blocks[0][2];
  for (const [from, to] of Object.entries(replaced)) {
    assert.ok(code.includes(from), `${name} in ${page} does not have ${from}`);
    code = code.replaceAll(from, to);
  }
  return code;
}

// folder writes examples where they find the packages of this suite.
export function folder(files) {
  const dir = fs.mkdtempSync(path.join(scratch, "example-"));
  fs.symlinkSync(path.resolve(import.meta.dirname, "../node_modules"), path.join(dir, "node_modules"));
  for (const [name, code] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), code);
  return dir;
}
