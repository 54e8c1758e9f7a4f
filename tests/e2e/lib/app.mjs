// An app on an origin of its own: one page, whatever the path, with one script.
import http from "node:http";
import { once } from "node:events";
import path from "node:path";
import { build } from "esbuild";

export async function serveApp() {
  const app = { script: "" };
  const server = http.createServer((req, res) => {
    const script = req.url === "/app.js";
    res.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
    res.end(script ? app.script : '<!doctype html><title>An app</title><div id="root"></div><script src="/app.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  app.origin = `http://localhost:${server.address().port}`;
  app.close = () => { server.closeAllConnections(); server.close(); };
  return app;
}

// bundle packs one of the app's entry points for the browser, told where the auth server is.
export async function bundle(entry, authURL) {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, "../app", entry)], bundle: true, write: false, format: "iife", jsx: "automatic",
    define: { AUTH_URL: JSON.stringify(authURL), "process.env.NODE_ENV": '"production"' }, logLevel: "error",
  });
  return outputFiles[0].text;
}
