import type { CustomField } from "../../services/fields/types.ts";
import { parseValue } from "../../services/fields/values.ts";
import { dayOn, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** A value of one of the firm's own fields as people read it; empty when it is unknown. */
export function shownValue(
  field: Pick<CustomField, "kind" | "options">,
  value: unknown,
  viewer: Viewer,
): string {
  if (value === undefined || value === null) return "";
  // A program may have stored it before the field was made: what does not fit is shown as it is.
  if ("error" in parseValue(field, value))
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  switch (field.kind) {
    case "boolean":
      return translateFor(viewer.locale)(value === true ? "page.yes" : "page.no");
    case "number":
      return Number(value).toLocaleString(viewer.locale === "es" ? "es-MX" : "en");
    case "date":
      return shortDay(dayOn(String(value), viewer), viewer.now, viewer);
    case "datetime": {
      const [day = "", time = ""] = String(value).split("T");
      return `${shortDay(dayOn(day, viewer), viewer.now, viewer)} ${time}`;
    }
    case "text":
    case "choice":
      return String(value);
  }
}
