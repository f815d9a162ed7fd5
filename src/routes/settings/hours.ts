import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { getFirm } from "../../services/agents/firm.ts";
import {
  holidayCountries,
  largestICalendar,
  nationalHolidays,
  readICalendar,
} from "../../services/business-hours/holidays.ts";
import { compileCalendar } from "../../services/business-hours/open-time.ts";
import { getCalendar, getFirmCalendar, listCalendars } from "../../services/business-hours/queries.ts";
import {
  deleteBusinessHours,
  deleteException,
  makeDefault,
  saveBusinessHours,
  saveExceptions,
} from "../../services/business-hours/save-business-hours.ts";
import { parseSpans, writeSpans } from "../../services/business-hours/spans.ts";
import type { Calendar } from "../../services/business-hours/types.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { dayAndClock, dayOn, exact, weekdayName } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import type { HoursView } from "../../views/settings/views.ts";
import { requirePermission } from "../guards.ts";
import { receiveFile } from "../receive-file.ts";
import { fragment, redirect } from "../respond.ts";
import { isTimeZone, timeZones } from "../set-up.ts";
import { errorWords, idParam, localTime, parseForm, text, typed } from "../validate.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
const hoursForm = z.object({
  name: text(400),
  timeZone: z.string().max(80).refine(isTimeZone, "set_up.time_zone_unknown"),
  ...Object.fromEntries(weekdays.map((day) => [`day${day}`, text(200).default("")])),
});
const exceptionForm = z.object({ date: text(10), holidayName: text(400), spans: text(200).default("") });
const nationalForm = z.object({
  country: z.enum(holidayCountries),
  year: z
    .string()
    .regex(/^20\d{2}$/, "hours.date")
    .transform(Number),
});

/** When the firm attends: calendars with their week, their holidays and what a moment means in them. */
export const hours: Router = Router();
hours.use("/settings/hours", requirePermission("hours.manage"));

hours.get("/settings/hours", async (req, res) => {
  const all = await listCalendars(req.ctx);
  const t = translateFor(req.viewer.locale);
  const now = req.viewer.now.getTime();
  res.send(
    req.render("settings/hours/index", {
      title: t("hours.title"),
      calendars: all.map((one) => ({
        id: one.id,
        name: one.name,
        timeZone: one.timeZone,
        isDefault: one.isDefault,
        state: t(compileCalendar(one).isOpen(now) ? "hours.open_now" : "hours.closed_now"),
      })),
    }),
  );
});

hours.get("/settings/hours/new", async (req, res) => {
  const { timeZone } = await getFirm(req.ctx.db);
  const week = Object.fromEntries(weekdays.map((day) => [`day${day}`, day < 6 ? "09:00-18:00" : ""]));
  page(req, res, null, { form: { name: "", timeZone, ...week } });
});

hours.post("/settings/hours", (req, res) => save(req, res, null));

hours.get("/settings/hours/:id", async (req, res) => {
  const calendar = await getCalendar(req.ctx, idParam(req.params));
  page(req, res, calendar, { isDefault: calendar.id === (await getFirmCalendar(req.ctx.db)).id });
});

hours.post("/settings/hours/:id", (req, res) => save(req, res, idParam(req.params)));

hours.post("/settings/hours/:id/default", async (req, res) => {
  await makeDefault(req.ctx, idParam(req.params));
  redirect(res, "/settings/hours");
});

hours.post("/settings/hours/:id/removal", async (req, res) => {
  await deleteBusinessHours(req.ctx, idParam(req.params));
  redirect(res, "/settings/hours");
});

hours.post("/settings/hours/:id/holidays", (req, res) =>
  change(req, res, async (id) => {
    const { date, holidayName, spans } = parseForm(exceptionForm, req.body);
    if (date < Temporal.Now.plainDateISO(req.viewer.timeZone).toString())
      throw new Invalid({ date: "hours.date_past" });
    await saveExceptions(req.ctx, id, [
      { date, name: holidayName.trim(), spans: parseSpans(spans, "spans") },
    ]);
  }),
);

hours.post("/settings/hours/:id/holidays/national", (req, res) =>
  change(req, res, async (id) => {
    const { country, year } = parseForm(nationalForm, req.body);
    await saveExceptions(req.ctx, id, await nationalHolidays(country, year), { overwrites: false });
  }),
);

hours.post("/settings/hours/:id/holidays/file", (req, res) =>
  change(req, res, async (id) => {
    const { bytes } = await receiveFile(req, largestICalendar);
    const today = Temporal.Now.plainDateISO(req.viewer.timeZone).toString();
    await saveExceptions(req.ctx, id, await readICalendar(bytes.toString("utf8"), today), {
      overwrites: false,
    });
  }),
);

hours.post("/settings/hours/:id/holidays/:date/removal", (req, res) =>
  change(req, res, async (id) => {
    await deleteException(req.ctx, id, String(req.params.date));
  }),
);

/** What a moment means: open or closed, why, and when it opens next. */
hours.get("/settings/hours/:id/moment", async (req, res) => {
  const calendar = await getCalendar(req.ctx, idParam(req.params));
  const at = localTime(String(req.query.at ?? ""), { ...req.viewer, timeZone: calendar.timeZone });
  fragment(res, req.render("settings/hours/_moment", { text: at ? explain(req, calendar, at) : "" }));
});

function explain(req: Request, calendar: Calendar, at: Date): string {
  const t = translateFor(req.viewer.locale);
  const zone = { ...req.viewer, timeZone: calendar.timeZone };
  const open = compileCalendar(calendar);
  const exception = open.exceptionOn(at.getTime());
  const why = exception ? ` ${t("hours.because_exception", { name: exception.name })}` : "";
  if (open.isOpen(at.getTime())) return `${t("hours.is_open", { at: exact(at, zone) })}${why}`;
  const opens = open.opensAt(at.getTime());
  const next =
    opens === null ? t("hours.opens_never") : t("hours.opens_at", { at: exact(new Date(opens), zone) });
  return `${t("hours.is_closed", { at: exact(at, zone) })}${why} ${next}`;
}

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  try {
    const form = parseForm(hoursForm, req.body) as Record<string, string>;
    const week = weekdays.map((day) => parseSpans(form[`day${day}`] ?? "", `day${day}`));
    const { name = "", timeZone = "" } = form;
    const saved = await saveBusinessHours(req.ctx, id, { name, timeZone, week });
    redirect(res, `/settings/hours/${saved.id}?saved=1`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const calendar = id === null ? null : await getCalendar(req.ctx, id);
    page(req, res.status(422), calendar, { form: typed(req.body), errors: errorWords(error, req.viewer) });
  }
}

async function change(req: Request, res: Response, work: (id: number) => Promise<void>): Promise<void> {
  const id = idParam(req.params);
  try {
    await work(id);
    redirect(res, `/settings/hours/${id}#holidays`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const calendar = await getCalendar(req.ctx, id);
    page(req, res.status(422), calendar, {
      exception: typed(req.body),
      errors: errorWords(error, req.viewer),
    });
  }
}

function page(
  req: Request,
  res: Response,
  calendar: Calendar | null,
  given: {
    form?: Record<string, string>;
    exception?: Record<string, string>;
    errors?: Record<string, string>;
    isDefault?: boolean;
  },
): void {
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const written = calendar && {
    name: calendar.name,
    timeZone: calendar.timeZone,
    ...Object.fromEntries(weekdays.map((day) => [`day${day}`, writeSpans(calendar.week[day - 1] ?? [])])),
  };
  const thisYear = viewer.now.getUTCFullYear();
  const today = calendar ? Temporal.Now.plainDateISO(calendar.timeZone).toString() : "";
  const view: HoursView = {
    id: calendar?.id ?? null,
    isDefault: given.isDefault ?? false,
    form: given.form ?? written ?? {},
    errors: given.errors ?? {},
    saved: req.query.saved === "1",
    days: weekdays.map((day) => ({ field: `day${day}`, name: weekdayName(day, viewer.locale) })),
    exception: { date: "", holidayName: "", spans: "", ...given.exception },
    exceptions: (calendar?.exceptions ?? [])
      .filter(({ date }) => date >= today)
      .map((one) => ({
        date: one.date,
        shown: exactDay(one.date, req),
        name: one.name,
        hours: one.spans.length === 0 ? t("hours.closed") : writeSpans(one.spans),
      })),
    countries: holidayCountries.map((value) => ({ value, name: t(`country.${value}`) })),
    years: [thisYear, thisYear + 1].map(String),
  };
  const title = calendar?.name ?? t("hours.new");
  res.send(req.render("settings/hours/show", { title, hours: view, timeZones }));
}

const exactDay = (date: string, { viewer }: Request): string =>
  dayAndClock(dayOn(date, viewer), viewer.now, viewer).replace(/ \d\d:\d\d$/, "");
