import { converses, may } from "../agents/policy.ts";
import { changesBetween, watch } from "../platform/changes.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { plainWords } from "./rules.ts";

/** What an agent can be given, and how much of it at once. */
export interface Work {
  receives: boolean;
  /** Conversations that wait for an answer, and that are open, at the same time. */
  maxWaiting: number;
  maxOpen: number;
  skills: string[];
  teamIds: number[];
  /** Hours of their own; null: they say themselves when they are there. */
  businessHoursId: number | null;
}

const mostSkills = 20;

export async function getWork(ctx: Reader, agentId: number): Promise<Work> {
  const found = converses(ctx.actor)
    ? await row<Work>(
        ctx.db,
        `select receives, max_waiting as "maxWaiting", max_open as "maxOpen", business_hours_id as "businessHoursId",
           coalesce((select array_agg(skill order by skill) from agent_skills where agent_id = a.id), '{}') as skills,
           coalesce((select array_agg(team_id) from team_members where agent_id = a.id), '{}') as "teamIds"
         from agents a where id = ?`,
        [agentId],
      )
    : null;
  if (!found) throw new NotFound();
  return found;
}

/** @throws Forbidden, NotFound; Invalid for a cap that is none, or too many skills. */
export function saveWork(ctx: Context, agentId: number, work: Work): Promise<void> {
  if (!may(ctx.actor, "routing.manage")) throw new Forbidden();
  for (const [field, cap] of [
    ["maxWaiting", work.maxWaiting],
    ["maxOpen", work.maxOpen],
  ] as const)
    if (!Number.isInteger(cap) || cap < 0 || cap > 1000) throw new Invalid({ [field]: "work.cap" });
  const skills = [...new Set(work.skills.map((skill) => plainWords(skill).trim()).filter(Boolean))];
  if (skills.length > mostSkills || skills.some((skill) => skill.length > 60))
    throw new Invalid({ skills: "work.skills" }, { n: mostSkills });
  return transact(ctx, async (tx) => {
    const changes = await watch(tx.db, "agents", { id: agentId });
    const before = await belongings(tx, agentId);
    const teams = await rows<{ id: number }>(
      tx.db,
      "select team_id as id from team_members where agent_id = ?",
      [agentId],
    );
    const moves = teams.length !== work.teamIds.length || teams.some(({ id }) => !work.teamIds.includes(id));
    // A team may keep an inbox to itself: who is in it is more than what is given to whom.
    if (moves && !may(tx.actor, "teams.manage")) throw new Forbidden();
    const n = await tx.db("agents").where({ id: agentId }).update({
      receives: work.receives,
      max_waiting: work.maxWaiting,
      max_open: work.maxOpen,
      business_hours_id: work.businessHoursId,
    });
    if (n !== 1) throw new NotFound();
    await tx.db.raw("delete from agent_skills where agent_id = ? and not skill = any(?::text[])", [
      agentId,
      skills,
    ]);
    await tx.db.raw(
      "insert into agent_skills (agent_id, skill) select ?, unnest(?::text[]) on conflict do nothing",
      [agentId, skills],
    );
    await tx.db.raw("delete from team_members where agent_id = ? and not team_id = any(?::bigint[])", [
      agentId,
      work.teamIds,
    ]);
    await tx.db.raw(
      "insert into team_members (team_id, agent_id) select id, ? from teams where id = any(?::bigint[]) and archived_at is null on conflict do nothing",
      [agentId, work.teamIds],
    );
    const data = { ...(await changes()), ...changesBetween(before, await belongings(tx, agentId)) };
    tx.record({ type: "agent.changed", agentId }, { act: "agent.work_changed", agentId, data });
  });
}

/** What hangs on an agent in other tables. */
const belongings = async (tx: Tx, agentId: number) =>
  (await row<{ skills: string[]; teams: string[] }>(
    tx.db,
    `select coalesce((select array_agg(skill order by skill) from agent_skills where agent_id = :agentId), '{}') as skills,
       coalesce((select array_agg(t.name order by t.name) from team_members m join teams t on t.id = m.team_id where m.agent_id = :agentId), '{}') as teams`,
    { agentId },
  )) as Record<string, unknown> | undefined;
