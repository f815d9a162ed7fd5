import type { Comment } from "../../services/reports/comments.ts";
import type { Compared, Group } from "../../services/reports/measures.ts";
import { inTime } from "../../services/reports/measures.ts";
import type { Moment, Step } from "../../services/reports/over-time.ts";
import { drawBars } from "./charts.ts";
import { columns } from "./columns.ts";
import { channelName, ends, quotes, topicName } from "./lists.ts";
import type { Report, Section } from "./model.ts";
import { count, inWords } from "./numbers.ts";
import { bare, figure, groupTable, type Look, timeSection } from "./parts.ts";

type OverTime = { step: Step; moments: Moment[] };

/** The page that a meeting looks at: everything that matters, on one sheet. */
export function summaryReport(
  look: Look,
  data: {
    total: Compared;
    overTime: OverTime;
    topics: Group[];
    agents: Group[];
    inboxes: Group[];
    comments: Comment[];
    isOwn: boolean;
  },
): Report {
  const [now, before] = ends(data.total);
  return {
    name: "summary",
    figures: columns.summaryFigures.map((name) => figure(look, name, now, before)),
    sections: [
      timeSection(look, data.overTime),
      ...(data.isOwn ? [] : [groupTable(look, "agents", data.agents, columns.summaryAgents, "agent")]),
      groupTable(look, "topics", data.topics.slice(0, 8), columns.summaryTopics, "topic", topicName(look)),
      groupTable(look, "inboxes", data.inboxes, columns.summaryInboxes, "door"),
      quotes(look, "low_comments", data.comments),
    ],
  };
}

/** One row for each of a kind, with everything that is counted. */
export function groupsReport(
  look: Look,
  name: "agents" | "teams" | "topics",
  data: Compared,
  total: Compared,
): Report {
  const [now, before] = ends(total);
  const param = { agents: "agent", teams: "team", topics: "topic" }[name];
  const nameOf = name === "topics" ? topicName(look) : undefined;
  return {
    name,
    figures: columns.groupsFigures.map((one) => figure(look, one, now, before)),
    sections: [
      { ...groupTable(look, name, data.now, columns.groups, param, nameOf, data.before), isWide: true },
      ...topBars(look, name, data),
    ],
  };
}

/** The ten biggest, as bars beside each other. */
function topBars(look: Look, name: string, { now, before }: Compared): Section[] {
  const top = now.slice(0, 10);
  if (top.length < 2) return [];
  const was = new Map(before.map((one) => [one.key, one.conversations]));
  const { locale } = look.viewer;
  const nameOf = (one: Group) => one.name ?? look.t("report.none_of_these");
  return [
    {
      ...bare(look, "biggest"),
      title: look.t(`report.biggest.${name}`),
      bars: drawBars(
        top.map((one) => ({
          name: nameOf(one),
          value: one.conversations,
          before: was.get(one.key) ?? 0,
          title: `${nameOf(one)}: ${one.conversations}`,
        })),
        {
          label: look.t("report.biggest_label", {
            name: nameOf(top[0] as Group),
            n: top[0]?.conversations ?? 0,
          }),
          key: { now: look.t("report.this_period"), before: look.t("report.period_before") },
          say: (n) => count(n, locale),
          isTime: false,
        },
      ),
      isWide: true,
    },
  ];
}

/** Inboxes and channels, and how far apart they are: nobody chooses a door to be answered later. */
export function doorsReport(look: Look, inboxes: Group[], channels: Group[]): Report {
  return {
    name: "doors",
    figures: [
      gap(look, "first_response", inboxes),
      gap(look, "in_time", inboxes),
      gap(look, "first_response", channels, "channels"),
    ],
    sections: [
      {
        ...groupTable(look, "channels", channels, columns.doors, "channel", channelName(look)),
        isWide: true,
      },
      { ...groupTable(look, "inboxes", inboxes, columns.doors, "door"), isWide: true },
    ],
  };
}

function gap(look: Look, name: "first_response" | "in_time", groups: readonly Group[], of = "inboxes") {
  const { locale } = look.viewer;
  const kind = name === "in_time" ? ("percent" as const) : ("time" as const);
  const known = groups.flatMap((one) => {
    return (name === "in_time" ? inTime(one) : one.firstResponse) ?? [];
  });
  const value = known.length > 1 ? Math.max(...known) - Math.min(...known) : null;
  return {
    name: look.t(`report.gap.${of}_${name}`),
    value: inWords(value, kind, locale),
    change: "",
    more: value === null ? look.t("report.gap.one") : "",
    level: "" as const,
    how: look.t("report.how.gap"),
    href: null,
  };
}

/** What was sold or booked of what could be: where agents say what came of it. */
export function salesReport(
  look: Look,
  total: Compared,
  by: Record<"topics" | "agents" | "inboxes", Group[]>,
): Report {
  const [now, before] = ends(total);
  const marked = (groups: Group[]) => groups.filter(({ won, lost }) => won + lost > 0);
  const empty = look.t("report.no_outcomes");
  return {
    name: "sales",
    figures: columns.salesFigures.map((name) => figure(look, name, now, before)),
    sections: [
      { ...groupTable(look, "topics", marked(by.topics), columns.sales, "topic", topicName(look)), empty },
      { ...groupTable(look, "inboxes", marked(by.inboxes), columns.sales, "door"), empty },
      { ...groupTable(look, "agents", marked(by.agents), columns.sales, "agent"), empty, isWide: true },
    ],
  };
}
