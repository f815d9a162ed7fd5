import type { TimelineEntry, TimelineKind } from "../../services/story/timeline.ts";
import { dayAndClock, dayKey, dayOn, daysAgo, duration, exact, money, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";
import { changeWords, said, spoken } from "./fields.ts";

/** One line of a customer's story. */
export interface EntryView {
  domId: string;
  kind: TimelineKind;
  icon: string;
  when: string;
  exact: string;
  title: string;
  /** State in a word, and whether it waits for somebody. */
  state: string;
  isOpen: boolean;
  /** Facts in one line; then longer texts, each with what it is. */
  facts: string;
  texts: { label: string; text: string }[];
  link: { href: string; words: string; isOutside: boolean } | null;
  /** Its own page part, shown in place when asked for. */
  opens: string | null;
  edit: string | null;
  removal: string | null;
}

const icons: Record<TimelineKind, string> = {
  conversation: "message-circle",
  case: "clipboard-list",
  purchase: "shopping-bag",
  interaction: "calendar",
  record: "contact",
  note: "sticky-note",
  survey: "gauge",
  commitment: "clock",
  change: "pencil-line",
};

type Part = Omit<EntryView, "domId" | "kind" | "icon" | "when" | "exact">;
const nothing: Part = {
  title: "",
  state: "",
  isOpen: false,
  facts: "",
  texts: [],
  link: null,
  opens: null,
  edit: null,
  removal: null,
};

export function presentEntry(contactId: number, entry: TimelineEntry, viewer: Viewer): EntryView {
  return {
    domId: domId(entry.kind, entry.id),
    kind: entry.kind,
    icon: icons[entry.kind],
    when: dayAndClock(entry.at, viewer.now, viewer),
    exact: exact(entry.at, viewer),
    ...partOf(contactId, entry, viewer),
  };
}

const facts = (...parts: (string | null | undefined | false)[]) => parts.filter(Boolean).join(" · ");
const isLink = (url: string) => /^https?:\/\//.test(url) && URL.canParse(url);

function partOf(contactId: number, entry: TimelineEntry, viewer: Viewer): Part {
  const t = translateFor(viewer.locale);
  const { id } = entry;
  const day = (at: string) => shortDay(new Date(at), viewer.now, viewer);
  const texts = (...labelled: [label: string, text: string][]) =>
    labelled.flatMap(([label, text]) => (text ? [{ label, text }] : []));
  switch (entry.kind) {
    case "conversation": {
      const { data } = entry;
      return {
        ...nothing,
        title: data.preview || t(`kind.${data.previewKind}`),
        state: t(`status.${data.status}`),
        isOpen: data.status !== "resolved",
        facts: facts(
          data.inboxes.join(", "),
          data.agents.length > 0
            ? t("timeline.attended", { names: data.agents.join(", ") })
            : t("timeline.unattended"),
          t("timeline.messages", { n: data.messages }),
          data.topic,
          data.resolvedAt &&
            t("cases.resolved_by", { name: data.resolvedBy ?? t("agent.hilo"), date: day(data.resolvedAt) }),
        ),
        texts: texts([t("closing.summary"), data.summary]),
        link: { href: `/conversations/${id}`, words: t("timeline.open_conversation"), isOutside: false },
        opens: `/conversations/${id}/transcript`,
      };
    }
    case "case": {
      const { data } = entry;
      return {
        ...nothing,
        title: data.title,
        state: t(data.status === "open" ? "cases.is_open" : "cases.is_resolved"),
        isOpen: data.status === "open",
        facts: facts(data.topic !== data.title && data.topic, data.resolvedAt && day(data.resolvedAt)),
        texts: texts([t("cases.state"), data.stateNote], [t("cases.solution"), data.solution]),
        link: {
          href: `/conversations/${data.conversationId}`,
          words: t("timeline.open_conversation"),
          isOutside: false,
        },
      };
    }
    case "purchase": {
      const { data } = entry;
      const items = data.items.flatMap(({ name, quantity }) =>
        name ? [quantity && quantity > 1 ? `${quantity} × ${name}` : name] : [],
      );
      return {
        ...nothing,
        title: facts(`#${data.number || data.externalId}`, items.join(", ")),
        state: data.returnedAt ? t("purchases.returned", { date: day(data.returnedAt) }) : data.status,
        facts: data.amount && data.currency ? money(Number(data.amount), data.currency, viewer.locale) : "",
        link: isLink(data.trackingUrl)
          ? { href: data.trackingUrl, words: t("purchases.track"), isOutside: true }
          : null,
        edit: viewer.permissions.has("purchases.edit") ? `/contacts/${contactId}/purchases/${id}` : null,
      };
    }
    case "interaction": {
      const { data } = entry;
      return {
        ...nothing,
        title: facts(t(`interactions.${data.interaction}`), data.summary),
        facts: facts(data.seconds !== null && duration(data.seconds, viewer.locale), data.by),
        texts: texts(
          [t("interactions.participants"), data.participants],
          [t("interactions.agreements"), data.agreements],
          [t("interactions.next_step"), data.nextStep],
        ),
        link: isLink(data.url)
          ? {
              href: data.url,
              words: new URL(data.url).hostname + new URL(data.url).pathname,
              isOutside: true,
            }
          : null,
      };
    }
    case "record": {
      const { data } = entry;
      return {
        ...nothing,
        title: facts(data.type, data.title),
        state: data.state,
        facts: Object.entries(data.values)
          .filter(([, value]) => ![data.title, data.state].includes(String(value)))
          .filter(([, value]) => String(value).slice(0, 10) !== dayKey(entry.at, viewer))
          .map(([key, value]) => `${spoken(key)}: ${said(value, t)}`)
          .join(" · "),
        edit: viewer.permissions.has("contacts.edit") ? `/contacts/${contactId}/records/${id}` : null,
      };
    }
    case "note": {
      const { data } = entry;
      const { wrapUp } = data;
      return {
        ...nothing,
        title: wrapUp ? wrapUp.text || t("wrap_up.short") : data.text,
        facts: facts(data.by ?? t("agent.gone"), data.pinned && t("notes.pinned")),
        texts: wrapUp
          ? texts(
              [t("wrap_up.problem"), wrapUp.problem],
              [t("wrap_up.action"), wrapUp.action],
              [t("wrap_up.next_step"), wrapUp.nextStep],
            )
          : [],
      };
    }
    case "commitment": {
      const { data } = entry;
      const due = data.dueOn === null ? null : dayOn(data.dueOn, viewer);
      return {
        ...nothing,
        title: data.text,
        state: t(data.doneAt ? "timeline.kept" : "timeline.promised"),
        isOpen: !data.doneAt,
        facts: facts(
          data.by,
          due && !data.doneAt && t("commitments.due", { day: daysAgo(due, viewer.now, viewer) }),
        ),
      };
    }
    case "survey": {
      const { data } = entry;
      return {
        ...nothing,
        title: t(`survey.${data.survey}_${data.survey === "confirm" ? data.score : "score"}`, {
          score: data.score,
        }),
        facts: facts(data.about && t("survey.about", { name: data.about })),
        texts: texts([t("survey.comment"), data.comment]),
        link: {
          href: `/conversations/${data.conversationId}`,
          words: t("timeline.open_conversation"),
          isOutside: false,
        },
      };
    }
    case "change": {
      const { data } = entry;
      const words = data.act === "contact.changed" ? changeWords(data.fields, viewer) : [];
      return {
        ...nothing,
        title: facts(data.by ?? t("agent.hilo"), words.length > 0 ? words.join(" · ") : t(`act.${data.act}`)),
      };
    }
  }
}
