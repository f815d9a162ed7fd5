import type { Page } from "../views.ts";
import type { ImportView } from "./present.ts";

/** Templates of imports, and their data. */
export interface ImportViews {
  "imports/index": Page & { imports: ImportView[]; error: string };
  "imports/show": Page & {
    one: ImportView;
    /** Empty when nothing can be mapped any more. */
    columns: { name: string; field: string; samples: string[] }[];
    fields: { value: string; label: string }[];
    encodings: { value: string; label: string; isCurrent: boolean }[];
    faults: { row: number; column: string; value: string; reason: string }[];
    error: string;
  };
  "imports/_progress": { one: ImportView };
}
