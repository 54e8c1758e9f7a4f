// fetch with a cookie jar, as a browser at an origin would send it.
export class Jar {
  constructor(origin) {
    this.origin = origin;
    this.cookies = new Map();
    this.fetch = this.fetch.bind(this);
  }

  header() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async fetch(url, init = {}) {
    const headers = new Headers(init.headers);
    if (this.cookies.size) headers.set("cookie", this.header());
    if (!["GET", "HEAD"].includes((init.method ?? "GET").toUpperCase())) headers.set("origin", this.origin);
    const res = await fetch(url, { ...init, headers, redirect: "manual" });
    this.keep(res.headers.getSetCookie());
    this.last = res;
    return res;
  }

  keep(lines) {
    for (const line of lines) {
      const [pair, ...attributes] = line.split("; ");
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === "" || attributes.some((each) => /^max-age=0$/i.test(each))) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
