import { openDatabase } from "../../src/services/platform/database.ts";
import { startEmbeddedPostgres } from "../../src/services/platform/embedded-postgres.ts";
import { migrate } from "../../src/services/platform/migrate.ts";

/** A Postgres of the test run's own with a migrated template; nothing in it must survive a crash, so it may be fast. */
export async function openTestCluster(folder: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const embedded = await startEmbeddedPostgres(folder, {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "200",
  });
  const db = openDatabase(embedded.url, { size: 2, name: "hilo-test-template" });
  await migrate(db);
  await db.destroy();
  return embedded;
}
