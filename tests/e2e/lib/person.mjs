// A person without a browser: walks through authd's pages over HTTP, form by form, and keeps
// the cookies of every origin that it comes through.
import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { Jar } from "./jar.mjs";

export class Person {
  constructor(server, { email, password }) {
    Object.assign(this, { server, email, password, jars: new Map() });
  }

  // fetch navigates as a browser does. Node's own fetch says that a script asks, which authd
  // answers differently.
  async fetch(url, { method = "GET", body = "", headers: more } = {}) {
    const { origin } = new URL(url);
    if (!this.jars.has(origin)) this.jars.set(origin, new Jar(origin));
    const jar = this.jars.get(origin);
    const headers = { accept: "text/html,*/*;q=0.8", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin", cookie: jar.header(), ...more };
    if (method === "POST") Object.assign(headers, { origin, "content-type": "application/x-www-form-urlencoded" });
    const request = http.request(url, { method, headers }).end(String(body));
    const [answer] = await once(request, "response");
    jar.keep(answer.headers["set-cookie"] ?? []);
    let text = "";
    for await (const chunk of answer.setEncoding("utf8")) text += chunk;
    return { status: answer.statusCode, location: answer.headers.location, body: text };
  }

  // visit opens an address, signs in and allows what is asked for on the way, and gives the page
  // that it ends at. An address that answers nothing (https://rp.example) ends it as well.
  async visit(address, init) {
    let url = new URL(address);
    let res = await this.fetch(url, init);
    for (let steps = 0; steps < 20; steps++) {
      const { body } = res;
      const next = res.location ?? refreshTarget(body);
      if (next) {
        url = new URL(next, url);
        if (url.hostname.endsWith(".example")) return { url };
        res = await this.fetch(url);
        continue;
      }
      const fields = url.origin === this.server.url && this.answer(url.pathname);
      if (!fields) return { url, status: res.status, body };
      res = await this.submit(url, body, fields);
      if (res.status === 200) assert.ok(refreshTarget(res.body), `${url} is not content with ${JSON.stringify(fields)}`);
    }
    throw new Error(`no end to the redirects at ${url}`);
  }

  answer(path) {
    if (path === "/login") return { email: this.email, password: this.password };
    if (path === "/consent") return { decision: "allow" };
    return null;
  }

  // submit sends the page's form for its own path, with the hidden fields and the ticked boxes that it has.
  submit(url, body, fields) {
    const form = body.split(`action="${url.pathname}"`)[1]?.split("</form>")[0];
    assert.ok(form, `${url} has no form for its own path:\n${body.slice(0, 600)}`);
    const all = new URLSearchParams(fields);
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      if (!/type="hidden"/.test(input) && !(/type="checkbox"/.test(input) && /\schecked/.test(input))) continue;
      all.append(unescape(input.match(/name="([^"]*)"/)[1]), unescape(input.match(/value="([^"]*)"/)?.[1] ?? ""));
    }
    return this.fetch(url.origin + url.pathname, { method: "POST", body: all });
  }
}

const unescape = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)).replace(/&quot;/g, '"').replace(/&amp;/g, "&");

// refreshTarget is where a page sends the browser on that answered a form.
function refreshTarget(body) {
  const found = body.match(/<meta http-equiv="refresh" content="0;url=([^"]+)"/);
  return found && unescape(found[1]);
}
