import { converses, may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import type { Strategy } from "./types.ts";

/** Who answers together, how what is theirs is given out, and when they attend. */
export interface Team {
  id: number;
  name: string;
  strategy: Strategy;
  /** Null: the firm's. */
  businessHoursId: number | null;
  memberIds: number[];
}

export function listWholeTeams(ctx: Reader): Promise<Team[]> {
  if (!converses(ctx.actor)) return Promise.resolve([]);
  return rows(
    ctx.db,
    `select t.id, t.name, t.strategy, t.business_hours_id as "businessHoursId",
       coalesce((select array_agg(agent_id order by agent_id) from team_members where team_id = t.id), '{}') as "memberIds"
     from teams t where t.archived_at is null order by plain(t.name), t.id limit 200`,
  );
}

/** @throws Forbidden, NotFound; Invalid for a name that is missing or taken. */
export function saveTeam(ctx: Context, id: number | null, team: Omit<Team, "id">): Promise<void> {
  const name = team.name.toWellFormed().replaceAll("\0", "").trim();
  if (name === "" || name.length > 80) throw new Invalid({ name: "teams.name_length" });
  return change(ctx, async (tx) => {
    const other = await row<{ id: number; archived: boolean }>(
      tx.db,
      "select id, archived_at is not null as archived from teams where plain(name) = plain(:name) and id is distinct from :id::bigint",
      { name, id },
    );
    if (other && (id !== null || !other.archived)) throw new Invalid({ name: "teams.name_taken" });
    const values = {
      name,
      strategy: team.strategy,
      business_hours_id: team.businessHoursId,
      archived_at: null,
    };
    const teamId = id ?? other?.id ?? null;
    const changes = await watch(tx.db, "teams", teamId === null ? null : { id: teamId });
    const [saved] =
      teamId === null
        ? await tx.db("teams").insert(values, "id")
        : await tx.db("teams").where({ id: teamId }).update(values, "id");
    if (!saved) throw new NotFound();
    const touched = await rows<{ agent_id: number }>(
      tx.db,
      `with gone as (delete from team_members where team_id = :id and not agent_id = any(:members::bigint[]) returning agent_id),
         come as (insert into team_members (team_id, agent_id) select :id, id from agents where id = any(:members::bigint[])
           on conflict do nothing returning agent_id)
       select agent_id from gone union select agent_id from come`,
      { id: saved.id, members: team.memberIds },
    );
    // What they see changes with it, also on pages that are open.
    for (const { agent_id } of touched) tx.record({ type: "agent.changed", agentId: agent_id });
    const moved = touched.map(({ agent_id }) => agent_id);
    return {
      act: "team.saved",
      data: { teamId: saved.id, name, changes: await changes({ id: saved.id }), moved },
    };
  });
}

/** Its open conversations are of no team from now on. @throws Conflict while an inbox belongs to it. */
export function archiveTeam(ctx: Context, id: number): Promise<void> {
  return change(ctx, async (tx) => {
    const used = await row(
      tx.db,
      "select 1 from inboxes where team_id = ? and deactivated_at is null limit 1",
      [id],
    );
    if (used) throw new Conflict("teams.in_use");
    const ruled = await row<{ name: string }>(
      tx.db,
      "select name from assignment_rules where (actions ->> 'teamId')::bigint = ? order by position limit 1",
      [id],
    );
    if (ruled) throw new Conflict("teams.in_rule", { rule: ruled.name });
    const gone = await row<{ name: string }>(
      tx.db,
      "update teams set archived_at = now() where id = ? and archived_at is null returning name",
      [id],
    );
    if (!gone) throw new NotFound();
    const members = await rows<{ agent_id: number }>(
      tx.db,
      "delete from team_members where team_id = ? returning agent_id",
      [id],
    );
    const freed = await rows<{ id: number }>(
      tx.db,
      `update conversations set team_id = null where id in (select id from conversations where team_id = ? and status <> 'resolved'
         order by id for update) returning id`,
      [id],
    );
    await keepClocks(
      tx,
      freed.map((one) => one.id),
    );
    for (const one of freed) tx.record({ type: "conversation.changed", conversationId: one.id });
    for (const { agent_id } of members) tx.record({ type: "agent.changed", agentId: agent_id });
    return { act: "team.archived", data: { teamId: id, name: gone.name } };
  });
}

async function change(
  ctx: Context,
  work: (tx: Tx) => Promise<{ act: string; data: Record<string, unknown> }>,
): Promise<void> {
  if (!may(ctx.actor, "teams.manage")) throw new Forbidden();
  await transact(ctx, async (tx) => {
    tx.record({ type: "firm.changed" }, await work(tx));
  });
}
