import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import type { Agent } from "./queries.ts";

/** A sign of life is written at most this often for each agent. Seconds. */
const livesSeconds = 45;

/**
 * One says whether one is there. Away may say why and until when; then it is said to colleagues, not kept by a clock.
 *
 * @throws Forbidden; Invalid when the time of return is past or beyond a month.
 */
export async function setAvailability(
  ctx: Context,
  availability: Agent["availability"],
  away: { reason?: string | undefined; backAt?: Date | null | undefined } = {},
): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const reason = (away.reason ?? "").toWellFormed().replaceAll("\0", "").trim();
  if (reason.length > 120) throw new Invalid({ reason: "availability.reason_length" });
  const ahead = away.backAt ? away.backAt.getTime() - ctx.now().getTime() : 1;
  if (!(ahead > 0 && ahead < 31 * 86_400_000)) throw new Invalid({ back_at: "availability.back_time" });
  await transact(ctx, async (tx) => {
    const changed = await row(
      tx.db,
      `update agents set availability = :availability, availability_source = 'hand', away_reason = :reason, back_at = :backAt,
         availability_changed_at = case when availability = :availability then availability_changed_at else now() end, last_seen_at = now()
       where id = :id and (availability, away_reason) is distinct from (:availability, :reason)
         or id = :id and (back_at is distinct from :backAt::timestamptz or availability_source <> 'hand') returning id`,
      {
        id: actor.id,
        availability,
        reason: availability === "online" ? "" : reason,
        backAt: availability === "away" ? (away.backAt ?? null) : null,
      },
    );
    if (!changed) return;
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: `agent.${availability}`, agentId: actor.id, data: reason ? { reason } : {} },
    );
  });
}

/**
 * Somebody is at the keyboard. Whoever was away only because nothing was heard of them is online again; what one said
 * oneself stays.
 */
export async function noteActivity(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return;
  const before = await row<{ was: string }>(
    ctx.db,
    `update agents a set last_seen_at = now(),
       availability = case when a.availability <> 'online' and a.availability_source = 'inactivity' then 'online' else a.availability end,
       availability_changed_at = case when a.availability <> 'online' and a.availability_source = 'inactivity' then now() else a.availability_changed_at end,
       availability_source = case when a.availability_source = 'inactivity' then 'hand' else a.availability_source end
     from (select id, availability_source from agents where id = :id for no key update) b where a.id = b.id
       and (a.last_seen_at is null or a.last_seen_at < now() - make_interval(secs => ${livesSeconds}) or b.availability_source = 'inactivity')
     returning b.availability_source as was`,
    { id: actor.id },
  );
  if (before?.was !== "inactivity") return;
  await transact(ctx, async (tx) => {
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: "agent.online", agentId: actor.id, data: { by: "activity" } },
    );
  });
}

/** Who signs in is there. */
export async function arrive(ctx: Context): Promise<void> {
  await setAvailability(ctx, "online");
}

/** Who signs out of their last session is not. */
export async function depart(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return;
  const other = await row(
    ctx.db,
    "select 1 from sessions where expire > now() and sess #>> '{passport,user,id}' = ? limit 1",
    [String(actor.id)],
  );
  if (!other) await setAvailability(ctx, "offline");
}
