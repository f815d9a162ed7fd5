import { createAgent } from "../../src/services/agents/agent.ts";
import { permissions } from "../../src/services/agents/policy.ts";
import { openCase } from "../../src/services/cases/open-case.ts";
import { promise } from "../../src/services/commitments/commitments.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { createContact } from "../../src/services/contacts/save-contact.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { scheduleMessage } from "../../src/services/conversations/scheduled-messages.ts";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import { addInteraction } from "../../src/services/interactions/interactions.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { row } from "../../src/services/platform/database.ts";
import { createRecordType } from "../../src/services/records/record-types.ts";
import { saveRecord } from "../../src/services/records/save-record.ts";
import { type Cast, contextOf, joinTeam, password, whatsappInbox } from "../support/cast.ts";
import { deliver, delivery, messageValue, wamid } from "../support/meta.ts";

/** Whose a conversation is, as Ana of Ventas sees it. */
export const owners = ["own", "queue", "team", "other", "isolated", "isolatedOwn"] as const;
export type Owner = (typeof owners)[number];

/** What the places of a route's path stand for, by name. */
export type Subject = Record<string, string>;

/** Rooms that belong to all: what `:id` names there. */
export interface World {
  firm: Subject;
  /** Another customer with everything that hangs on one. */
  make: (owner: Owner) => Promise<Subject>;
}

/** Two isolated inboxes, a colleague of Ana's, a type of records, and customers of every owner on demand. */
export async function openWorld(cast: Cast): Promise<World> {
  const { system, platform, ids } = cast;
  const { db } = platform;
  const eva = await createAgent(system, {
    email: "eva@firm.test",
    name: "Eva Mora",
    role: "agent",
    password,
  });
  await joinTeam(platform, eva.id, "Ventas");
  for (const [name, number, team] of [
    ["RH", "PN2", "Soporte"],
    ["Caja", "PN3", "Ventas"],
  ] as const) {
    const inbox = await connectWhatsApp(system, whatsappInbox(name, number));
    await db.raw(
      "update inboxes set isolated = true, team_id = (select id from teams where name = ?) where id = ?",
      [team, inbox.id],
    );
  }
  const type = await createRecordType(system, "Citas", [
    { label: "Título", kind: "text", options: [], place: "title" },
  ]);
  const assignees = {
    own: ids.ana,
    queue: null,
    team: eva.id,
    other: ids.bruno,
    isolated: ids.bruno,
    isolatedOwn: eva.id,
  };
  const doors = { isolated: "PN2", isolatedOwn: "PN3" } as Partial<Record<Owner, string>>;
  const first = async (table: string, values: object): Promise<string> =>
    String((await db(table).insert(values).returning("id"))[0].id);
  let made = 0;

  async function make(owner: Owner): Promise<Subject> {
    made += 1;
    const id = wamid();
    const from = `52155${String(10_000_000 + made)}`;
    const value = messageValue({ id, from, name: `Persona ${made}`, message: `secreto ${owner}` });
    await deliver(cast, delivery(value, "messages", doors[owner] ?? "PN1"));
    const said = await row<{ id: number; conversation: number; contact: number }>(
      db,
      "select id, conversation_id as conversation, contact_id as contact from messages where external_id = ?",
      [id],
    );
    if (!said) throw new Error("the message did not arrive");
    const { conversation, contact } = said;
    await db("conversations").where({ id: conversation }).update({ assignee_id: assignees[owner] });
    // Whoever may see even what is isolated with the other team.
    const as = await contextOf(system, owner === "isolated" ? ids.bruno : ids.ana);
    const author = { ...as, actor: { ...as.actor, permissions: new Set(permissions) } } as typeof as;
    const one = await openCase(author, conversation, { title: "Caso", topicId: null });
    const note = await addNote(author, conversation, { text: "nota" });
    const commitment = await promise(author, conversation, { text: "llamar", dueOn: null });
    const sendAt = new Date(Date.now() + 3_600_000);
    await scheduleMessage(author, conversation, { text: "luego", sendAt });
    const purchase = await savePurchase(author, contact, `A${made}`, { number: "A" });
    const record = await saveRecord(author, contact, type.id, `R${made}`, { titulo: `Cita ${made}` });
    const interaction = await addInteraction(author, contact, {
      kind: "call",
      at: new Date(),
      summary: "x",
    });
    const extra = await createContact(system, { name: `Otra ${made}` });
    const merge = await mergeContacts(system, contact, extra.id);
    const pick = async (sql: string) => String((await row<{ id: string }>(db, sql))?.id ?? "0");
    const key = await platform.storage.put(Buffer.from("x"));
    const [file] = await db("attachments")
      .insert({
        message_id: said.id,
        kind: "document",
        state: "stored",
        storage_key: key,
        thumbnail_key: key,
        bytes: 1,
      })
      .returning("public_id");
    const step = await db("case_steps")
      .insert({ case_id: one.id, title: "paso", position: 1 })
      .returning("id");
    const company = await first("companies", { name: `Acme ${made}` });
    await db("contacts").where({ id: contact }).update({ company_id: company });
    return {
      company,
      conversation: String(conversation),
      contact: String(contact),
      message: String(said.id),
      file: file.public_id,
      note: String(note.id),
      case: String(one.id),
      commitment: String(commitment),
      scheduled: await pick(`select id from scheduled_messages where conversation_id = ${conversation}`),
      step: String(step[0].id),
      merge: String(merge.id),
      identity: await pick(`select id from contact_identities where contact_id = ${contact} limit 1`),
      interaction: String(interaction.id),
      record: String(record.id),
      purchase: String(purchase.id),
      type: String(type.id),
    };
  }

  await first("roles", { name: "sobrante", permissions: [] });
  const calendar = await first("business_hours", {
    name: "Otro",
    time_zone: "UTC",
    week: "[[],[],[],[],[],[],[]]",
  });
  await first("holidays", { business_hours_id: calendar, on_date: "2030-01-01", name: "Feria", spans: "[]" });
  const firm: Subject = {
    import: await first("imports", {
      kind: "contacts",
      agent_id: ids.diego,
      encoding: "utf-8",
      delimiter: ",",
      header: ["a"],
    }),
    calendar,
    policy: "1",
    team: "1",
    rule: await first("assignment_rules", { name: "R", position: 1, conditions: "{}", actions: "{}" }),
    agent: await first("agents", {
      email: "zoe@firm.test",
      name: "Zoe",
      role_id: db("roles").where({ name: "sobrante" }).select("id"),
      locale: "es",
      time_zone: "UTC",
    }),
    role: await first("roles", { name: "otro", permissions: [] }),
    token: await first("api_tokens", { name: "t", agent_id: eva.id, token_hash: "x" }),
    inbox: String(cast.inbox.id),
    topic: await first("topics", { name: "Tema" }),
    custom_field: await first("custom_fields", { key: "k", label: "K", kind: "text", position: 1 }),
    type: String(type.id),
    tag: await first("tags", { name: "Urgente" }),
    event: await first("inbound_events", {
      channel: "whatsapp",
      body: Buffer.from("{}"),
      state: "quarantined",
      secret_fingerprint: "x",
      received_at: new Date(),
    }),
    kind: "contacts",
    approval: await first("approvals", {
      act: "contacts.erase",
      params: '{"contactId": 1}',
      asked_by_id: ids.bruno,
    }),
    decision: "yes",
    session: "00000000-0000-4000-8000-000000000000",
    external_id: "E1",
    field: "email",
    date: "2030-01-01",
  };
  return { firm, make };
}
