import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";
import { may, type Sight, sightOf } from "./policy.ts";
import { type Agent, findSession, getAgent } from "./queries.ts";

/** What somebody can see and do, with where it comes from. */
export interface Rights {
  agent: Agent;
  permissions: ReadonlySet<string>;
  sight: Sight;
  /** Inboxes that keep their conversations to a team, and whether this person is in it. */
  isolated: { inbox: string; team: string | null; isMember: boolean }[];
  tokens: number;
}

/** @throws NotFound; Forbidden. */
export async function getRights(ctx: Reader, agentId: number): Promise<Rights> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const agent = await getAgent(ctx, agentId);
  const session = await findSession(ctx.db, agentId);
  const isolated = await rows<Rights["isolated"][number]>(
    ctx.db,
    `select i.name as inbox, t.name as team,
       exists (select 1 from team_members m where m.team_id = i.team_id and m.agent_id = ?) as "isMember"
     from inboxes i left join teams t on t.id = i.team_id where i.isolated order by plain(i.name), i.id limit 100`,
    [agentId],
  );
  const [tokens] = await rows<{ n: number }>(
    ctx.db,
    "select count(*)::int as n from api_tokens where agent_id = ? and revoked_at is null and (expires_at is null or expires_at > now())",
    [agentId],
  );
  return {
    agent,
    // Who was deactivated can do nothing, whatever their role holds.
    permissions: session?.actor.permissions ?? new Set(),
    sight: session ? sightOf(session.actor) : null,
    isolated,
    tokens: tokens?.n ?? 0,
  };
}
