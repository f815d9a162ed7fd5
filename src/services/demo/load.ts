import { createAgent } from "../agents/agent.ts";
import { getFirm } from "../agents/firm.ts";
import { may } from "../agents/policy.ts";
import { countAgents } from "../agents/queries.ts";
import { saveTopic } from "../cases/topics.ts";
import { savePurchase } from "../contacts/purchases.ts";
import { updateContact } from "../contacts/save-contact.ts";
import { connectWhatsApp } from "../inboxes/connect.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { randomToken } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { sweepClocks } from "../sla/sweep-clocks.ts";
import { targetNames } from "../sla/types.ts";
import { play } from "./play.ts";
import { demoContact, describeTrade } from "./trade.ts";
import { type AgentKey, demoAgents, demoCards, demoInbox, demoPeople, demoTopics, demoWeek } from "./week.ts";
import { playWeeksBefore, reviewWeeksBefore, settleWeeksBefore } from "./weeks-before.ts";

/** Whether the demo can be loaded: nothing was ever connected or written. */
export async function canLoadDemo(ctx: Pick<Context, "db">): Promise<boolean> {
  const used = await row(ctx.db, "select 1 from inboxes union all select 1 from contacts limit 1");
  return used === null;
}

/**
 * Fills an empty Hilo with the demo's weeks by doing what people and providers do, at the times they did it. A firm
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
  const system = systemContext(ctx, () => new Date(start.getTime() - 40 * 86_400_000));
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
  const scene = { inboxId: inbox.id, agentIds, timeZone };
  const earlier = await playWeeksBefore(ctx, scene);
  const steps = demoWeek.flatMap(({ who, lines }) => lines.map((line) => ({ who, line })));
  steps.sort((a, b) => b.line.ago - a.line.ago);
  for (const [position, { who, line }] of steps.entries()) {
    const at = new Date(start.getTime() - line.ago * 60_000);
    await play(
      systemContext(ctx, () => at),
      { who, name: demoPeople.find(({ id }) => id === who)?.name ?? "", line, position, ...scene },
    );
  }
  await settleClocks(systemContext(ctx), policies);
  await settleWeeksBefore(systemContext(ctx), earlier);
  await reviewWeeksBefore(systemContext(ctx), earlier, scene);
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
