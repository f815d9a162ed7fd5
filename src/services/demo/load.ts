import { createAgent } from "../agents/agent.ts";
import { getFirm } from "../agents/firm.ts";
import { may } from "../agents/policy.ts";
import { countAgents, findSession } from "../agents/queries.ts";
import { openCase } from "../cases/open-case.ts";
import { listCases } from "../cases/queries.ts";
import { describeCase } from "../cases/status.ts";
import { setStep } from "../cases/steps.ts";
import { listTopics, saveTopic } from "../cases/topics.ts";
import { translate } from "../channels/whatsapp/inbound.ts";
import { savePurchase } from "../contacts/purchases.ts";
import { updateContact } from "../contacts/save-contact.ts";
import { assign } from "../conversations/assign.ts";
import { addNote } from "../conversations/note.ts";
import { getConversation } from "../conversations/queries.ts";
import { reply } from "../conversations/reply.ts";
import { resolve, setPending } from "../conversations/status.ts";
import { connectWhatsApp } from "../inboxes/connect.ts";
import { receive } from "../intake/receive.ts";
import type { InboundEvent } from "../intake/types.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { randomToken } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { sweepClocks } from "../sla/sweep-clocks.ts";
import { targetNames } from "../sla/types.ts";
import { demoContact, describeTrade } from "./trade.ts";
import {
  type AgentKey,
  demoAgents,
  demoCards,
  demoInbox,
  demoPeople,
  demoPicture,
  demoTopics,
  demoWeek,
  type Line,
} from "./week.ts";

/** Whether the demo can be loaded: nothing was ever connected or written. */
export async function canLoadDemo(ctx: Pick<Context, "db">): Promise<boolean> {
  const used = await row(ctx.db, "select 1 from inboxes union all select 1 from contacts limit 1");
  return used === null;
}

/**
 * Fills an empty Hilo with the demo's week by doing what people and providers do, at the times they did it. A firm
 * that was set up keeps its name and its people.
 *
 * @param password of the demo's people; absent, nobody can sign in as one of them.
 * @throws Conflict when there is an inbox or a contact: it must never mix with real data. Forbidden.
 */
export async function loadDemo(ctx: Context, password?: string): Promise<void> {
  if (!may(ctx.actor, "firm.manage")) throw new Forbidden();
  if (!(await canLoadDemo(ctx))) throw new Conflict("demo.not_empty");
  const start = ctx.now();
  const isNew = (await countAgents(ctx.db)) === 0;
  const system = systemContext(ctx, () => new Date(start.getTime() - 8 * 86_400_000));
  if (isNew)
    await system.db("firm").update({ name: "Casa Roble", set_up_at: start, set_up_token_hash: null });
  const inbox = await connectWhatsApp(system, {
    ...demoInbox,
    businessAccountId: demoInbox.accountId,
    address: demoInbox.displayPhone,
    accessToken: randomToken(),
    appSecret: randomToken(),
    verifyToken: randomToken(),
    demo: true,
  });
  const { timeZone } = await getFirm(ctx.db);
  const agentIds = new Map<AgentKey, number>();
  for (const { key, ...agent } of demoAgents) {
    // In a firm of its own nobody may get in through the demo: no known password, and no second administrator.
    const role = isNew || agent.role !== "admin" ? agent.role : "supervisor";
    const made = await createAgent(system, {
      ...agent,
      role,
      password: password ?? randomToken(),
      locale: "es",
      timeZone,
    });
    agentIds.set(key, made.id);
  }
  for (const topic of demoTopics) await saveTopic(system, null, topic);
  const policies = await promiseNothing(system);
  const steps = demoWeek.flatMap(({ who, lines }) => lines.map((line) => ({ who, line })));
  steps.sort((a, b) => b.line.ago - a.line.ago);
  for (const [position, { who, line }] of steps.entries()) {
    const at = new Date(start.getTime() - line.ago * 60_000);
    await play(
      systemContext(ctx, () => at),
      { who, line, position, inboxId: inbox.id, agentIds },
    );
  }
  await settleClocks(systemContext(ctx), policies);
  await describePeople(systemContext(ctx));
  await describeTrade(systemContext(ctx), (phone) => demoContact(ctx, phone));
}

/** While the week is played nothing is promised: its hours pass in seconds, and the ladder would climb all of them. @returns what was. */
async function promiseNothing(ctx: Context): Promise<{ id: number; targets: unknown }[]> {
  const policies = await rows<{ id: number; targets: unknown }>(
    ctx.db,
    "select id, targets from sla_policies",
  );
  const none = Object.fromEntries(targetNames.map((name) => [name, null]));
  await ctx.db.raw("update sla_policies set targets = ?", [json(none)]);
  return policies;
}

/** Clocks count by the database's time, to which the whole week happened just now: only what still waits is kept, from when it began. */
async function settleClocks(
  ctx: Context,
  policies: readonly { id: number; targets: unknown }[],
): Promise<void> {
  await transact(ctx, async (tx) => {
    await tx.db.raw(
      "update sla_policies s set targets = p.targets from jsonb_to_recordset(?::jsonb) as p(id bigint, targets jsonb) where s.id = p.id",
      [json(policies)],
    );
    await tx.db.raw("select id from conversations order by id for update");
    await tx.db.raw("delete from escalations");
    await tx.db.raw("delete from alerts");
    await tx.db.raw("delete from sla_clocks");
    await tx.db.raw("update conversations set flagged_at = null where flagged_at is not null");
  });
  await sweepClocks(ctx);
  // Everybody of the demo is there, and nobody goes away because nobody sits behind them.
  await ctx.db.raw(
    "update agents set availability = 'online', availability_changed_at = now(), last_seen_at = now()",
  );
  await ctx.db.raw("update firm set inactive_minutes = 0");
}

interface Step {
  who: string;
  line: Line;
  position: number;
  inboxId: number;
  agentIds: ReadonlyMap<AgentKey, number>;
}

async function play(system: Context, step: Step): Promise<void> {
  const { line } = step;
  if (!("by" in line) || line.by === undefined) return contactWrites(system, step);
  const session = await findSession(system.db, step.agentIds.get(line.by) ?? 0);
  if (!session) throw new Error("a demo agent is missing");
  const agent: Context = { ...system, actor: session.actor, source: "web" };
  const conversationId = await conversationOf(system, step.who);
  if ("note" in line) await addNote(agent, conversationId, { text: line.note });
  else if ("assign" in line)
    await assign(agent, conversationId, { agentId: step.agentIds.get(line.assign) ?? null });
  else if ("opens" in line) {
    const topic = (await listTopics(agent)).find(({ name }) => name === line.opens);
    await openCase(agent, conversationId, { title: line.opens, topicId: topic?.id ?? null });
  } else if ("ticks" in line || "state" in line) await moveCase(agent, conversationId, line);
  else if ("act" in line) await (line.act === "resolve" ? resolve : setPending)(agent, conversationId);
  else if ("text" in line) {
    const message = await reply(agent, conversationId, { text: line.text ?? "" });
    await deliverToDesk(system, step.inboxId, {
      statuses: ["sent", "delivered", "read"].map((status) => ({
        id: `wamid.DEMO${step.position}`,
        status,
        timestamp: String(Math.floor(system.now().getTime() / 1000)),
        biz_opaque_callback_data: String(message.id),
      })),
    });
  }
}

async function moveCase(
  agent: Context,
  conversationId: number,
  line: { ticks: string } | { state: string },
): Promise<void> {
  const { contactId } = await getConversation(agent, conversationId);
  const [open] = await listCases(agent, contactId, 1);
  if (!open) throw new Error("a demo case is missing");
  if ("state" in line) await describeCase(agent, open.id, line.state);
  else await setStep(agent, open.id, open.steps.find(({ title }) => title === line.ticks)?.id ?? 0, true);
}

async function contactWrites(system: Context, { who, line, position, inboxId }: Step): Promise<void> {
  const name = demoPeople.find(({ id }) => id === who)?.name ?? "";
  const timestamp = String(Math.floor(system.now().getTime() / 1000));
  const base = { from: who, id: `wamid.DEMO${position}`, timestamp };
  let said: Record<string, unknown> = { type: "text", text: { body: "text" in line ? line.text : "" } };
  if ("react" in line) {
    const target = await row<{ external_id: string }>(
      system.db,
      `select m.external_id from messages m join contact_identities i on i.contact_id = m.contact_id
       where i.external_id = ? and m.direction = 'outbound' order by m.sent_at desc limit 1`,
      [who],
    );
    said = { type: "reaction", reaction: { message_id: target?.external_id, emoji: line.react } };
  } else if ("kind" in line && line.kind === "location") {
    said = {
      type: "location",
      location: { latitude: 25.6714, longitude: -100.309, name: line.text, address: "Monterrey" },
    };
  } else if ("kind" in line) {
    said = { type: "image", image: { id: demoPicture, mime_type: "image/jpeg", caption: line.text } };
  }
  await deliverToDesk(system, inboxId, {
    contacts: [{ profile: { name }, wa_id: who }],
    messages: [{ ...base, ...said }],
  });
}

/** Through the translator and the desk, as every delivery. */
async function deliverToDesk(
  system: Context,
  inboxId: number,
  value: Record<string, unknown>,
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ entry: [{ changes: [{ field: "messages", value }] }] }));
  const { events } = translate(body, system.now());
  await transact(system, (tx) =>
    receive(
      tx,
      "whatsapp",
      events.map((event: InboundEvent) => ({ inboxId, isolatedInboxId: null, event }) as never),
    ),
  );
}

async function conversationOf(system: Context, who: string): Promise<number> {
  const found = await row<{ id: number }>(
    system.db,
    `select c.id from conversations c join contact_identities i on i.contact_id = c.contact_id
     where i.external_id = ? order by c.opened_at desc limit 1`,
    [who],
  );
  if (!found) throw new Error("a demo conversation is missing");
  return found.id;
}

/** Tags, cards and purchases: what a shop's own programs would have told. */
async function describePeople(system: Context): Promise<void> {
  for (const { who, tags } of demoWeek) {
    if (tags) await updateContact(system, await demoContact(system, who), { tags });
  }
  for (const { who, card, purchases } of demoCards) {
    const id = await demoContact(system, who);
    await updateContact(system, id, card);
    for (const one of purchases) {
      await savePurchase(system, id, one.id, {
        number: one.id,
        placedAt: new Date(system.now().getTime() - one.ago * 86_400_000).toISOString(),
        amount: one.amount,
        currency: "MXN",
        status: one.status,
        deliveryWindow: one.window,
        items: one.items.map((name) => ({ name })),
      });
    }
  }
}
