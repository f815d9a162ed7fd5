import { getFrame, reach } from "../services/reports/frame.ts";
import type { ComposeReport } from "../services/reports/mail-weekly.ts";
import { initials } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { createRender, type Viewer } from "../views/index.ts";
import { lookOf } from "../views/reports/parts.ts";
import { presentHeader } from "../views/reports/present.ts";
import { filterNames, queryOf } from "./report-asked.ts";
import { reports } from "./report-list.ts";
import { sliceOf } from "./report-period.ts";

/** A saved report of the week that ended, as a mail: the same figures and tables, with links to the conversations. */
export const composeReport =
  (baseUrl: string): ComposeReport =>
  async (ctx, { actor, agent }, saved) => {
    const viewer: Viewer = {
      agentId: agent.id,
      name: agent.name,
      initials: initials(agent.name),
      permissions: actor.permissions,
      availability: agent.availability,
      locale: agent.locale,
      timeZone: agent.timeZone,
      now: ctx.now(),
    };
    const known = reports[saved.report];
    if (!known || (known.needs !== null && !actor.permissions.has(known.needs)))
      throw new Error(`${saved.report} is no report of theirs`);
    const reader = { db: ctx.reportsDb, actor, now: ctx.now };
    const frame = await getFrame(reader);
    const query = { ...Object.fromEntries(new URLSearchParams(saved.query)), period: "last_week" };
    const { slice, asked } = sliceOf({ query, viewer }, frame.timeZone);
    // When it is read, last week is another one.
    const week = { ...asked, period: "custom" as const };
    const look = lookOf(
      viewer,
      (is, more = {}, list = "conversations") =>
        `${baseUrl}/reports/${list}?${queryOf({ ...week, ...more }, list === "reviews" ? {} : { is })}`,
      [asked.from, asked.until],
    );
    const report = await known.make({ ctx: reader, viewer, query, frame, slice, look });
    const filters = await filterNames(reader, viewer.locale, slice);
    const header = presentHeader({
      name: saved.report,
      asked,
      frame,
      slice,
      viewer,
      reach: reach(actor),
      filters,
    });
    const t = translateFor(viewer.locale);
    const path = saved.report === "summary" ? "/reports" : `/reports/${saved.report}`;
    const page = `${baseUrl}${path}?${queryOf(week)}`;
    const render = createRender(viewer, {
      nonce: "",
      version: "",
      firmName: frame.firmName,
      isDiskLow: false,
    });
    const figures = report.figures.map(({ name, value, change, more }) =>
      `${name}: ${value} ${[change, more].filter(Boolean).join(" · ")}`.trim(),
    );
    return {
      to: agent.email,
      subject: `${saved.name} · ${header.period}`,
      text: `${header.name}\n${header.period} · ${header.against}\n\n${figures.join("\n")}\n\n${page}\n\n${t("report.mail_why")}\n`,
      html: render("mail/report", { title: saved.name, header, report, page, baseUrl }),
    };
  };
