// The real better-auth, for suites that move from it.
import { once } from "node:events";
import http from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import initSqlJs from "sql.js";
import { freePort } from "./authd.mjs";

// Sqlite has of better-sqlite3 what better-auth uses. SQLite is compiled to WebAssembly, so
// that no compiler is needed to install it.
class Sqlite {
  #db;
  constructor(db) {
    this.#db = db;
  }

  aggregate() {} // by this better-auth knows the driver

  prepare(sql) {
    const db = this.#db;
    const rows = (values) => {
      const statement = db.prepare(sql);
      try {
        statement.bind(values);
        const list = [];
        while (statement.step()) list.push(statement.getAsObject());
        return list;
      } finally {
        statement.free();
      }
    };
    return {
      reader: /^\s*(select|with|pragma)\b|\breturning\b/i.test(sql),
      all: rows,
      run: (values) => {
        rows(values);
        return { changes: db.getRowsModified(), lastInsertRowid: 0 };
      },
    };
  }

  close() {}
}

// sqlite is a database in memory; file is what would be on the disk.
export async function sqlite() {
  const SQL = await initSqlJs();
  const db = new SQL.Database();
  return { database: new Sqlite(db), query: async (sql) => db.exec(sql), file: () => Buffer.from(db.export()) };
}

// startBetterAuth answers when the server does. Options are better-auth's.
export async function startBetterAuth(database, options = {}) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const config = {
    baseURL: url, secret: "a-secret-of-better-auths-0123456789abcdef", database, telemetry: { enabled: false },
    emailAndPassword: { enabled: true }, ...options,
  };
  const auth = betterAuth(config);
  await (await getMigrations(config)).runMigrations();
  const server = http.createServer(toNodeHandler(auth)).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    auth, url, secret: config.secret,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
