import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openDatabase } from "../../src/services/platform/database.ts";
import { openTestCluster } from "./cluster.ts";
import { describeSchema } from "./schema.ts";

/** `npm run db:schema`: writes what the migrations make to `migrations/schema.sql`. */
const folder = await mkdtemp(join(tmpdir(), "hilo-schema-"));
const cluster = await openTestCluster(folder);
const db = openDatabase(cluster.url, { size: 1, name: "hilo-schema" });
await writeFile(resolve(import.meta.dirname, "../../migrations/schema.sql"), await describeSchema(db));
await db.destroy();
await cluster.stop();
await rm(folder, { recursive: true, force: true });
