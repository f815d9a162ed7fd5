import type { Permission } from "../services/agents/policy.ts";
import type { Reader } from "../services/platform/context.ts";
import { measureCases } from "../services/reports/cases.ts";
import { countScores, listComments } from "../services/reports/comments.ts";
import { listFacts } from "../services/reports/conversations.ts";
import { forecast } from "../services/reports/forecast.ts";
import { type Frame, reach } from "../services/reports/frame.ts";
import { countWeekHours } from "../services/reports/hours.ts";
import { compareBy, type Measures, measureBy } from "../services/reports/measures.ts";
import { countOverTime } from "../services/reports/over-time.ts";
import type { Slice } from "../services/reports/slice.ts";
import { countTodayByHour, standNow } from "../services/reports/today.ts";
import { measureQuality } from "../services/reviews/quality.ts";
import type { Viewer } from "../views/index.ts";
import { columns } from "../views/reports/columns.ts";
import { fieldsOf, figureFieldsOf } from "../views/reports/measured.ts";
import type { Report } from "../views/reports/model.ts";
import {
  abandonmentReport,
  contactReport,
  promisesReport,
  satisfactionReport,
} from "../views/reports/outcomes.ts";
import { doorsReport, groupsReport, salesReport, summaryReport } from "../views/reports/overview.ts";
import type { Look } from "../views/reports/parts.ts";
import { qualityReport } from "../views/reports/quality.ts";
import { forecastReport, hoursReport, todayReport } from "../views/reports/work.ts";
import { type Period, wholeOf } from "./report-period.ts";

/** What a report is made with. */
export interface Asking {
  /** Of the reader, on the database that reports read. */
  ctx: Reader;
  viewer: Viewer;
  /** Of the page's address: what only some reports ask. */
  query: Record<string, unknown>;
  frame: Frame;
  slice: Slice;
  look: Look;
}

const targets: (keyof Measures)[] = [
  "firstMet",
  "firstMissed",
  "nextMet",
  "nextMissed",
  "resolutionMet",
  "resolutionMissed",
];
const misses = 50;
const quoted = 3;
const mostQuoted = 50;

/** Every report, in the order of the page: what it asks and how it is put. `usual`: the period of whoever names none; `only`: it has no other. */
export const reports: Record<
  string,
  { usual?: Period; only?: Period; needs: Permission | null; make: (asking: Asking) => Promise<Report> }
> = {
  summary: {
    needs: null,
    async make({ ctx, slice, look }) {
      const [total, overTime, topics, agents, inboxes, comments] = await Promise.all([
        compareBy(ctx, slice, "all", figureFieldsOf(columns.summaryFigures)),
        countOverTime(ctx, slice),
        measureBy(ctx, slice, "topic", fieldsOf(columns.summaryTopics)),
        measureBy(ctx, slice, "agent", fieldsOf(columns.summaryAgents)),
        measureBy(ctx, slice, "inbox", fieldsOf(columns.summaryInboxes)),
        listComments(ctx, slice, true, quoted),
      ]);
      const isOwn = reach(ctx.actor) === "own";
      return summaryReport(look, { total, overTime, topics, agents, inboxes, comments, isOwn });
    },
  },
  today: {
    only: "today",
    needs: null,
    async make({ ctx, slice, look }) {
      const [now, hours, total] = await Promise.all([
        standNow(ctx),
        countTodayByHour(ctx, slice),
        measureBy(ctx, slice, "all", figureFieldsOf(columns.todayFigures)),
      ]);
      return todayReport(look, now, hours, total, slice.timeZone);
    },
  },
  agents: { needs: "reports.see", make: (asking) => groups(asking, "agents", "agent") },
  teams: { needs: "reports.see", make: (asking) => groups(asking, "teams", "team") },
  doors: {
    needs: "reports.see",
    make: async ({ ctx, slice, look }) =>
      doorsReport(
        look,
        ...(await Promise.all([
          measureBy(ctx, slice, "inbox", fieldsOf(columns.doors)),
          measureBy(ctx, slice, "channel", fieldsOf(columns.doors)),
        ])),
      ),
  },
  topics: { usual: "last_28", needs: "reports.see", make: (asking) => groups(asking, "topics", "topic") },
  promises: {
    needs: "reports.see",
    async make({ ctx, slice, look }) {
      const [total, missed] = await Promise.all([
        compareBy(ctx, slice, "all", [...figureFieldsOf(columns.promisesFigures), ...targets]),
        listFacts(ctx, slice, "missed", { before: null, limit: misses }),
      ]);
      return promisesReport(look, total, missed);
    },
  },
  hours: {
    usual: "last_28",
    needs: "reports.see",
    async make({ ctx, query, frame, slice, look }) {
      const found = await countWeekHours(ctx, slice);
      return hoursReport(look, found, {
        level: (wholeOf(query.level, 50, 99) ?? 80) / 100,
        within: wholeOf(query.within, 10, 86_400) ?? frame.promised ?? 300,
        handling: found.handling ?? 0,
        atOnce: wholeOf(query.at_once, 1, 20) ?? 1,
      });
    },
  },
  satisfaction: {
    usual: "last_28",
    needs: "reports.see",
    async make({ ctx, frame, slice, look }) {
      const [total, agents, scores, comments] = await Promise.all([
        compareBy(ctx, slice, "all", figureFieldsOf(columns.satisfactionFigures)),
        measureBy(ctx, slice, "agent", fieldsOf(columns.rated)),
        countScores(ctx, slice),
        listComments(ctx, slice, false, mostQuoted),
      ]);
      return satisfactionReport(look, { total, agents, scores, comments, low: frame.lowScore });
    },
  },
  contact: {
    usual: "last_28",
    needs: "reports.see",
    make: async ({ ctx, slice, look }) =>
      contactReport(
        look,
        ...(await Promise.all([
          compareBy(ctx, slice, "all", figureFieldsOf(columns.contactFigures)),
          measureBy(ctx, slice, "topic", fieldsOf(columns.settled)),
          measureCases(ctx, slice),
        ])),
      ),
  },
  abandonment: {
    usual: "last_28",
    needs: "reports.see",
    make: async ({ ctx, slice, look }) =>
      abandonmentReport(
        look,
        ...(await Promise.all([
          compareBy(ctx, slice, "all", figureFieldsOf(columns.left)),
          measureBy(ctx, slice, "team", fieldsOf(columns.left)),
          measureBy(ctx, slice, "inbox", fieldsOf(columns.left)),
          listFacts(ctx, slice, "abandoned", { before: null, limit: misses }),
        ])),
      ),
  },
  sales: {
    usual: "last_28",
    needs: "reports.see",
    async make({ ctx, slice, look }) {
      const fields = fieldsOf(columns.sales);
      const [total, topics, agents, inboxes] = await Promise.all([
        compareBy(ctx, slice, "all", fields),
        measureBy(ctx, slice, "topic", fields),
        measureBy(ctx, slice, "agent", fields),
        measureBy(ctx, slice, "inbox", fields),
      ]);
      return salesReport(look, total, { topics, agents, inboxes });
    },
  },
  quality: {
    usual: "last_90",
    needs: "reviews.score",
    make: async ({ ctx, slice, look }) => qualityReport(look, await measureQuality(ctx, slice)),
  },
  forecast: {
    usual: "last_365",
    needs: "reports.see",
    make: async ({ ctx, viewer, slice, look }) =>
      forecastReport(look, await forecast(ctx, slice, viewer.now)),
  },
};

async function groups(
  { ctx, slice, look }: Asking,
  name: "agents" | "teams" | "topics",
  dimension: "agent" | "team" | "topic",
): Promise<Report> {
  const [found, total] = await Promise.all([
    compareBy(ctx, slice, dimension, fieldsOf(columns.groups)),
    compareBy(ctx, slice, "all", figureFieldsOf(columns.groupsFigures)),
  ]);
  return groupsReport(look, name, found, total);
}
