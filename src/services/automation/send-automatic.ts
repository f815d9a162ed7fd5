import { languageCode } from "../contacts/language.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import { type AutomaticKind, type AutomaticMessage, fillPlaces } from "./automatic-messages.ts";

/** One that may be sent: places to fill in, and what its answers are called, when it offers some. */
export interface AutomaticSend {
  conversationId: number;
  values?: Record<string, string>;
  /** Ids of the answers that the contact can choose, in the order of the message's options. */
  optionIds?: string[];
}

/** How WhatsApp shows answers: up to three as buttons, more as a list (Meta, "Interactive messages"). */
const mostButtons = 3;

/**
 * Queues an automatic message to each contact that can be reached: in the language of their card, while WhatsApp's window is open, not to
 * whom asked not to be written to. It answers nothing: who waits goes on waiting.
 *
 * @param daily at most once in an episode and a day of the firm's zone.
 * @returns the conversations to which it went.
 */
export async function sendAutomatic(
  tx: Tx,
  message: AutomaticMessage,
  sends: readonly AutomaticSend[],
  { daily, afterSeconds = 0 }: { daily: boolean; afterSeconds?: number },
): Promise<number[]> {
  if (sends.length === 0) return [];
  const reachable = await readReachable(tx, sends, message.kind, daily);
  const bySend = new Map(sends.map((send) => [send.conversationId, send]));
  const queued = reachable.map((to) => {
    const isEnglish = languageCode(to.language) === "en" && message.textEn !== "";
    const send = bySend.get(to.conversationId);
    const titles = isEnglish && message.optionsEn.length > 0 ? message.optionsEn : message.optionsEs;
    const options = (send?.optionIds ?? []).flatMap((id, at) =>
      titles[at] ? [{ id, title: titles[at] }] : [],
    );
    const values = { nombre: to.firstName, empresa: to.firmName, ...send?.values };
    return {
      ...to,
      text: fillPlaces(isEnglish ? message.textEn : message.textEs, values).slice(0, 1024),
      content:
        options.length > 0 ? { options, shownAs: options.length > mostButtons ? "list" : "buttons" } : {},
    };
  });
  const stored = await rows<{ id: number; conversation_id: number }>(
    tx.db,
    `insert into messages (conversation_id, contact_id, inbox_id, identity_id, direction, kind, text, content, author_kind,
       delivery, due_at, sent_at)
     select "conversationId", "contactId", "inboxId", "identityId", 'outbound', 'text', text, content, 'bot', 'queued', now() + make_interval(secs => :after::int), :now
     from jsonb_to_recordset(:queued::jsonb) as q("conversationId" bigint, "contactId" bigint, "inboxId" bigint, "identityId" bigint,
       text text, content jsonb) order by 1
     returning id, conversation_id`,
    { queued: json(queued), now: tx.now(), after: afterSeconds },
  );
  for (const { id, conversation_id: conversationId } of stored) {
    tx.record({ type: "message.queued", conversationId, messageId: id });
  }
  return stored.map(({ conversation_id }) => conversation_id);
}

interface Reachable {
  conversationId: number;
  contactId: number;
  inboxId: number;
  identityId: number;
  language: string;
  firstName: string;
  firmName: string;
}

function readReachable(
  tx: Tx,
  sends: readonly AutomaticSend[],
  kind: AutomaticKind,
  daily: boolean,
): Promise<Reachable[]> {
  return rows(
    tx.db,
    `with wanted as (
       select c.id, c.contact_id, c.last_inbox_id, c.last_identity_id, p.language, split_part(p.name, ' ', 1) as first_name, f.name as firm_name, f.time_zone
       from firm f, conversations c join contacts p on p.id = c.contact_id
         join inboxes x on x.id = c.last_inbox_id and x.deactivated_at is null
         join service_windows w on w.identity_id = c.last_identity_id and w.inbox_id = c.last_inbox_id and w.ends_at > :now
       where c.id = any(:ids::bigint[]) and not p.do_not_contact and p.erased_at is null),
       counted as (insert into automatic_sends (conversation_id, kind, on_date)
         select id, :kind, (now() at time zone time_zone)::date from wanted where :daily::boolean
         on conflict do nothing returning conversation_id)
     select id as "conversationId", contact_id as "contactId", last_inbox_id as "inboxId", last_identity_id as "identityId",
       language, first_name as "firstName", firm_name as "firmName"
     from wanted where not :daily::boolean or id in (select conversation_id from counted) order by id`,
    { ids: sends.map(({ conversationId }) => conversationId), kind, daily, now: tx.now() },
  );
}
