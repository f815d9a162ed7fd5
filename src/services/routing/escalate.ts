import { alertAgents, alertSupervisors } from "../alerts/alerts.ts";
import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { clockColumns, writeChanges } from "../sla/keep-clocks.ts";
import type { Clock } from "../sla/timekeeping.ts";
import { give, giveBack, loadGiving, lockCandidates, lockGiving } from "./desk.ts";
import { pick, type Unassigned } from "./pick.ts";

/** How many conversations one transaction takes up the ladder. */
const perTransaction = 200;

type Step = "breach" | "alert" | "reassign" | "flag";

/** A clock of which something is due, and whose conversation it is. */
type Due = Clock & { now: number; assigneeId: number | null } & Omit<Unassigned, "id" | "notAgentId">;

/**
 * The ladder, every second: a target that was missed is said to be, whoever supervises hears of what nobody moves, then another
 * agent gets it, and after a day the red flag goes up. Each step once, whatever number of processes looks, by the database's
 * clock; costs by what is due, not by what is open.
 *
 * @returns how many steps were taken.
 */
export async function escalate(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let total = 0;
  for (;;) {
    const due = await row(ctx.db, "select 1 from sla_clocks where next_at <= now() limit 1");
    if (!due) return total;
    const taken = await transact(system, climb);
    total += taken;
    // What is due is in other hands at this moment.
    if (taken === 0) return total;
  }
}

async function climb(tx: Tx): Promise<number> {
  const locked = await rows<{ id: number }>(
    tx.db,
    `select id from conversations where id in (select conversation_id from sla_clocks where next_at <= now() order by next_at limit ${perTransaction})
     order by id for update skip locked`,
  );
  if (locked.length === 0) return 0;
  const due = await rows<Due>(
    tx.db,
    `select ${clockColumns}, floor(extract(epoch from now()) * 1000)::float8 as now, c.assignee_id as "assigneeId", c.team_id as "teamId",
       x.team_id as "isolatedTeamId", c.skill, null as "lastAgentId"
     from sla_clocks k join conversations c on c.id = k.conversation_id left join inboxes x on x.id = c.isolated_inbox_id
     where k.conversation_id = any(:ids::bigint[]) and k.next_at <= now() order by k.next_at, k.id for update of k`,
    { ids: locked.map(({ id }) => id) },
  );
  const steps = due.flatMap((clock) => stepsOf(clock).map((step) => ({ clock, step })));
  const taken = await writeSteps(tx, steps);
  await writeChanges(tx, due.map(withoutDue));
  const of = (step: Step) => taken.filter((one) => one.step === step).map(({ clock }) => clock);
  await breach(tx, of("breach"));
  await alert(tx, of("alert"));
  await flag(tx, of("flag"));
  await reassign(tx, of("reassign"));
  return taken.length;
}

function stepsOf(clock: Due): Step[] {
  const isDue = (at: number | null) => at !== null && at <= clock.now;
  const steps: [Step, boolean][] = [
    ["breach", clock.breachedAt === null && clock.resumedAt !== null && isDue(clock.dueAt)],
    ["alert", isDue(clock.alertAt)],
    ["reassign", isDue(clock.reassignAt)],
    ["flag", isDue(clock.flagAt)],
  ];
  return steps.filter(([, yes]) => yes).map(([step]) => step);
}

function withoutDue(clock: Due): Clock {
  const later = (at: number | null) => (at !== null && at <= clock.now ? null : at);
  const isBreached = clock.resumedAt !== null && later(clock.dueAt) === null;
  return {
    ...clock,
    breachedAt: clock.breachedAt ?? (isBreached ? clock.dueAt : null),
    alertAt: later(clock.alertAt),
    reassignAt: later(clock.reassignAt),
    flagAt: later(clock.flagAt),
  };
}

/** Those that were not taken before: the constraint has the last word. */
async function writeSteps(
  tx: Tx,
  steps: readonly { clock: Due; step: Step }[],
): Promise<{ clock: Due; step: Step }[]> {
  const written = await rows<{ clock_id: number; step: Step }>(
    tx.db,
    `insert into escalations (conversation_id, clock_id, cycle, step)
     select "conversationId", "clockId", cycle, step
       from jsonb_to_recordset(:steps::jsonb) as s("conversationId" bigint, "clockId" bigint, cycle integer, step text)
     on conflict do nothing returning clock_id, step`,
    {
      steps: json(
        steps.map(({ clock, step }) => ({
          conversationId: clock.conversationId,
          clockId: clock.id,
          cycle: step === "breach" || step === "flag" ? 0 : clock.cycle,
          step,
        })),
      ),
    },
  );
  const known = new Set(written.map((one) => `${one.clock_id}/${one.step}`));
  return steps.filter(({ clock, step }) => known.has(`${clock.id}/${step}`));
}

async function breach(tx: Tx, clocks: readonly Due[]): Promise<void> {
  for (const { conversationId, target, dueAt } of clocks) {
    const due = dueAt === null ? null : new Date(dueAt).toISOString();
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "sla.breached", conversationId, data: { target, due } },
    );
  }
}

async function alert(tx: Tx, clocks: readonly Due[]): Promise<void> {
  await alertSupervisors(
    tx,
    clocks.map(({ conversationId }) => conversationId),
    "stalled",
  );
  for (const { conversationId, assigneeId } of clocks) {
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "sla.alerted", conversationId, agentId: assigneeId },
    );
  }
}

async function flag(tx: Tx, clocks: readonly Due[]): Promise<void> {
  if (clocks.length === 0) return;
  const ids = clocks.map(({ conversationId }) => conversationId);
  await tx.db.raw("update conversations set flagged_at = now() where id = any(?::bigint[])", [ids]);
  await alertSupervisors(tx, ids, "neglected");
  for (const conversationId of ids) {
    tx.record({ type: "conversation.changed", conversationId }, { act: "sla.flagged", conversationId });
  }
}

/** To somebody else who fits and has room; else back to the queue, and whoever supervises hears of it. */
async function reassign(tx: Tx, clocks: readonly Due[]): Promise<void> {
  const held = clocks.filter(({ assigneeId }) => assigneeId !== null);
  if (held.length === 0) return;
  await lockGiving(tx);
  const giving = await loadGiving(tx);
  const candidates = await lockCandidates(tx, giving.now);
  const wanted = held.map((clock) => ({ ...clock, id: clock.conversationId, notAgentId: clock.assigneeId }));
  // Taken away by the clock: it goes to somebody also where people otherwise give by hand.
  const strategyOf = (teamId: number | null) => {
    const strategy = giving.strategyOf(teamId);
    return strategy === "manual" ? "least_loaded" : strategy;
  };
  const picks = pick(wanted, candidates, { ...giving, strategyOf });
  await give(
    tx,
    picks.map((one) => ({ ...one, reason: "no_movement" as const })),
  );
  await alertAgents(
    tx,
    picks.map(({ agentId, conversationId }) => ({ agentId, conversationId, kind: "reassigned" as const })),
  );
  const picked = new Set(picks.map(({ conversationId }) => conversationId));
  const left = held.map(({ conversationId }) => conversationId).filter((id) => !picked.has(id));
  await giveBack(tx, left, "no_movement");
  await alertSupervisors(tx, left, "nobody");
}
