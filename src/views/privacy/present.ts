import type { Extent } from "../../services/privacy/erase-contact.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** What would be lost, one line each; what there is none of is not mentioned. Purchases stay and say so. */
export function presentExtent(extent: Extent, viewer: Viewer): string[] {
  const t = translateFor(viewer.locale);
  return (Object.keys(extent) as (keyof Extent)[])
    .filter((kind) => extent[kind] > 0)
    .map((kind) => t(`privacy.lose_${kind}`, { n: extent[kind] }));
}
