import { casesSql, toCase } from "../cases/queries.ts";
import type { Case } from "../cases/types.ts";
import { type Commitment, commitmentsSql } from "../commitments/commitments.ts";
import { type PurchaseSummary, purchasesSql, toPurchaseSummary } from "../contacts/purchases.ts";
import { purchasesSeen } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { MediaKind, MessageKind, Note, Status } from "../conversations/types.ts";
import type { Reader } from "../platform/context.ts";
import { asJson, row, withTimes } from "../platform/database.ts";
import { type ContactRecord, recordsSql } from "../records/queries.ts";

/** An earlier or current conversation of a contact. */
export interface Episode {
  id: number;
  status: Status;
  preview: string;
  previewKind: MessageKind;
  assigneeName: string | null;
  isolatedInboxId: number | null;
  openedAt: Date;
  lastActivityAt: Date;
}

/** What is known of a contact before a word is typed, in one question to the database. */
export interface Story {
  episodes: Episode[];
  episodeCount: number;
  /** Who answered last, in whatever conversation the actor sees; null when nobody ever did. */
  attended: { name: string; at: Date; text: string; kind: MessageKind } | null;
  notes: Note[];
  files: { publicId: string; kind: MediaKind; fileName: string; hasThumbnail: boolean }[];
  /** Open ones first. */
  cases: Case[];
  caseCount: number;
  purchases: PurchaseSummary;
  /** What was promised: open ones, the nearest due first, then those just kept. */
  commitments: Commitment[];
  /** Of the firm's trade: those that lie ahead and the newest. */
  records: ContactRecord[];
}

const mostEpisodes = 8;
const mostNotes = 5;
const mostPinned = 10;
const mostFiles = 8;
const mostCases = 6;
const mostRecords = 5;

/** The story of contact `:contactId`; each part is narrowed to the conversations that the actor sees. */
export function storySql(ctx: Reader): { sql: string; bindings: Record<string, unknown> } {
  const visible = visibleTo(ctx.actor);
  const cases = casesSql(ctx.actor, mostCases);
  const commitments = commitmentsSql(ctx);
  const sql = `with seen as materialized (select c.id, c.status, c.preview, c.preview_kind, c.assignee_id, c.isolated_inbox_id, c.opened_at, c.last_activity_at, c.merged_into_id
       from conversations c where c.contact_id = :contactId and ${visible.sql})
     select (select count(*)::int from seen where merged_into_id is null) as "episodeCount",
       (select jsonb_agg(e order by e."openedAt" desc, e.id desc) from (
          select s.id, s.status, s.preview, s.preview_kind as "previewKind", a.name as "assigneeName", s.isolated_inbox_id as "isolatedInboxId",
            s.opened_at as "openedAt", s.last_activity_at as "lastActivityAt"
          from seen s left join agents a on a.id = s.assignee_id where s.merged_into_id is null order by s.opened_at desc, s.id desc limit ${mostEpisodes}) e) as episodes,
       (select to_jsonb(l) from (
          select a.name, m.sent_at as at, left(m.text, 160) as text, m.kind from messages m join agents a on a.id = m.author_agent_id
          where m.contact_id = :contactId and m.shown and m.author_kind = 'agent' and m.conversation_id in (select id from seen)
          order by m.sent_at desc, m.id desc limit 1) l) as attended,
       (select jsonb_agg(n order by n.pinned desc, n."createdAt" desc, n.id desc) from (
          select n.id, n.conversation_id as "conversationId", n.contact_id as "contactId", n.agent_id as "agentId",
            a.name as "agentName", n.text, n.wrap_up as "wrapUp", n.pinned, n.created_at as "createdAt"
          from (select n.*, row_number() over (partition by n.pinned order by n.created_at desc, n.id desc) as place from notes n
            where n.contact_id = :contactId and (n.conversation_id is null or n.conversation_id in (select id from seen))) n
            left join agents a on a.id = n.agent_id
          where n.place <= case when n.pinned then ${mostPinned} else ${mostNotes} end) n) as notes,
       (select jsonb_agg(f) from (
          select f.public_id as "publicId", f.kind, f.file_name as "fileName", f.thumbnail_key is not null as "hasThumbnail"
          from attachments f join messages m on m.id = f.message_id
          where f.contact_id = :contactId and f.state = 'stored' and m.revoked_at is null and m.conversation_id in (select id from seen)
          order by f.id desc limit ${mostFiles}) f) as files,
       ${asJson(cases.sql)} as cases,
       (select count(*)::int from cases k where k.contact_id = :contactId and ${cases.visible}) as "caseCount",
       ${purchasesSeen(ctx.actor) === "true" ? `(select to_json(s) from (${purchasesSql}) s)` : "null::json"} as purchases,
       ${asJson(commitments.sql)} as commitments, ${asJson(recordsSql(mostRecords))} as records`;
  return { sql, bindings: { ...visible.bindings, ...cases.bindings, ...commitments.bindings } };
}

/** As the database tells it: empty parts are null, times are text. */
export type StoryRow = { [Part in keyof Story]: Story[Part] | null };

export function toStory(found: StoryRow | null): Story {
  return {
    episodeCount: found?.episodeCount ?? 0,
    episodes: (found?.episodes ?? []).map((one) => withTimes(one, "openedAt", "lastActivityAt")),
    attended: found?.attended ? withTimes(found.attended, "at") : null,
    notes: (found?.notes ?? []).map((one) => withTimes(one, "createdAt")),
    files: found?.files ?? [],
    cases: (found?.cases ?? []).map(toCase),
    caseCount: found?.caseCount ?? 0,
    purchases: toPurchaseSummary(found?.purchases ?? null),
    commitments: (found?.commitments ?? []).map((one) => withTimes(one, "promisedAt")),
    records: (found?.records ?? []).map((one) => withTimes(one, "at", "createdAt", "updatedAt")),
  };
}

/** The caller has loaded the contact. */
export async function getStory(ctx: Reader, contactId: number): Promise<Story> {
  const { sql, bindings } = storySql(ctx);
  return toStory(await row<StoryRow>(ctx.db, sql, { ...bindings, contactId }));
}
