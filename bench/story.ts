import type { Knex } from "knex";
import { findSession } from "../src/services/agents/queries.ts";
import { getImport } from "../src/services/imports/queries.ts";
import { runImports } from "../src/services/imports/run-imports.ts";
import { checkImport, createImport, runImport } from "../src/services/imports/start-import.ts";
import { mergeContacts } from "../src/services/merges/merge.ts";
import { movable } from "../src/services/merges/moves.ts";
import { undoMerge } from "../src/services/merges/undo.ts";
import { type Context, type Platform, systemContext } from "../src/services/platform/context.ts";
import { openDatabase, row } from "../src/services/platform/database.ts";
import { createLogger } from "../src/services/platform/logger.ts";
import { openMemories } from "../src/services/platform/memory.ts";
import { openSecrets } from "../src/services/platform/secrets.ts";
import { openLocalStorage } from "../src/services/platform/storage.ts";
import { createFirm, fillData, signIn } from "./data.ts";
import { closedLoop, median, percentile } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const visits = 300;
const importRows = 20_000;
const mergedMessages = 5_000;

/** The first agent of the bench's firm, an administrator, in this process. */
async function asAdmin(url: string, folder: string): Promise<{ ctx: Context; db: Knex }> {
  const db = openDatabase(url, { size: 4, name: "hilo-bench" });
  const platform = {
    db,
    reportsDb: db,
    secrets: openSecrets({ secretKey: "bench".repeat(8), dataDir: "" }),
    logger: createLogger("error"),
    memories: openMemories(),
    storage: openLocalStorage(`${folder}/files`),
  } as Platform;
  const session = await findSession(db, 1);
  if (!session) throw new Error("the bench has no first agent");
  return { ctx: { ...systemContext(platform), actor: session.actor }, db };
}

/** Five thousand things that happened with one contact, of every kind. */
async function fillStory(db: Knex, contactId: number): Promise<void> {
  await db.raw(
    `insert into purchases (contact_id, external_id, number, placed_at, amount, currency, status, items)
     select :contactId, 'p' || n, n::text, now() - n * interval '5 hours', n % 900 + 10, 'MXN', 'entregado', '[{"name": "Silla ejecutiva", "quantity": 2}]'
     from generate_series(1, 2000) n`,
    { contactId },
  );
  await db.raw(
    `insert into interactions (contact_id, kind, at, seconds, summary) select :contactId, (array['call', 'page', 'meeting'])[1 + n % 3],
       now() - n * interval '7 hours', 60 + n, 'Preguntó por la silla ejecutiva en negro' from generate_series(1, 1500) n`,
    { contactId },
  );
  await db.raw(
    `insert into conversations (contact_id, status, last_activity_at, opened_at, resolved_at, preview)
     select :contactId, 'resolved', now() - n * interval '1 day', now() - n * interval '1 day 2 hours', now() - n * interval '1 day', 'Gracias' from generate_series(1, 300) n`,
    { contactId },
  );
  await db.raw(
    `insert into notes (contact_id, agent_id, text, created_at, pinned) select :contactId, 1 + n % 40, 'Prefiere que le llamen ' || n, now() - n * interval '9 hours', n % 300 = 0
     from generate_series(1, 700) n`,
    { contactId },
  );
  await db.raw(
    `insert into cases (contact_id, conversation_id, title, status, opened_at, resolved_at)
     select :contactId, (select max(id) from conversations where contact_id = :contactId), 'Caso ' || n, case when n = 1 then 'open' else 'resolved' end,
       now() - n * interval '20 hours', case when n > 1 then now() - n * interval '19 hours' end from generate_series(1, 300) n`,
    { contactId },
  );
  await db.raw(
    `insert into commitments (contact_id, text, due_on, promised_at, done_at) select :contactId, 'Llamar ' || n, current_date + 3, now() - n * interval '30 hours',
       case when n > 2 then now() end from generate_series(1, 200) n`,
    { contactId },
  );
  await db.raw("vacuum analyze");
}

/** A conversation and a customer's page with a story of five thousand entries, among 200,000 messages. */
export async function context(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("story");
  await createFirm(url, 40);
  await fillData(url, 10_000, 20);
  const { db } = await asAdmin(url, world.folder);
  const open = await row<{ id: number; contact_id: number }>(
    db,
    "select id, contact_id from conversations where status = 'open' order by id limit 1",
  );
  if (!open) throw new Error("nobody has an open conversation");
  await fillStory(db, open.contact_id);
  await db.destroy();
  const hilo = await world.startHilo(url);
  const headers = { cookie: await signIn(hilo.url, 1) };
  const time = async (path: string, more: Record<string, string> = {}) => {
    const get = (n: number) =>
      n < visits ? { method: "GET" as const, path, headers: { ...headers, ...more } } : null;
    await closedLoop(hilo.url, 2, (n) => (n < 40 ? get(n) : null));
    const { times, failures } = await closedLoop(hilo.url, 1, get);
    if (failures > 0) throw new Error(`${path} was refused`);
    return times;
  };
  const conversation = await time(`/conversations/${open.id}`);
  const contact = await time(`/contacts/${open.contact_id}`);
  const timeline = await time(`/contacts/${open.contact_id}/timeline`, { "hx-request": "true" });
  await hilo.stop();
  const figure = (name: string, times: number[], most: number): Figure => {
    const value = percentile(times, 0.95);
    return { name, value, unit: "ms", target: `< ${most}`, ok: value < most };
  };
  return [
    figure("context.p95", conversation, 40),
    { name: "context.p50", value: median(conversation), unit: "ms", target: "", ok: true },
    figure("context.contact_p95", contact, 40),
    figure("context.timeline_p95", timeline, 40),
  ];
}

/** A list of customers comes in: checked, then written; and again, when all of them are known. */
export async function importing(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("lists");
  await createFirm(url, 2);
  const { ctx, db } = await asAdmin(url, world.folder);
  const lines = Array.from(
    { length: importRows },
    (_, n) =>
      `Cliente Número ${n},+5255${10_000_000 + n},cliente${n}@correo.example,Empresa ${n % 500},"VIP, Lote"`,
  );
  const bytes = Buffer.from(`nombre,telefono,correo,empresa,etiquetas\n${lines.join("\n")}\n`);
  async function once(): Promise<number> {
    const one = await createImport(ctx, "contacts", { fileName: "lista.csv", bytes });
    await checkImport(ctx, one.id, { encoding: "utf-8", mapping: one.mapping, onDuplicate: "update" });
    await runImports(ctx);
    const began = performance.now();
    await runImport(ctx, one.id);
    await runImports(ctx);
    const seconds = (performance.now() - began) / 1000;
    const { state, created, updated } = await getImport(ctx, one.id);
    if (state !== "done" || created + updated !== importRows) throw new Error(`the import ended as ${state}`);
    return importRows / seconds;
  }
  const fresh = await once();
  const known = await once();
  await db.destroy();
  return [
    { name: "import.rate", value: fresh, unit: "rows/s", target: "≥ 2000", ok: fresh >= 2000 },
    { name: "import.update_rate", value: known, unit: "rows/s", target: "≥ 2000", ok: known >= 2000 },
  ];
}

/** Two contacts of five thousand messages each become one, and two again with every row as it was. */
export async function merging(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("merging");
  await createFirm(url, 40);
  await fillData(url, 20, mergedMessages);
  const { ctx, db } = await asAdmin(url, world.folder);
  const merge: number[] = [];
  const undo: number[] = [];
  const everything = async () => {
    const tables = [
      ...movable.map(({ table }) => table),
      "messages",
      "contacts",
      "contact_tags",
      "conversation_tags",
    ];
    const sums = await Promise.all(
      tables.map((table) =>
        row<{ sum: string }>(
          db,
          `select md5(string_agg(to_jsonb(t)::text, '' order by to_jsonb(t)::text)) as sum from ${table} t`,
        ),
      ),
    );
    return sums.map((one) => one?.sum).join();
  };
  let differences = 0;
  for (let pair = 0; pair < 5; pair += 1) {
    const before = await everything();
    const [kept, other] = [pair * 2 + 1, pair * 2 + 2];
    let began = performance.now();
    const { id } = await mergeContacts(ctx, kept, other);
    merge.push((performance.now() - began) / 1000);
    began = performance.now();
    await undoMerge(ctx, kept, id);
    undo.push((performance.now() - began) / 1000);
    if ((await everything()) !== before) differences += 1;
  }
  await db.destroy();
  const worst = Math.max(...merge);
  return [
    { name: "merge.seconds", value: worst, unit: "s", target: "< 1", ok: worst < 1 },
    { name: "merge.undo_seconds", value: Math.max(...undo), unit: "s", target: "", ok: true },
    { name: "merge.differences", value: differences, unit: "of 5", target: "0", ok: differences === 0 },
  ];
}
