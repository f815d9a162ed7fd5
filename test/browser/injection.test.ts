import { expect } from "chai";
import type { Browser } from "playwright-core";
import { row, rows } from "../../src/services/platform/database.ts";
import { decisions, ofCustomers, place } from "../access/decisions.ts";
import { openWorld, owners, type Subject, type World } from "../access/world.ts";
import { openBrowser, signIn } from "../support/browser.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { corpus } from "../support/xss.ts";

/** As often each field gets another string. */
const rounds = 5;
/** More of what lists show, beside what hangs on the customers. */
const copies = 46;

/** Columns that steer rather than say: keys, kinds, zones, and what signs people in. */
const steering =
  /^(id|.*_id|public_id|kind|state|status|channel|direction|locale|time_zone|availability|availability_source|strategy|shown|delivery|author_kind|actor_kind|source|colour|currency|country|.*_key|.*hash|.*token.*|secrets|.*secret.*|.*fingerprint|sid|sess|key|target|priority|encoding|delimiter|on_duplicate|media_type|name_source|reason|phone.*|p256dh|auth|endpoint|totp.*|webhook.*|previous_hash|mac|address|after_resolving|place|language.*|sso_.*|issuer|report|query|picked_by)$/;
const tables = [
  "agents",
  "agent_skills",
  "assignment_rules",
  "attachments",
  "audit_events",
  "automatic_messages",
  "business_hours",
  "case_steps",
  "cases",
  "commitments",
  "companies",
  "contact_identities",
  "contacts",
  "custom_fields",
  "drafts",
  "firm",
  "holidays",
  "imports",
  "import_faults",
  "inbound_events",
  "inboxes",
  "interactions",
  "messages",
  "note_mentions",
  "notes",
  "purchases",
  "record_types",
  "records",
  "review_criteria",
  "reviews",
  "roles",
  "saved_reports",
  "scheduled_messages",
  "single_sign_on",
  "sla_policies",
  "sso_groups",
  "surveys",
  "tags",
  "teams",
  "topics",
  "api_tokens",
];

describe("injected text, in a browser", function () {
  this.timeout(240_000);
  let hilo: Hilo;
  let browser: Browser;
  let world: World;
  let subject: Subject;
  let fields: { table: string; column: string; longest: number; isList: boolean }[];
  const filled = new Set<string>();

  before(async () => {
    hilo = await startHilo(undefined, { ROLE: "web" });
    const { db } = hilo.cast.platform;
    world = await openWorld(hilo.cast);
    for (const owner of owners) await world.make(owner);
    subject = await world.make("own");
    await db.raw("insert into tags (name) select 'etiqueta ' || n from generate_series(1, ?) n", [copies]);
    await db.raw("insert into topics (name) select 'tema ' || n from generate_series(1, ?) n", [copies]);
    await db.raw("insert into teams (name) select 'equipo ' || n from generate_series(1, ?) n", [copies]);
    await db.raw("insert into companies (name) select 'empresa ' || n from generate_series(1, ?) n", [
      copies,
    ]);
    await db.raw(
      "insert into roles (name, permissions) select 'rol ' || n, '{}' from generate_series(1, ?) n",
      [copies],
    );
    await db.raw(
      `insert into agents (email, name, role_id, locale, time_zone) select 'x' || n || '@x.test', 'x', 1, 'es', 'UTC' from generate_series(1, ?) n`,
      [copies],
    );
    for (const [table, values] of [
      ["notes", "(contact_id, conversation_id, text)"],
      ["commitments", "(contact_id, conversation_id, text, promised_at)"],
      ["cases", "(contact_id, conversation_id, title, opened_at)"],
    ] as const)
      await db.raw(
        `insert into ${table} ${values} select ?::bigint, ?::bigint, 'x' || n ${/_at/.test(values) ? ", now()" : ""} from generate_series(1, ?) n`,
        [subject.contact ?? "", subject.conversation ?? "", copies],
      );
    await db.raw(
      `insert into purchases (contact_id, external_id, number, placed_at) select ?::bigint, 'x' || n, 'x', now() from generate_series(1, ?) n`,
      [subject.contact ?? "", copies],
    );
    await db.raw(
      `insert into messages (conversation_id, contact_id, inbox_id, identity_id, direction, kind, text, external_id, author_kind, sent_at)
       select conversation_id, contact_id, inbox_id, identity_id, direction, kind, 'x', 'x' || n, author_kind, now() from messages, generate_series(1, ?) n where id = ?`,
      [corpus.length, subject.message ?? ""],
    );
    await db.raw(
      "insert into custom_fields (key, label, kind, options, position) values ('opciones', 'O', 'choice', ?::text[], 2)",
      [corpus.filter((one) => one.length <= 60).slice(0, 40)],
    );
    await db.raw(
      "insert into reviews (conversation_id, reviewer_id, agent_id, picked_by, finished_at, answered_at) select ?, a.id, 1, 'hand', now(), now() from agents a where a.id <> 1",
      [subject.conversation ?? ""],
    );
    await db.raw(
      "insert into saved_reports (agent_id, name, report, query, is_shared) select a.id, n::text, 'summary', '', true from agents a, generate_series(1, 20) n",
    );
    await db.raw("insert into fact_marks select id from conversations");
    await db.raw(
      "insert into single_sign_on (name, issuer, client_id, client_secret, groups_claim, enabled) values ('x', 'https://id.test', 'x', 'x', 'x', true)",
    );
    await db.raw(
      "insert into sso_groups (position, group_name, role_id) select n, n, 1 from generate_series(1, 40) n",
    );
    const known = await rows<{ table: string; column: string; type: string; check: string | null }>(
      db,
      `select c.table_name as "table", c.column_name as "column", c.data_type as type,
         (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k where k.conrelid = c.table_name::regclass and k.contype = 'c'
            and pg_get_constraintdef(k.oid) like '%(' || c.column_name || ')%') as "check"
       from information_schema.columns c where c.table_schema = 'public' and c.is_generated = 'NEVER'
         and c.table_name = any(?) and c.data_type in ('text', 'ARRAY') order by 1, 2`,
      [tables],
    );
    fields = known
      .filter(
        ({ column }) =>
          !steering.test(column) &&
          !["permissions", "scopes", "unused", "mapping", "options"].includes(column),
      )
      .map(({ table, column, type, check }) => ({
        table,
        column,
        longest: Number(/length\(\w+\)\)? <= (\d+)/.exec(check ?? "")?.[1] ?? 4000),
        isList: type === "ARRAY",
      }));
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await hilo.close();
    process.stdout.write(`    ${corpus.length} strings in ${filled.size} fields\n`);
  });

  /** Every field of every row gets another string of the corpus; unique ones keep their number at the end. */
  async function fill(round: number): Promise<string[]> {
    const refused: string[] = [];
    const step = Math.ceil(corpus.length / rounds);
    for (const [at, { table, column, longest, isList }] of fields.entries()) {
      const fitting = corpus.filter((one) => one.length + 6 <= longest);
      const start = round * step + at * 7;
      const text = `(:texts::text[])[1 + (t.n + :start) % :many] || case when :unique then ' ' || t.n else '' end`;
      const value = column === "email" ? `lower(${text})` : text;
      const write = (unique: boolean) =>
        hilo.cast.platform.db.transaction(async (db) => {
          await db.raw("set local session_replication_role = replica");
          // The people who look need their names in the audit only.
          await db.raw(
            `update "${table}" r set "${column}" = ${isList ? `array[${value}]` : value}
             from (select ctid as at, row_number() over (order by ctid)::int as n from "${table}") t where r.ctid = t.at`,
            { texts: fitting, start, many: fitting.length, unique },
          );
        });
      try {
        await write(false).catch(() => write(true));
        filled.add(`${table}.${column}`);
      } catch (error) {
        refused.push(`${table}.${column}: ${String(error).slice(-120)}`);
      }
    }
    const { db } = hilo.cast.platform;
    await db.raw("update agents set email = 'diego@firm.test' where id = ?", [hilo.cast.ids.diego]);
    await db.raw("update roles set name = 'admin' where id = 3");
    await db.transaction(async (tx) => {
      await tx.raw("set local session_replication_role = replica");
      await tx.raw(
        `update audit_events set data = jsonb_build_object('k', (:texts::text[])[1 + id::int % :many], 'c', jsonb_build_object('from', (:texts::text[])[1 + (id::int + 9) % :many], 'to', 1))
         where act not in ('contact.erased', 'retention.applied') and id % 2 = 0`,
        { texts: corpus, many: corpus.length },
      );
      await tx.raw(
        "update records set values = jsonb_build_object('titulo', (:texts::text[])[1 + id::int % :many])",
        { texts: corpus, many: corpus.length },
      );
    });
    hilo.server.platform.memories.hear([
      { type: "agent.changed", agentId: hilo.cast.ids.diego },
      { type: "firm.changed" },
      { type: "tags.changed" },
      { type: "fields.changed" },
    ]);
    return refused;
  }

  it(`runs nowhere, asks nothing and breaks no policy: every field, every page, ${corpus.length} strings`, async () => {
    expect(corpus.length).to.be.at.least(200);
    const { page, complaints } = await signIn(browser, hilo.url, "diego");
    const hits: string[] = [];
    const at = () => new URL(page.url()).pathname;
    page.on("dialog", (dialog) => {
      hits.push(`${at()}: a dialog`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== hilo.url || url.pathname.includes("xss-hit"))
        hits.push(`${at()}: asked ${url.href.slice(0, 80)}`);
    });
    const paths = decisions
      .filter(
        ({ method, path, of }) =>
          method === "get" &&
          !["anybody", "demo", "nothing"].includes(of) &&
          !/^\/(api|live|files|push|confirm)|\.(csv|zip|json|css)|example|moment|preview|viewers|badge|progress/.test(
            path,
          ),
      )
      .map(({ path, of }) =>
        place(path, {
          ...world.firm,
          ...subject,
          id: (ofCustomers.includes(of) ? subject[of] : world.firm[of]) ?? "1",
        }),
      );
    paths.push(
      `/contacts/${subject.contact}?edit=1`,
      `/contacts/${subject.contact}?show=messages`,
      "/audit?print=1",
      "/reviews/1",
      "/reports?period=last_365",
      "/reports/satisfaction?period=last_365",
      "/reports/conversations?period=last_365",
      "/search?q=script",
      "/inbox?view=all",
    );
    const broken: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const refused = await fill(round);
      if (round === 0) expect(refused, "fields that took nothing").to.deep.equal([]);
      // The first round looks at all of them, the others at what shows most.
      for (const path of paths) {
        // Reports show the same few names on every page.
        if (round > 0 && /^\/reports\/(?!conversations|satisfaction)/.test(path)) continue;
        const answer = await page.goto(hilo.url + path, { waitUntil: "load" });
        if ((answer?.status() ?? 500) >= 400) broken.push(`${path}: ${answer?.status()}`);
        const odd = await page.evaluate(() => {
          const found: string[] = [];
          for (const element of document.querySelectorAll("*")) {
            for (const { name, value } of element.attributes)
              if (
                /^on/i.test(name) ||
                (/^(href|src|action|formaction|data)$/i.test(name) && /^\s*(javascript|data):/i.test(value))
              )
                found.push(`${element.tagName} ${name}=${value.slice(0, 60)}`);
            if (/^(iframe|object|embed|base|math|marquee)$/i.test(element.tagName))
              found.push(element.tagName);
            if (element.tagName === "SCRIPT" && !(element as HTMLScriptElement).nonce)
              found.push("SCRIPT without a nonce");
          }
          return found.slice(0, 5);
        });
        for (const one of odd) hits.push(`${path}: ${one}`);
        if ((await page.title()).startsWith("xss-hit")) hits.push(`${path}: title`);
      }
    }
    expect(broken).to.deep.equal([]);
    expect([...new Set(hits)]).to.deep.equal([]);
    expect([...new Set(complaints)]).to.deep.equal([]);
    expect(await row(hilo.cast.platform.db, "select 1 from contacts limit 1")).to.not.equal(null);
  });
});
