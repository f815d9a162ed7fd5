import { findSession } from "../agents/queries.ts";
import { openCase } from "../cases/open-case.ts";
import { listCases } from "../cases/queries.ts";
import { describeCase } from "../cases/status.ts";
import { setStep } from "../cases/steps.ts";
import { listTopics } from "../cases/topics.ts";
import { translate } from "../channels/whatsapp/inbound.ts";
import { assign } from "../conversations/assign.ts";
import { addNote } from "../conversations/note.ts";
import { getConversation } from "../conversations/queries.ts";
import { reply } from "../conversations/reply.ts";
import { resolve, setPending } from "../conversations/status.ts";
import { receive } from "../intake/receive.ts";
import type { InboundEvent } from "../intake/types.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { type AgentKey, demoPicture, type Line } from "./week.ts";

export interface Step {
  who: string;
  /** As their profile says. */
  name: string;
  line: Line;
  /** No two have the same: messages are told apart by it. */
  position: number;
  inboxId: number;
  agentIds: ReadonlyMap<AgentKey, number>;
}

/** What a customer or an agent does, through the services, at the time of `system`. */
export async function play(system: Context, step: Step): Promise<void> {
  const { line } = step;
  if (!("by" in line) || line.by === undefined) return contactWrites(system, step);
  const agent = await as(system, step, line.by);
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

/** One of the demo's agents, at the time of `system`. */
export async function as(
  system: Context,
  { agentIds }: Pick<Step, "agentIds">,
  key: AgentKey,
): Promise<Context> {
  const session = await findSession(system.db, agentIds.get(key) ?? 0);
  if (!session) throw new Error("a demo agent is missing");
  return { ...system, actor: session.actor, source: "web" };
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

async function contactWrites(system: Context, { who, name, line, position, inboxId }: Step): Promise<void> {
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

/** The last one of whom this is. */
export async function conversationOf(system: Context, who: string): Promise<number> {
  const found = await row<{ id: number }>(
    system.db,
    `select c.id from conversations c join contact_identities i on i.contact_id = c.contact_id
     where i.external_id = ? order by c.opened_at desc limit 1`,
    [who],
  );
  if (!found) throw new Error("a demo conversation is missing");
  return found.id;
}
