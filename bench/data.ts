import type { Knex } from "knex";
import { createAgent } from "../src/services/agents/agent.ts";
import { connectWhatsApp } from "../src/services/inboxes/connect.ts";
import { type Platform, systemContext } from "../src/services/platform/context.ts";
import { openDatabase } from "../src/services/platform/database.ts";
import { createLogger } from "../src/services/platform/logger.ts";
import { openMemories } from "../src/services/platform/memory.ts";
import { openSecrets } from "../src/services/platform/secrets.ts";
import { benchSecret } from "./load.ts";

export const benchPassword = "bench-password-1";

/** The firm of the benchmarks: one number, and agents who can sign in. */
export async function createFirm(url: string, agents: number): Promise<void> {
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  const secrets = openSecrets({ secretKey: "bench".repeat(8), dataDir: "" });
  const platform = { db, secrets, logger: createLogger("error"), memories: openMemories() } as Platform;
  const system = systemContext(platform);
  const first = await createAgent(system, {
    email: "agent1@bench.test",
    name: "Agente 1",
    role: "admin",
    password: benchPassword,
  });
  const [{ password_hash }] = await db("agents").where({ id: first.id }).select("password_hash");
  await db.raw(
    `insert into agents (email, name, role_id, password_hash)
     select 'agent' || n || '@bench.test', 'Agente ' || n, (select id from roles where name = 'agent'), ? from generate_series(2, ?::int) n`,
    [password_hash, agents],
  );
  await connectWhatsApp(system, {
    name: "Ventas",
    phoneNumberId: "PNBENCH",
    businessAccountId: "WB",
    accessToken: "t",
    appSecret: benchSecret,
    verifyToken: "v",
    address: "+52 55 5000 1000",
  });
  await db.destroy();
}

const names = [
  "Lucía",
  "Juan",
  "María",
  "Pedro",
  "Sofía",
  "Martín",
  "Rosa",
  "Nuria",
  "Carlos",
  "Elena",
  "Jorge",
  "Valentina",
];
const families = [
  "Hernández",
  "Pérez",
  "López",
  "Ramírez",
  "Cárdenas",
  "Sosa",
  "Méndez",
  "Ferrer",
  "Vega",
  "Torres",
  "Núñez",
];
const words =
  "hola buenas tardes quería saber si todavía tienen la silla ejecutiva mesa lámpara sillón pedido factura envío guía garantía reemplazo cotización transferencia pago tarjeta tienda domingo mañana gracias perfecto llegó roto falta pieza color negro blanco madera entrega dirección teléfono correo cita visita técnico horario precio descuento promoción devolución cambio talla medida colchón recámara comedor oficina cocina".split(
    " ",
  );

/** Contacts with one conversation each and `messagesEach` messages, in a few set-based statements. */
export async function fillData(url: string, contacts: number, messagesEach: number): Promise<void> {
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  await db.raw("set statement_timeout = 0");
  const client: Knex = db;
  await client.raw(
    `insert into contacts (name, phone, phone_match_key, first_seen_at)
     select (:names::text[])[1 + n % :nn] || ' ' || (:families::text[])[1 + (n / 7) % :nf] || ' ' || n, '+52155' || (10000000 + n), '5255' || (10000000 + n), now() - n * interval '1 minute'
     from generate_series(1, :contacts::int) n`,
    { names, families, nn: names.length, nf: families.length, contacts },
  );
  await client.raw(
    `insert into contact_identities (contact_id, channel, external_id, kind, phone_match_key, display)
     select id, 'whatsapp', substr(phone, 2), 'phone', phone_match_key, phone from contacts`,
  );
  // One in ten is still open; of those some are nobody's yet.
  await client.raw(
    `insert into conversations (contact_id, status, assignee_id, waiting_since, last_activity_at, last_inbound_at, last_inbox_id, last_identity_id, preview, unread_count, opened_at, resolved_at)
     select i.contact_id, case when i.contact_id % 10 = 0 then 'open' else 'resolved' end,
       case when i.contact_id % 30 = 0 then null else 1 + i.contact_id % 40 end,
       case when i.contact_id % 10 = 0 then now() - (i.contact_id % 600) * interval '1 minute' end,
       now() - i.contact_id * interval '1 minute', now() - i.contact_id * interval '1 minute', 1, i.id,
       :preview, case when i.contact_id % 10 = 0 then 1 else 0 end,
       now() - i.contact_id * interval '1 minute' - interval '1 day',
       case when i.contact_id % 10 <> 0 then now() - i.contact_id * interval '1 minute' end
     from contact_identities i where i.contact_id <= 1000000`,
    { preview: "Hola, ¿todavía tienen la silla ejecutiva en negro?" },
  );
  await client.raw(
    `insert into service_windows (identity_id, inbox_id, ends_at) select last_identity_id, 1, now() + interval '20 hours' from conversations where status = 'open'`,
  );
  const batch = Math.max(1, Math.floor(200_000 / messagesEach));
  for (let from = 1; from <= contacts; from += batch) {
    await client.raw(
      `insert into messages (conversation_id, contact_id, inbox_id, identity_id, direction, kind, text, external_id, author_kind, author_agent_id, delivery, sent_at)
       select c.id, c.contact_id, 1, c.last_identity_id, case when k % 2 = 0 then 'outbound' else 'inbound' end, 'text',
         (select string_agg((:words::text[])[1 + ((c.id * 31 + k * 17 + w * (7 + k)) % :nw)::int], ' ') from generate_series(1, 8 + (k % 7)) w),
         'bench.' || c.id || '.' || k, case when k % 2 = 0 then 'agent' else 'contact' end, case when k % 2 = 0 then 1 + c.id % 40 end,
         case when k % 2 = 0 then 'read' end, c.last_activity_at - (:each - k) * interval '7 minutes'
       from conversations c cross join generate_series(1, :each::int) k where c.id between :from and :to`,
      { words, nw: words.length, each: messagesEach, from, to: from + batch - 1 },
    );
  }
  await client.raw("vacuum analyze");
  await db.destroy();
}

/** The cookie of a signed-in agent. */
export async function signIn(url: string, agent: number): Promise<string> {
  const response = await fetch(`${url}/login`, {
    method: "POST",
    body: new URLSearchParams({ email: `agent${agent}@bench.test`, password: benchPassword }),
    redirect: "manual",
  });
  await response.text();
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new Error(`agent ${agent} could not sign in: ${response.status}`);
  return cookie;
}
