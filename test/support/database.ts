import { randomBytes } from "node:crypto";
import type { Knex } from "knex";
import pg from "pg";
import { openDatabase } from "../../src/services/platform/database.ts";

export interface TestDatabase {
  url: string;
  db: Knex;
  drop: () => Promise<void>;
}

/** A fresh copy of the migrated template. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const template = process.env.TEST_DATABASE_URL;
  if (!template) throw new Error("run the tests with `npm test`");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = new URL(template);
  admin.pathname = "/postgres";
  await run(admin.href, `create database ${name} template hilo`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const db = openDatabase(url.href, { size: 8, name: "hilo-test" });
  return {
    url: url.href,
    db,
    async drop() {
      await db.destroy();
      await run(admin.href, `drop database ${name} with (force)`);
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
