import { visibleTo as visibleCases } from "../cases/policy.ts";
import { visibleTo as visibleCommitments } from "../commitments/commitments.ts";
import { purchasesSeen, shownChange } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { MessageKind, Status } from "../conversations/types.ts";
import type { FieldValues } from "../fields/types.ts";
import type { InteractionKind } from "../interactions/types.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** What happened with a customer, each kind with what its line shows. Times inside `data` are text. */
export type TimelineData =
  | {
      kind: "conversation";
      data: {
        status: Status;
        inboxes: string[];
        agents: string[];
        preview: string;
        previewKind: MessageKind;
        messages: number;
        resolvedAt: string | null;
        resolvedBy: string | null;
        topic: string;
        summary: string;
      };
    }
  | {
      kind: "survey";
      data: {
        survey: "confirm" | "csat" | "nps";
        score: number;
        comment: string;
        about: string | null;
        conversationId: number;
      };
    }
  | {
      kind: "case";
      data: {
        title: string;
        status: "open" | "resolved";
        stateNote: string;
        solution: string;
        topic: string | null;
        conversationId: number;
        resolvedAt: string | null;
      };
    }
  | {
      kind: "purchase";
      data: {
        number: string;
        externalId: string;
        amount: string | null;
        currency: string | null;
        status: string;
        trackingUrl: string;
        returnedAt: string | null;
        items: { name?: string; quantity?: number }[];
      };
    }
  | {
      kind: "interaction";
      data: {
        interaction: InteractionKind;
        seconds: number | null;
        summary: string;
        url: string;
        participants: string;
        agreements: string;
        nextStep: string;
        by: string | null;
      };
    }
  | {
      kind: "record";
      data: { type: string; title: string; state: string; values: FieldValues; typeId: number };
    }
  | {
      kind: "note";
      data: {
        text: string;
        wrapUp: { text: string; problem: string; action: string; nextStep: string } | null;
        by: string | null;
        pinned: boolean;
        conversationId: number | null;
      };
    }
  | {
      kind: "commitment";
      data: { text: string; dueOn: string | null; by: string | null; doneAt: string | null };
    }
  | {
      kind: "change";
      data: { act: string; by: string | null; fields: Record<string, { from?: unknown; to?: unknown }> };
    };

export type TimelineKind = TimelineData["kind"];
export const timelineKinds = [
  "conversation",
  "case",
  "purchase",
  "interaction",
  "record",
  "note",
  "commitment",
  "survey",
  "change",
] as const satisfies TimelineKind[];

/** `micros`: its time as Postgres keeps it, in microseconds since 1970. */
export type TimelineEntry = { id: number; at: Date; micros: number } & TimelineData;

/** Where a page goes on from: the last entry shown. Milliseconds would not do: two rows of one would be taken for one. */
export interface TimelineCursor {
  micros: number;
  kind: TimelineKind;
  id: number;
}

/** `<micros>-<kind>-<id>`, as addresses carry it. */
export const writeCursor = ({ micros, kind, id }: TimelineCursor): string => `${micros}-${kind}-${id}`;

/** Null when the text is no cursor. */
export function readCursor(text: string | undefined): TimelineCursor | null {
  const [, micros, kind, id] = /^(-?\d{1,17})-([a-z]+)-(\d{1,15})$/.exec(text ?? "") ?? [];
  const known = timelineKinds.find((one) => one === kind);
  return known ? { micros: Number(micros), kind: known, id: Number(id) } : null;
}

interface Source {
  /** Rows of contact `:contactId` that the actor may see, and the columns that order them. */
  from: string;
  where: string;
  at: string;
  id: string;
  /** One row `x` as its line shows it. */
  data: string;
}

const by = (column: string) => `(select name from agents where id = ${column})`;

function sources(ctx: Reader): { of: Record<TimelineKind, Source>; bindings: Record<string, unknown> } {
  const visible = visibleTo(ctx.actor);
  const cases = visibleCases(ctx.actor);
  const commitments = visibleCommitments(ctx.actor);
  return {
    bindings: { ...visible.bindings, ...cases.bindings, ...commitments.bindings },
    of: {
      conversation: {
        from: "conversations c",
        where: `c.contact_id = :contactId and c.merged_into_id is null and ${visible.sql}`,
        at: "c.opened_at",
        id: "c.id",
        data: `select x.status, x.preview, x.preview_kind as "previewKind", x.resolved_at as "resolvedAt", ${by("x.resolved_by_id")} as "resolvedBy", coalesce((select name from topics where id = x.topic_id), '') as topic, x.summary,
          (select count(*)::int from messages m where m.conversation_id = x.id and m.shown) as messages,
          coalesce((select json_agg(distinct i.name) from messages m join inboxes i on i.id = m.inbox_id where m.conversation_id = x.id and m.shown), '[]') as inboxes,
          coalesce((select json_agg(distinct a.name) from messages m join agents a on a.id = m.author_agent_id where m.conversation_id = x.id and m.shown), '[]') as agents
          from conversations x where x.id = p.id`,
      },
      case: {
        from: "cases k",
        where: `k.contact_id = :contactId and ${cases.sql}`,
        at: "k.opened_at",
        id: "k.id",
        data: `select x.title, x.status, x.state_note as "stateNote", x.solution, t.name as topic, x.conversation_id as "conversationId",
          x.resolved_at as "resolvedAt" from cases x left join topics t on t.id = x.topic_id where x.id = p.id`,
      },
      purchase: {
        from: "purchases u",
        where: `u.contact_id = :contactId and ${purchasesSeen(ctx.actor)}`,
        at: "coalesce(u.placed_at, u.created_at)",
        id: "u.id",
        data: `select x.number, x.external_id as "externalId", x.amount::text, x.currency, x.status, x.tracking_url as "trackingUrl",
          x.returned_at as "returnedAt", x.items from purchases x where x.id = p.id`,
      },
      interaction: {
        from: "interactions i",
        where: "i.contact_id = :contactId",
        at: "i.at",
        id: "i.id",
        data: `select x.kind as interaction, x.seconds, x.summary, x.url, x.participants, x.agreements, x.next_step as "nextStep",
          ${by("x.agent_id")} as by from interactions x where x.id = p.id`,
      },
      record: {
        from: "records r",
        where: "r.contact_id = :contactId",
        at: "r.at",
        id: "r.id",
        data: `select t.name as type, x.record_type_id as "typeId", x.title, x.state, x.values from records x join record_types t on t.id = x.record_type_id where x.id = p.id`,
      },
      note: {
        from: "notes n left join conversations c on c.id = n.conversation_id",
        where: `n.contact_id = :contactId and (n.conversation_id is null or ${visible.sql})`,
        at: "n.created_at",
        id: "n.id",
        data: `select x.text, x.wrap_up as "wrapUp", ${by("x.agent_id")} as by, x.pinned, x.conversation_id as "conversationId" from notes x where x.id = p.id`,
      },
      commitment: {
        from: "commitments w",
        where: `w.contact_id = :contactId and ${commitments.sql}`,
        at: "w.promised_at",
        id: "w.id",
        data: `select x.text, x.due_on::text as "dueOn", ${by("x.promised_by_id")} as by, x.done_at as "doneAt" from commitments x where x.id = p.id`,
      },
      survey: {
        from: "surveys v join conversations c on c.id = v.conversation_id",
        where: `v.contact_id = :contactId and v.answered_at is not null and ${visible.sql}`,
        at: "v.answered_at",
        id: "v.id",
        data: `select x.kind as survey, x.score, x.comment, ${by("x.agent_id")} as about, x.conversation_id as "conversationId" from surveys x where x.id = p.id`,
      },
      change: {
        from: "audit_events e",
        where: `e.contact_id in (select id from contacts where id = :contactId or merged_into_id = :contactId)
          and e.act in ('contact.created', 'contact.changed', 'contact.merged', 'contact.unmerged', 'contact.separated')`,
        at: "e.created_at",
        id: "e.id",
        data: `select x.act, ${by("x.actor_id")} as by, ${shownChange(ctx.actor, "x.data")} as fields from audit_events x where x.id = p.id`,
      },
    },
  };
}

/**
 * A customer's whole story, newest first: each kind is read from its own index down to the page's length, and only what
 * the page shows is looked at closer. The caller has loaded the contact.
 *
 * @param kinds those wanted; all when empty.
 */
export async function listTimeline(
  ctx: Reader,
  contactId: number,
  query: { kinds: readonly TimelineKind[]; before: TimelineCursor | null; limit: number },
): Promise<TimelineEntry[]> {
  const { of, bindings } = sources(ctx);
  const kinds = query.kinds.length > 0 ? query.kinds : timelineKinds;
  const limit = Math.trunc(query.limit);
  const parts = kinds.map((kind) => {
    const { from, where, at, id } = of[kind];
    // Of one moment kinds come in the order of their names, and within a kind the latest first.
    const time = "(timestamptz 'epoch' + :micros::bigint * interval '1 microsecond')";
    const before = query.before
      ? `and (${at} < ${time} or (${at} = ${time} and ('${kind}' > :kind or ('${kind}' = :kind and ${id} < :id))))`
      : "";
    // The second condition of the row comparison lets the index end the scan.
    const bound = query.before ? `and ${at} <= ${time}` : "";
    return `(select '${kind}' as kind, ${id} as id, ${at} as at from ${from} where ${where} ${bound} ${before}
      order by ${at} desc, ${id} desc limit ${limit})`;
  });
  const data = kinds
    .map((kind) => `when '${kind}' then (select to_jsonb(d) from (${of[kind].data}) d)`)
    .join("\n");
  return rows(
    ctx.db,
    `with p as materialized (select * from (${parts.join("\nunion all\n")}) every order by at desc, kind, id desc limit ${limit})
     select p.kind, p.id, p.at, (extract(epoch from p.at) * 1000000)::bigint as micros, case p.kind ${data} end as data from p order by p.at desc, p.kind, p.id desc`,
    {
      ...bindings,
      contactId,
      micros: query.before?.micros ?? null,
      kind: query.before?.kind ?? null,
      id: query.before?.id ?? null,
    },
  );
}
