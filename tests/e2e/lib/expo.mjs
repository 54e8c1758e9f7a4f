// better-auth's Expo client, built as an app's build does it, on a phone that is this suite's.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { scratch } from "./authd.mjs";

const phone = path.join(import.meta.dirname, "../app/phone.mjs");

export async function loadExpo() {
  const outfile = path.join(scratch, "expo-app.mjs");
  await build({
    stdin: {
      contents: 'export { createAuthClient } from "better-auth/client"; export { expoClient } from "@better-auth/expo/client";',
      resolveDir: import.meta.dirname,
    },
    alias: Object.fromEntries(["react-native", "expo-constants", "expo-linking", "expo-network", "expo-web-browser"].map((name) => [name, phone])),
    bundle: true, format: "esm", platform: "node", outfile, logLevel: "error",
  });
  return import(pathToFileURL(outfile));
}

// storage is where a phone keeps secrets.
export function storage() {
  const kept = new Map();
  const setItem = (name, value) => void kept.set(name, value);
  const getItem = (name) => kept.get(name) ?? null;
  return { setItem, getItem, setItemAsync: async (name, value) => setItem(name, value), getItemAsync: async (name) => getItem(name) };
}
