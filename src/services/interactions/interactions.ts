import { may } from "../agents/policy.ts";
import { storeCommitment } from "../commitments/commitments.ts";
import { lockContact } from "../contacts/lock-contact.ts";
import { visibleTo } from "../contacts/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { holdMerging } from "../platform/locks.ts";
import type { MessageKey } from "../platform/message-key.ts";
import { transact } from "../platform/transact.ts";
import type { Interaction, InteractionKind } from "./types.ts";

export interface NewInteraction {
  kind: InteractionKind;
  at: Date;
  seconds?: number | null | undefined;
  summary?: string | undefined;
  url?: string | undefined;
  participants?: string | undefined;
  agreements?: string | undefined;
  nextStep?: string | undefined;
  /** With a day the next step is promised, and stands over the customer until it is kept. */
  nextStepDueOn?: string | null | undefined;
  /** The same again changes the one that is there. */
  externalId?: string | null | undefined;
  clientToken?: string | undefined;
}

const longest = { summary: 2000, url: 500, participants: 500, agreements: 2000, nextStep: 300 } as const;

const columns = `x.id, x.contact_id as "contactId", x.kind, x.at, x.seconds, x.summary, x.url, x.participants, x.agreements,
  x.next_step as "nextStep", x.external_id as "externalId", a.name as "agentName", x.created_at as "createdAt"`;

/** Notes what happened with a customer. The same `clientToken` gives the same. @throws NotFound, Forbidden, Invalid. */
export function addInteraction(ctx: Context, ownerId: number, given: NewInteraction): Promise<Interaction> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "interactions.edit")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    const [stored] = await store(tx, [{ ...checked(given), contactId }]);
    if (!stored) throw new NotFound();
    const { id, isNew } = stored;
    if (!isNew) return getInteraction(tx, contactId, id);
    if (given.nextStepDueOn) {
      const promised = { text: given.nextStep ?? "", dueOn: given.nextStepDueOn };
      await storeCommitment(tx, { contactId, conversationId: null, isolatedInboxId: null }, promised);
    }
    tx.record(
      { type: "contact.changed", contactId },
      { act: "interaction.added", contactId, data: { interactionId: id, kind: given.kind } },
    );
    return getInteraction(tx, contactId, id);
  });
}

/** The caller has loaded the contact. */
export async function getInteraction(
  ctx: Pick<Reader, "db">,
  contactId: number,
  id: number,
): Promise<Interaction> {
  const found = await row<Interaction>(
    ctx.db,
    `select ${columns} from interactions x left join agents a on a.id = x.agent_id where x.id = ? and x.contact_id = ?`,
    [id, contactId],
  );
  if (!found) throw new NotFound();
  return found;
}

/** What was noted was wrong. @throws NotFound, Forbidden. */
export function deleteInteraction(ctx: Context, ownerId: number, id: number): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "interactions.edit")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    await getInteraction(tx, contactId, id);
    await tx.db("interactions").where({ id }).delete();
    tx.record(
      { type: "contact.changed", contactId },
      { act: "interaction.deleted", contactId, data: { interactionId: id } },
    );
  });
}

/**
 * Many at once, all or none, for programs; one statement whatever their number.
 *
 * @returns ids in the order given.
 * @throws Forbidden; NotFound when one of the contacts is unknown or hidden; Invalid (`<index>.<field>` → why).
 */
export function addInteractions(
  ctx: Context,
  given: readonly (NewInteraction & { contactId: number })[],
): Promise<number[]> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "interactions.edit")) throw new Forbidden();
    await holdMerging(tx);
    const visible = visibleTo(tx.actor);
    const known = await rows<{ id: number; owner: number }>(
      tx.db,
      `select g.id, p.id as owner from unnest(:ids::bigint[]) g(id) left join contacts o on o.id = g.id
         join contacts p on p.id = coalesce(o.merged_into_id, g.id) where ${visible.sql}`,
      { ...visible.bindings, ids: [...new Set(given.map(({ contactId }) => contactId))] },
    );
    const owners = new Map(known.map(({ id, owner }) => [id, owner]));
    const faults: Record<string, MessageKey> = {};
    const clean = given.map((one, index) => {
      const contactId = owners.get(one.contactId);
      if (contactId === undefined) throw new NotFound();
      try {
        return { ...checked(one), contactId };
      } catch (error) {
        if (!(error instanceof Invalid)) throw error;
        for (const [field, key] of Object.entries(error.fields)) faults[`${index}.${field}`] = key;
        return { ...one, contactId };
      }
    });
    if (Object.keys(faults).length > 0) throw new Invalid(faults);
    const ids = (await store(tx, clean)).map(({ id }) => id);
    for (const contactId of new Set(owners.values())) {
      const count = clean.filter((one) => one.contactId === contactId).length;
      tx.record(
        { type: "contact.changed", contactId },
        { act: "interaction.imported", contactId, data: { count } },
      );
    }
    return ids;
  });
}

async function store(
  tx: Reader,
  given: readonly (NewInteraction & { contactId: number })[],
): Promise<{ id: number; isNew: boolean }[]> {
  const agentId = tx.actor.kind === "agent" ? tx.actor.id : null;
  return rows<{ id: number; isNew: boolean }>(
    tx.db,
    `with given as (select * from jsonb_to_recordset(:given::jsonb) as g(place int, "contactId" bigint, kind text, at timestamptz,
         seconds int, summary text, url text, participants text, agreements text, "nextStep" text, "externalId" text, token uuid)),
     last as (select distinct on ("contactId", coalesce("externalId", place::text)) * from given
       order by "contactId", coalesce("externalId", place::text), place desc),
     stored as (insert into interactions (contact_id, kind, at, seconds, summary, url, participants, agreements, next_step,
         external_id, client_token, agent_id, created_at)
       select "contactId", kind, at, seconds, coalesce(summary, ''), coalesce(url, ''), coalesce(participants, ''),
         coalesce(agreements, ''), coalesce("nextStep", ''), "externalId", token, :agentId, :now
       from last where not exists (select 1 from interactions i where i.client_token = last.token)
       on conflict (contact_id, external_id) where external_id is not null do update
         set kind = excluded.kind, at = excluded.at, seconds = excluded.seconds, summary = excluded.summary, url = excluded.url,
           participants = excluded.participants, agreements = excluded.agreements, next_step = excluded.next_step
       returning id, contact_id, external_id, client_token, xmax = 0 as fresh)
     select s.id, s.fresh as "isNew", g.place from given g join stored s on s.contact_id = g."contactId" and case
       when g."externalId" is null then s.client_token = g.token else s.external_id = g."externalId" end
     union select i.id, false, g.place from given g join interactions i on i.client_token = g.token and i.contact_id = g."contactId"
     order by place`,
    {
      given: json(
        given.map((one, place) => ({ ...one, place, token: one.clientToken ?? crypto.randomUUID() })),
      ),
      agentId,
      now: tx.now(),
    },
  );
}

/** @throws Invalid. */
function checked(given: NewInteraction): NewInteraction {
  const faults: Record<string, MessageKey> = {};
  const clean: NewInteraction = { ...given };
  for (const field of Object.keys(longest) as (keyof typeof longest)[]) {
    const text = (given[field] ?? "").toWellFormed().replaceAll("\0", "").trim();
    if (text.length > longest[field]) faults[field] = "interactions.too_long";
    clean[field] = text;
  }
  if (clean.url && !(URL.canParse(clean.url) && /^https?:/.test(clean.url))) faults.url = "interactions.url";
  if (Number.isNaN(given.at.getTime())) faults.at = "interactions.time";
  const empty = !clean.summary && !clean.url && !clean.participants && !clean.agreements && !clean.nextStep;
  if (empty && given.seconds == null) faults.summary = "interactions.empty";
  if (Object.keys(faults).length > 0) throw new Invalid(faults);
  return clean;
}
