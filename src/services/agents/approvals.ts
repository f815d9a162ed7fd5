import { watch } from "../platform/changes.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { may } from "./policy.ts";

/** What a firm may mark as sensitive. */
export const sensitiveActs = ["contacts.export", "contacts.erase", "roles.change"] as const;
export type SensitiveAct = (typeof sensitiveActs)[number];
/**
 * With any mark on, taking one away waits too, and so does whatever lets somebody in as somebody: an invitation, a link, a second
 * factor taken away, an account that is back. Else one person would make themselves the second.
 */
type Asked = SensitiveAct | "approvals.change" | "access.change";

/** A question stands for so many days; a yes is good for so many hours. */
const questionDays = 7;
const yesHours = 24;
/** Questions of one person that wait: more would hide those of others. */
const mostOpen = 20;

/** The act waits for a second person, who has been asked. */
export class ApprovalNeeded extends Conflict {
  override name = "ApprovalNeeded";
  constructor() {
    super("approvals.needed");
  }
}

/**
 * Lets a sensitive act through when somebody else has said yes to this very act, else asks them. The yes is used up by the
 * transaction that acts: two at once do not both get through.
 *
 * @param params what the act is about, as it was and will be asked.
 * @returns what the acting transaction does first. @throws ApprovalNeeded.
 */
export async function approved(
  ctx: Context,
  act: Asked,
  params: Record<string, unknown>,
): Promise<(tx: Tx) => Promise<void>> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return async () => {};
  const acts = await getApprovalActs(ctx);
  const always = act === "approvals.change" || act === "access.change";
  if (always ? acts.length === 0 : !acts.includes(act)) return async () => {};
  const given = await row<{ id: number }>(
    ctx.db,
    `select id from approvals where asked_by_id = :by and act = :act and params = :params::jsonb and is_given and used_at is null
       and decided_at > now() - make_interval(hours => ${yesHours}) limit 1`,
    { by: actor.id, act, params: json(params) },
  );
  if (!given) {
    await ask(ctx, actor.id, act, params);
    throw new ApprovalNeeded();
  }
  return async (tx) => {
    const used = await row(
      tx.db,
      "update approvals set used_at = now() where id = ? and used_at is null returning 1",
      [given.id],
    );
    if (!used) throw new ApprovalNeeded();
  };
}

async function ask(ctx: Context, by: number, act: Asked, params: Record<string, unknown>): Promise<void> {
  await transact(ctx, async (tx) => {
    await tx.db.raw(
      `delete from approvals where asked_by_id = ? and decided_at is null and asked_at < now() - make_interval(days => ${questionDays})`,
      [by],
    );
    const made = await row(
      tx.db,
      "insert into approvals (act, params, asked_by_id) values (:act, :params::jsonb, :by) on conflict do nothing returning id",
      { act, params: json(params), by },
    );
    if (!made) return;
    const open = await row<{ n: number }>(
      tx.db,
      "select count(*)::int as n from approvals where asked_by_id = ? and decided_at is null",
      [by],
    );
    if ((open?.n ?? 0) > mostOpen) throw new Conflict("approvals.too_many");
    tx.record(null, { act: "approval.asked", agentId: by, data: { act, ...params } });
    for (const { id } of await deciders(tx)) tx.record({ type: "agent.alerted", agentId: id });
  });
}

const deciders = ({ db }: Pick<Tx, "db">) =>
  rows<{ id: number; name: string }>(
    db,
    `select a.id, a.name from agents a join roles r on r.id = a.role_id
     where a.deactivated_at is null and (a.password_hash is not null or a.sso_subject is not null) and 'approvals.decide' = any(r.permissions) order by a.name limit 100`,
  );

export interface Approval {
  id: number;
  act: Asked;
  params: Record<string, unknown>;
  askedById: number;
  askedBy: string;
  askedAt: Date;
  decidedBy: string | null;
  isGiven: boolean | null;
  /** Given, and good for its act now. */
  isReady: boolean;
  isUsed: boolean;
}

/** One's own questions and, for who decides, everybody's: open ones first. */
export async function listApprovals(ctx: Reader): Promise<Approval[]> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return [];
  return rows(
    ctx.db,
    `select p.id, p.act, p.params, p.asked_by_id as "askedById", a.name as "askedBy", p.asked_at as "askedAt", d.name as "decidedBy",
       p.is_given as "isGiven", p.used_at is not null as "isUsed",
       coalesce(p.is_given and p.used_at is null and p.decided_at > now() - make_interval(hours => ${yesHours}), false) as "isReady"
     from approvals p join agents a on a.id = p.asked_by_id left join agents d on d.id = p.decided_by_id
     where (p.asked_by_id = :id or :decides) and (p.decided_at is not null or p.asked_at > now() - make_interval(days => ${questionDays}))
     order by p.decided_at is not null, p.id desc limit 100`,
    { id: actor.id, decides: may(actor, "approvals.decide") },
  );
}

/** How many questions wait for this person, and how many of theirs were answered with a yes that is still good. */
export async function countApprovals(ctx: Reader): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return 0;
  const found = await row<{ n: number }>(
    ctx.db,
    `select (case when :decides then (select count(*) from approvals where decided_at is null and asked_by_id <> :id
         and asked_at > now() - make_interval(days => ${questionDays})) else 0 end
       + (select count(*) from approvals where asked_by_id = :id and is_given and used_at is null
         and decided_at > now() - make_interval(hours => ${yesHours})))::int as n`,
    { id: actor.id, decides: may(actor, "approvals.decide") },
  );
  return found?.n ?? 0;
}

/** Says yes or no to somebody else's question. @throws Forbidden; NotFound when it is one's own, decided or too old. */
export function decideApproval(ctx: Context, id: number, isGiven: boolean): Promise<void> {
  return transact(ctx, async (tx) => {
    const { actor } = tx;
    if (actor.kind !== "agent" || !may(actor, "approvals.decide")) throw new Forbidden();
    const decided = await row<{ act: string; params: Record<string, unknown>; by: number }>(
      tx.db,
      `update approvals set decided_by_id = :actor, decided_at = now(), is_given = :isGiven
       where id = :id and decided_at is null and asked_by_id <> :actor and asked_at > now() - make_interval(days => ${questionDays})
       returning act, params, asked_by_id as by`,
      { id, actor: actor.id, isGiven },
    );
    if (!decided) throw new NotFound();
    tx.record(
      { type: "agent.alerted", agentId: decided.by },
      {
        act: isGiven ? "approval.given" : "approval.refused",
        agentId: decided.by,
        data: { act: decided.act, ...decided.params },
      },
    );
    for (const one of await deciders(tx)) tx.record({ type: "agent.alerted", agentId: one.id });
  });
}

export async function getApprovalActs(ctx: Pick<Reader, "db">): Promise<SensitiveAct[]> {
  const firm = await row<{ acts: SensitiveAct[] }>(ctx.db, "select approval_acts as acts from firm");
  return firm?.acts ?? [];
}

/**
 * Marks what waits for a second person. @throws Forbidden; ApprovalNeeded to take a mark away; Invalid when fewer than two
 * people could decide: one asks and another answers.
 */
export async function saveApprovalActs(ctx: Context, acts: readonly SensitiveAct[]): Promise<void> {
  if (!may(ctx.actor, "firm.manage")) throw new Forbidden();
  const known = await getApprovalActs(ctx);
  const wanted = sensitiveActs.filter((one) => acts.includes(one));
  const takesAway = known.some((one) => !wanted.includes(one));
  const use = takesAway ? await approved(ctx, "approvals.change", { acts: wanted }) : async () => {};
  await transact(ctx, async (tx) => {
    await use(tx);
    if (wanted.length > 0 && (await deciders(tx)).length < 2)
      throw new Invalid({ acts: "approvals.two_needed" });
    const changes = await watch(tx.db, "firm", { id: true });
    await tx.db.raw("update firm set approval_acts = ?", [wanted]);
    tx.record({ type: "firm.changed" }, { act: "approvals.changed", data: await changes() });
  });
}
